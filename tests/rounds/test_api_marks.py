"""Marks over the API, by both roads: Django's, as a signed-in page takes it, and the short one of a bearer token."""

from __future__ import annotations

import io
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.extents import EVERYWHERE
from linli.duty import services as duty
from linli.rounds import bulk, queries
from linli.rounds.queries import RoundView
from tests.builders.duty import actor_for, as_web, make_account
from tests.builders.ledger import make_home, make_person, open_round
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
Answer = tuple[int, dict[str, Any]]
Post = Callable[..., Answer]


@dataclass
class Town:
    district: District
    people: list[int]  # one behind each door
    homes: list[int]
    round: RoundView
    token: str


@pytest.fixture
def town() -> Town:
    queries.forget_begun_rounds()
    at = clock.now()
    with db.owner():
        district = make_district(compounds=1, buildings=1, units=1, at=at - timedelta(days=2))
        homes = [make_home(door.key) for door in district.doors]
        people = [
            make_person(home, door.key, f"人{door.key}") for home, door in zip(homes, district.doors, strict=True)
        ]
        extent = district.extent(district.district, at)
        round_ = open_round(extent, at=at - timedelta(hours=2))
    return Town(district, people, homes, round_, make_token("office", district.district))


def make_token(role: str, place: Any, scopes: tuple[str, ...] = ("rounds.mark", "rounds.view", "rounds.gaps")) -> str:
    at = clock.now()
    account = make_account(role=role, place=place)
    with db.owner():
        from linli.core.models import ApiToken
        from linli.duty.authority import digest_token

        raw = f"linli_{uuid4().hex}"
        ApiToken.objects.create(
            account_id=account.pk, name="t", digest=digest_token(raw), scopes=list(scopes), created_at=at,
            expires_at=at + timedelta(days=1),
        )  # fmt: skip
    return raw


def short(town: Town, body: object, *, token: str = "", code: str = "", language: str = "en") -> Answer:
    """As granian hands it in: the WSGI application itself."""
    import linli.site.api  # noqa: F401 - registers the short roads
    from linli.core.shortcut import put_in_front

    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    said: list[Any] = []

    def never(_environ: object, _start: object) -> list[bytes]:
        raise AssertionError("went the long road")

    parts = put_in_front(never)(
        {
            "REQUEST_METHOD": "POST", "PATH_INFO": f"/api/rounds/{code or town.round.code}/marks",
            "HTTP_AUTHORIZATION": f"Bearer {token or town.token}", "CONTENT_LENGTH": str(len(raw)),
            "HTTP_ACCEPT_LANGUAGE": language, "wsgi.input": io.BytesIO(raw),
        },
        lambda status, headers: said.extend([status, headers]),
    )  # fmt: skip
    answer = b"".join(parts)
    assert dict(said[1])["Content-Length"] == str(len(answer))
    return int(said[0].split()[0]), json.loads(answer)


def long(town: Town, body: object, *, token: str = "", code: str = "", language: str = "en") -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Client(raise_request_exception=False).post(
        f"/api/rounds/{code or town.round.code}/marks", raw, content_type="application/json",
        headers={"Authorization": f"Bearer {token or town.token}", "Accept-Language": language},
    )  # fmt: skip
    return answer.status_code, answer.json()


@pytest.fixture(params=[short, long], ids=["short", "long"])
def post(request: pytest.FixtureRequest) -> Post:
    return request.param  # type: ignore[no-any-return]


def mark(person: int | None = None, kind: str = "done", **more: Any) -> dict[str, Any]:
    given = {"id": str(uuid4()), "mark": kind, "at": clock.now().isoformat(), **more}
    return given | ({"person": person} if person is not None else {})


def outcomes(answer: Answer) -> list[tuple[str, int]]:
    assert answer[0] == 200, answer
    return [(receipt["outcome"], receipt["marks"]) for receipt in answer[1]["receipts"]]


def done(town: Town) -> int:
    with db.owner():
        return queries.get_figures(round_id=town.round.id, extent=EVERYWHERE, at=clock.now()).done


def test_one_mark_once(town: Town, post: Post) -> None:
    sent = mark(town.people[0])
    answer = post(town, sent)
    assert outcomes(answer) == [("accepted", 1)]
    assert answer[1]["receipts"][0]["id"] == sent["id"]
    assert outcomes(post(town, sent)) == [("known", 1)]
    assert done(town) == 1


def test_a_batch_twice_counts_once(town: Town, post: Post) -> None:
    batch = {"marks": [mark(person) for person in town.people[:5]]}
    assert outcomes(post(town, batch)) == [("accepted", 1)] * 5
    assert outcomes(post(town, batch)) == [("known", 1)] * 5
    assert done(town) == 5


def test_one_id_twice_in_a_batch(town: Town, post: Post) -> None:
    sent = mark(town.people[0])
    assert outcomes(post(town, {"marks": [sent, sent, mark(town.people[1])]})) == [
        ("accepted", 1), ("known", 1), ("accepted", 1),
    ]  # fmt: skip
    assert done(town) == 2


def test_a_bad_one_does_not_lose_the_others(town: Town, post: Post) -> None:
    at = clock.now().isoformat()
    bad = [
        mark(town.people[1], "sneezed"),
        mark(town.people[1]) | {"id": "no uuid"},
        mark(),
        mark(town.people[1]) | {"household": town.homes[1]},
        mark(town.people[1]) | {"at": "yesterday"},
        mark(town.people[1]) | {"at": "2022-10-04T09:12:00"},
        mark(town.people[1]) | {"at": 7},
        mark(town.people[1]) | {"person": "7"},
        mark(town.people[1]) | {"person": True},
        mark(town.people[1]) | {"reason": "x" * 401},
        mark(town.people[1]) | {"reason": "a\0b"},
        mark(town.people[1]) | {"back_at": at},
        mark(town.people[1]) | {"until_at": at},
        mark(town.people[1], "exempt", until_at=at, at=at),
        mark(town.people[1]) | {"colour": "red"},
        "not an object",
    ]
    answer = post(town, {"marks": [mark(town.people[0]), *bad, mark(town.people[2])]})
    assert outcomes(answer) == [("accepted", 1), *[("refused", 0)] * len(bad), ("accepted", 1)]
    for receipt in answer[1]["receipts"][1:-1]:
        assert receipt["problem"]["code"] in ("rounds.bad_mark", "rounds.mark_field")
        assert receipt["problem"]["advice"]
    assert done(town) == 2


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "rounds.not_json"),
        (b"[]", 400, "rounds.not_json"),
        (b'{"marks": 7}', 400, "rounds.not_json"),
        (json.dumps({"id": "x", "mark": "sneezed"}).encode(), 422, "rounds.bad_mark"),
        (json.dumps({"id": "x", "mark": "done", "person": 1}).encode(), 422, "rounds.mark_field"),
        (json.dumps({"marks": [{}] * 1001}).encode(), 422, "rounds.too_many"),
    ],
)
def test_bad_bodies(town: Town, post: Post, body: bytes, status: int, code: str) -> None:
    answer = post(town, body)
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert answer[1]["advice"]


def test_an_empty_batch(town: Town, post: Post) -> None:
    assert post(town, {"marks": []}) == (200, {"receipts": []})


def test_every_kind_with_its_fields(town: Town, post: Post) -> None:
    later = (clock.now() + timedelta(hours=8)).isoformat()
    batch = [
        mark(town.people[0], "absent", back_at=later),
        mark(town.people[1], "refused", reason='他说 "不开门" \\ {no, NULL}'),
        mark(town.people[2], "exempt", reason="隔离酒店", until_at=later),
        mark(None, "done", household=town.homes[3], device_at=later),
        mark(town.people[4], "moved_out"),
        mark(None, "vacant", household=town.homes[5]),
    ]
    token = make_token("office", town.district.district, scopes=("rounds.mark", "residents.register"))
    assert outcomes(post(town, {"marks": batch}, token=token)) == [("accepted", 1)] * 6
    with db.owner():
        figures = queries.get_figures(round_id=town.round.id, extent=EVERYWHERE, at=clock.now())
        reason = db.scalar("SELECT reason FROM mark WHERE subject_id = %s", [town.people[1]])
        presence = db.scalar("SELECT presence FROM person WHERE id = %s", [town.people[4]])
    assert (figures.absent, figures.refused, figures.exempt, figures.done) == (1, 1, 1, 1)
    assert figures.due == len(town.people) - 2
    assert reason == '他说 "不开门" \\ {no, NULL}'
    assert presence != 1


def test_who_may_not_change_the_register_still_marks_the_others(town: Town, post: Post) -> None:
    token = make_token("building_lead", town.district.district)
    answer = post(town, {"marks": [mark(town.people[0], "moved_out"), mark(town.people[1])]}, token=token)
    assert outcomes(answer) == [("refused", 0), ("accepted", 1)]
    assert answer[1]["receipts"][0]["problem"]["code"] == "core.forbidden"
    assert post(town, mark(town.people[0], "moved_out"), token=token)[0] == 403


def test_an_event_time_beyond_any_clock_error_is_kept_clamped_and_flagged(town: Town, post: Post) -> None:
    assert outcomes(post(town, mark(town.people[0], at="2031-01-01T00:00:00+08:00"))) == [("accepted", 1)]
    with db.owner():
        event_at, received_at, device_at, flags = db.rows("SELECT event_at, received_at, device_at, flags FROM mark")[0]
    assert (event_at, flags) == (received_at, 1)
    assert device_at.year in (2030, 2031)


def test_strangers_and_doors_of_others_are_not_in_the_round(town: Town, post: Post) -> None:
    own, other = town.district.communities
    at = clock.now()
    token = make_token("grid_worker", own)
    own_extent = town.district.extent(own, at)
    outside = [p for p, door in zip(town.people, town.district.doors, strict=True) if door.key not in own_extent]
    inside = [p for p, door in zip(town.people, town.district.doors, strict=True) if door.key in own_extent]
    answer = post(town, {"marks": [mark(outside[0]), mark(10**12), mark(inside[0])]}, token=token)
    assert outcomes(answer) == [("not_in_round", 0), ("not_in_round", 0), ("accepted", 1)]
    assert other.id != own.id
    assert done(town) == 1


def test_a_closed_round(town: Town, post: Post) -> None:
    known = mark(town.people[0])
    post(town, known)
    with db.owner():
        bulk.close_round(round_id=town.round.id, actor=SYSTEM, at=clock.now())
    assert outcomes(post(town, {"marks": [known, mark(town.people[1])]})) == [("known", 1), ("round_closed", 0)]
    assert done(town) == 1


def test_who_is_turned_away(town: Town, post: Post) -> None:
    sent = mark(town.people[0])
    looker = make_token("information_officer", town.district.district)
    narrow = make_token("office", town.district.district, scopes=("rounds.view",))
    expired = make_token("office", town.district.district)
    with db.owner():
        from linli.duty.authority import digest_token

        db.execute(
            "UPDATE api_token SET created_at = created_at - interval '2 days',"
            " expires_at = expires_at - interval '2 days' WHERE digest = %s",
            [digest_token(expired)],
        )
    for token, status, code in [
        ("nobody", 401, "duty.token_refused"), (expired, 401, "duty.token_refused"),
        (looker, 403, "core.forbidden"), (narrow, 403, "core.forbidden"),
    ]:  # fmt: skip
        answer = post(town, sent, token=token)
        assert (answer[0], answer[1]["code"]) == (status, code)
    answer = post(town, sent, code="no-such-round")
    assert (answer[0], answer[1]["code"]) == (404, "rounds.not_found")
    assert done(town) == 0


def test_problems_come_in_the_language_asked_for(town: Town, post: Post) -> None:
    english = post(town, b"{", language="en")[1]["title"]
    chinese = post(town, b"{", language="zh-CN,zh;q=0.9")[1]["title"]
    assert english == "What was sent is not JSON."
    assert chinese != english


def test_what_is_too_large_is_not_read(town: Town, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    assert short(town, b" " * 200)[0] == 413


def test_a_connection_cut_by_the_database_is_made_again(town: Town) -> None:
    short(town, mark(town.people[0]))
    pid = db.connection().connection.info.backend_pid
    with db.owner():
        db.rows("SELECT pg_terminate_backend(%s)", [pid])
    assert outcomes(short(town, mark(town.people[1]))) == [("accepted", 1)]
    assert done(town) == 2


def test_what_the_driver_let_go_is_prepared_again(town: Town) -> None:
    for person in town.people[:2]:
        assert outcomes(short(town, mark(person))) == [("accepted", 1)]
    db.execute("DEALLOCATE ALL")
    assert outcomes(short(town, mark(town.people[2]))) == [("accepted", 1)]
    assert done(town) == 3


def change_token(town: Town, change: str) -> None:
    from linli.duty.authority import digest_token

    with db.owner():
        db.execute(f"UPDATE api_token SET {change} WHERE digest = %s", [digest_token(town.token)])


@pytest.mark.parametrize(
    ("change", "status"),
    [("revoked_at = now()", 401), ("expires_at = created_at + interval '1 s'", 401), ("scopes = '{rounds.view}'", 403)],
)
def test_what_was_recalled_of_a_token_is_proven_each_time(town: Town, change: str, status: int) -> None:
    """A token is looked up once; every statement that marks proves that it still stands for the same."""
    from linli.core.access import Knock

    assert Knock(town.token, clock.now()).recall() is None
    for person in town.people[:2]:
        assert outcomes(short(town, mark(person))) == [("accepted", 1)]
    assert Knock(town.token, clock.now()).recall() is not None
    with db.owner():
        db.execute("UPDATE api_token SET created_at = created_at - interval '1 hour'")
    change_token(town, change)
    assert short(town, mark(town.people[2]))[0] == status
    assert short(town, b"{")[0] == status, "who may is said before what is wrong"
    assert done(town) == 2


def test_an_appointment_that_moved_or_ended_counts_at_once(town: Town) -> None:
    people = town.people
    assert outcomes(short(town, mark(people[0]))) == [("accepted", 1)]
    own, _other = town.district.communities
    with db.owner():
        db.execute(
            "UPDATE appointment SET place_id = %s WHERE account_id = (SELECT max(account_id) FROM api_token)", [own.id]
        )
    inside = [door.key in town.district.extent(own, clock.now()) for door in town.district.doors]
    there, elsewhere = people[inside.index(True)], people[inside.index(False)]
    assert outcomes(short(town, mark(there))) == [("accepted", 1)]
    assert outcomes(short(town, mark(elsewhere))) == [("not_in_round", 0)]
    with db.owner():
        db.execute("UPDATE appointment SET until = now() WHERE account_id = (SELECT max(account_id) FROM api_token)")
    assert short(town, mark(there))[0] == 403


def test_the_common_case_is_one_round_trip(town: Town) -> None:
    assert outcomes(short(town, mark(town.people[0]))) == [("accepted", 1)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "prepared", lambda *_given, **_more: pytest.fail("looked up again"))
        patch.setattr(db, "rows", lambda *_given, **_more: pytest.fail("asked once more"))
        assert outcomes(short(town, mark(town.people[1]))) == [("accepted", 1)]
        assert outcomes(short(town, {"marks": [mark(one) for one in town.people[2:4]]})) == [("accepted", 1)] * 2


@pytest.mark.parametrize("first", [True, False])
def test_a_line_that_is_cut_without_a_word_is_made_again(town: Town, first: bool) -> None:
    """As when the database's machine is gone: nobody says an error's code."""
    for person in town.people[: 1 if first else 2]:
        assert outcomes(short(town, mark(person))) == [("accepted", 1)]
    with socket.socket(fileno=os.dup(db.raw_connection().pgconn.socket)) as line:
        line.shutdown(socket.SHUT_RDWR)
    assert outcomes(short(town, mark(town.people[2]))) == [("accepted", 1)]
    assert done(town) == (2 if first else 3)


def test_the_wall_stands_on_the_short_road(town: Town) -> None:
    """Even where the query layer would let a mark through, row-level security does not."""
    from linli.rounds import ledger, services
    from linli.rounds.api.reading import read_commands
    from linli.rounds.terms import MarkColumns

    own, _other = town.district.communities
    at = clock.now()
    actor = actor_for(make_account(role="grid_worker", place=own), at)
    outside = [p for p, d in zip(town.people, town.district.doors, strict=True) if d.key not in actor.extent]
    commands = read_commands(json.dumps(mark(outside[0])).encode()).good
    values = ledger._values(town.round, MarkColumns.of(commands), actor, at)
    values[4] = str(EVERYWHERE)  # the first wall taken away
    texts = [ledger._text(one) for one in (actor.extent, actor.account_id, *values)]
    assert ledger._acting_statement(False).rows(texts) == [(b"1", b"3", b"0")]
    assert done(town) == 0
    with pytest.raises(ValueError, match="register"):
        services.mark_at_once(
            round_=town.round, commands=read_commands(json.dumps(mark(outside[0], "vacant")).encode()).good,
            actor=actor, at=at,
        )  # fmt: skip


def test_duty_makes_tokens_that_mark(town: Town, post: Post) -> None:
    clerk = make_account(role="office", place=town.district.district)
    at = clock.now()
    actor = actor_for(clerk, at)
    with as_web(actor):
        made = duty.make_token(
            name="系统对接", scopes=["rounds.mark"], expires_at=at + timedelta(days=1), actor=actor, at=at
        )
    assert outcomes(post(town, mark(town.people[0]), token=made.raw)) == [("accepted", 1)]
