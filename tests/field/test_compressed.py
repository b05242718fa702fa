"""Batches that come compressed, by both roads, and boxes in the shorter form."""

from __future__ import annotations

import contextlib
import gzip
import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linli.core import clock, db
from linli.field.errors import BatchTooLarge, EncodingUnknown, NotJson
from linli.field.reading import LATEST_MS, expand
from linli.field.terms import LARGEST_BATCH
from tests.builders.phones import Phone
from tests.field.conftest import Town

IN_DATABASE = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
BODY = b'{"commands":[]}'
ROADS = pytest.mark.parametrize("road", ["long", "short"])


# --- expanding --------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=2 * LARGEST_BATCH), st.integers(0, 9))
def test_what_was_compressed_is_there_again(content: bytes, level: int) -> None:
    sent = gzip.compress(content, level)
    if len(content) > LARGEST_BATCH:
        with pytest.raises(BatchTooLarge):
            expand(sent, "gzip")
    else:
        assert expand(sent, "gzip") == content


@pytest.mark.parametrize("more", [0, 1])
def test_the_largest_batch_goes_in_to_the_byte(more: int) -> None:
    content = bytes(LARGEST_BATCH + more)
    try:
        assert expand(gzip.compress(content), "gzip") == content
    except BatchTooLarge:
        assert more


@given(st.binary(max_size=300))
def test_anything_else_is_told_as_such(sent: bytes) -> None:
    with pytest.raises(NotJson):
        expand(sent, "gzip")


@given(st.integers(0, 10_000))
def test_what_was_altered_on_its_way_is_never_taken_for_something_else(place: int) -> None:
    content = json.dumps({"commands": [str(number) for number in range(300)]}).encode()
    sent = bytearray(gzip.compress(content, mtime=0))
    sent[place % len(sent)] ^= 0x10
    with contextlib.suppress(NotJson, BatchTooLarge):
        assert expand(bytes(sent), "gzip") == content  # the head names a time and a system, which say nothing


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_plain_bodies_stay_as_they_are(encoding: str) -> None:
    assert expand(BODY, encoding) == BODY


@pytest.mark.parametrize("encoding", ["GZIP", " gzip", "x-gzip"])
def test_gzip_however_it_is_spelt(encoding: str) -> None:
    assert expand(gzip.compress(BODY), encoding) == BODY


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "gzip, gzip", "x" * 500, "解"])
def test_other_encodings_are_named(encoding: str) -> None:
    with pytest.raises(EncodingUnknown) as caught:
        expand(BODY, encoding)
    assert encoding[:60] in caught.value.detail
    assert "gzip" in caught.value.advice


# --- on both roads ----------------------------------------------------------------------------------------------------


class TestOnTheRoads:
    pytestmark = IN_DATABASE

    @ROADS
    def test_a_compressed_batch_counts_once(self, town: Town, phone: Phone, road: str) -> None:
        for sealed in (True, False):
            commands = [
                phone.command("rounds.mark", round=town.code, person=f"p{person}", mark="done")
                for person in town.people[:4]
            ]
            told = phone.results(commands, road=road, sealed=sealed, compressed=True)
            assert [one["result"] for one in told] == ["accepted"] * 4
            for compressed in (False, True):
                told = phone.results(commands, road=road, sealed=sealed, compressed=compressed)
                assert [one["result"] for one in told] == ["known"] * 4
        with db.owner():
            assert db.scalar("SELECT count(*) FROM mark") == 8

    @ROADS
    def test_work_handed_over_comes_compressed_too(self, town: Town, phone: Phone, road: str) -> None:
        (told,) = phone.results([self.mark(town, phone)], to="handed", road=road, compressed=True)
        assert told["result"] == "accepted"

    def test_what_cannot_be_read_says_why(self, phone: Phone) -> None:
        sent = [
            (gzip.compress(bytes(50_000_000)), "gzip", 413, "field.batch_too_large"),
            (gzip.compress(b" " * (LARGEST_BATCH + 1)), "gzip", 413, "field.batch_too_large"),
            (gzip.compress(BODY)[:-3], "gzip", 400, "field.not_json"),
            (gzip.compress(BODY)[:-3] + b"abc", "gzip", 400, "field.not_json"),
            (gzip.compress(BODY) + b" ", "gzip", 400, "field.not_json"),
            (gzip.compress(BODY) + gzip.compress(BODY), "gzip", 400, "field.not_json"),
            (zlib.compress(BODY), "gzip", 400, "field.not_json"),
            (BODY, "gzip", 400, "field.not_json"),
            (b"", "gzip", 400, "field.not_json"),
            (gzip.compress(b"[1, 2"), "gzip", 400, "field.not_json"),
            (gzip.compress(BODY), "", 400, "field.not_json"),
            (gzip.compress(BODY), "identity", 400, "field.not_json"),
            (BODY, "br", 415, "field.encoding_unknown"),
        ]
        for body, encoding, status, code in sent:
            answers = [phone.post("sync", body, road=road, encoding=encoding) for road in ("long", "short")]
            assert [answer.status_code for answer in answers] == [status] * 2, body[:99]
            assert answers[0].json() == answers[1].json()
            assert answers[0].json()["code"] == code
            assert answers[0].json()["advice"]

    @ROADS
    def test_a_phone_that_is_signed_out_is_told_so(self, town: Town, phone: Phone, road: str) -> None:
        mark = self.mark(town, phone)
        assert phone.client.delete("/api/field/session", headers=phone.headers).status_code == 204
        assert phone.send([mark], road=road, compressed=True).status_code == 401

    @ROADS
    def test_boxes_with_lists_say_what_boxes_with_objects_say(self, town: Town, phone: Phone, road: str) -> None:
        at = (clock.now() - timedelta(minutes=9)).replace(microsecond=321_000)
        with db.owner():
            db.execute("UPDATE field_session SET started_at = %s", [at - timedelta(hours=1)])
        phone.told["offset_ms"] = 0
        marks = [
            phone.command("rounds.mark", at=at, round=town.code, person=f"p{person}", mark="done")
            for person in town.people[:2]
        ]
        for phone.is_dense, mark in zip((False, True), marks, strict=True):
            assert phone.results([mark], road=road)[0]["result"] == "accepted"
        with db.owner():
            assert db.rows("SELECT event_at, device_at, flags FROM mark GROUP BY 1, 2, 3") == [(at, at, 0)]

    @ROADS
    def test_boxes_with_anything_else_are_not_understood(self, town: Town, phone: Phone, road: str) -> None:
        phone.is_dense = True
        whole = ["rounds.mark", 7_000, {}, 0, None]
        for inside in ([], whole[:1], whole[:-1], [*whole, 1], 7, "abcde", None):
            mark = self.mark(town, phone)
            boxes = [phone.box(mark["id"], mark["device_seq"], inside), phone.seal(self.mark(town, phone))]
            told = phone.post("sync", {"session": phone.session, "sealed": boxes}, road=road).json()["results"]
            assert [one.get("code", one["result"]) for one in told] == ["field.box_unreadable", "accepted"], inside

    @ROADS
    def test_moments_in_the_clear_are_numbers_too(self, town: Town, phone: Phone, road: str) -> None:
        now = int(clock.now().timestamp() * 1000)
        marks = [
            self.mark(town, phone) | {"at": at, "pack_at": now - 1_000}
            for at in (now, now - 500, -1, LATEST_MS, True, 1.5, None)
        ]
        told = phone.results(marks, sealed=False, road=road)
        assert [one["result"] for one in told] == ["accepted"] * 2 + ["refused"] * 5
        assert {(one["code"], one["message"]) for one in told[2:]} == {
            ("field.command_wrong", "at: is not a moment with its offset")
        }

    def mark(self, town: Town, phone: Phone) -> dict[str, Any]:
        return phone.command("rounds.mark", round=town.code, person=f"p{town.people[0]}", mark="done")
