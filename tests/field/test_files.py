"""Photos and voice notes from phones: announced, brought in pieces, kept sealed, looked at, removed."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from linli.core import clock, db
from linli.core.access import SYSTEM
from linli.core.models import JournalEntry
from linli.duty.models import Appointment
from linli.field.api import files as api
from linli.notices import files
from linli.notices.models import File, FileBytes, FilePart
from linli.notices.terms import LARGEST_FILE
from linli.residents.duplicates.people import merge_people
from tests.builders.duty import make_account
from tests.builders.media import announce, make_jpeg, make_voice, seal_file, send_all, send_piece
from tests.builders.phones import Phone
from tests.field.conftest import Town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def desk(town: Town, community: int = 0) -> Client:
    made = Client(headers={"accept-language": "en"})
    made.force_login(
        make_account(
            username=f"lead{community}", name="李片长", role="grid_lead", place=town.district.communities[community]
        )
    )
    return made


def announced(phone: Phone, town: Town, data: bytes, **more: Any) -> str:
    """A file about the first person, unless said otherwise: its id."""
    about = {"person": f"p{town.people[0]}"} if not more.keys() & {"person", "household", "door", "special"} else {}
    command = announce(phone, data, **about, **more)
    (told,) = phone.results([command])
    assert told["result"] == "accepted", told
    assert told["given"] == {"file": command["id"]}
    return str(command["id"])


def refused(phone: Phone, data: bytes, **more: Any) -> str:
    (told,) = phone.results([announce(phone, data, **more)])
    assert told["result"] == "refused"
    return str(told["code"])


def test_a_photo_arrives_in_pieces_and_is_on_the_desk(town: Town, phone: Phone) -> None:
    data = make_jpeg(50_000)
    file_id = announced(phone, town, data)
    office = desk(town)
    page = f"/residents/person/{town.people[0]}/"
    assert file_id not in office.get(page).content.decode()
    sent = seal_file(phone, file_id, data)
    assert phone.get(f"files/{file_id}").json() | {"server_time": ""} == {
        "have": 0, "size": 50_000, "whole": False, "server_time": "",
    }  # fmt: skip
    told = send_all(phone, file_id, sent, session=phone.session).json()
    assert (told["have"], told["size"], told["whole"]) == (50_028, 50_000, True)
    with db.owner():
        row = FileBytes.objects.get()
        assert data[:200] not in bytes(row.content)
        assert not FilePart.objects.exists()
        assert File.objects.get().key == town.district.keys[0]
    shown = office.get(page).content.decode()
    assert f"/specials/files/{file_id}/" in shown
    assert "王姐" in shown
    assert file_id in office.get(f"/residents/household/{town.homes[0]}/").content.decode()
    (line,) = office.get(f"/api/notices/files?door={town.district.keys[0]}").json()
    assert (line["id"], line["kind"], line["person_id"], line["size"]) == (file_id, "photo", town.people[0], 50_000)


def test_of_an_entry_that_was_merged_it_is_with_the_one_that_stands_for_it(town: Town, phone: Phone) -> None:
    data, stays = make_jpeg(), town.people[1]
    file_id = announced(phone, town, data)
    send_all(phone, file_id, seal_file(phone, file_id, data), session=phone.session)
    with db.owner():
        merge_people(survivor_id=stays, merged_id=town.people[0], actor=SYSTEM, at=clock.now())
    assert f"/specials/files/{file_id}/" in desk(town).get(f"/residents/person/{stays}/").content.decode()


def test_a_look_is_journalled_and_says_what_it_is(town: Town, phone: Phone) -> None:
    data, office = make_voice(), desk(town)
    file_id = announced(phone, town, data, kind="voice", household=f"h{town.homes[0]}")
    send_all(phone, file_id, seal_file(phone, file_id, data), session=phone.session)
    answer = office.get(f"/specials/files/{file_id}/")
    assert answer.content == data
    assert answer["Content-Type"] == "audio/webm"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith('inline; filename="voice-')
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert "no-store" in answer["Cache-Control"]
    assert office.get(f"/api/notices/files/{file_id}").content == data
    with db.owner():
        looks = JournalEntry.objects.filter(verb="notices.look_at_file")
        assert [(one.account_name, one.subject, one.key) for one in looks] == [
            ("李片长", f"file:{file_id}", town.district.keys[0])
        ] * 2
        assert JournalEntry.objects.filter(verb="notices.announce_file", subject=f"file:{file_id}").count() == 1
    assert desk(town, 1).get(f"/specials/files/{file_id}/").status_code == 404


def test_what_was_cut_goes_on_where_it_was(town: Town, phone: Phone) -> None:
    """Cut in mid-body, sent twice, overlapping, in a new run of the phone: each byte counts once."""
    data = make_jpeg(70_000)
    file_id = announced(phone, town, data)
    sent, me = seal_file(phone, file_id, data), phone.session
    assert send_piece(phone, file_id, 0, sent[:20_000], session=me).json()["have"] == 20_000
    assert send_piece(phone, file_id, 0, sent[:20_000], session=me).json()["have"] == 20_000  # once more
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(sent[20_000:30_000])}
    cut = phone.client.post(
        f"/api/field/files/{file_id}?start=20000&session={me}", sent[20_000:40_000],
        content_type="application/octet-stream", headers=phone.headers, **environ,
    )  # fmt: skip
    assert (cut.status_code, cut.json()["code"]) == (400, "field.not_json")
    gap = send_piece(phone, file_id, 40_000, sent[40_000:60_000], session=me)
    assert (gap.status_code, gap.json()["code"], gap.json()["params"]) == (409, "notices.file_gap", {"have": 20_000})
    assert send_piece(phone, file_id, 10_000, sent[10_000:40_000], session=me).json()["have"] == 40_000
    assert phone.get(f"files/{file_id}").json()["have"] == 40_000
    assert send_all(phone, file_id, sent, start=40_000, session=me).json()["whole"] is True
    assert send_piece(phone, file_id, 0, sent[:20_000], session=me).json()["whole"] is True
    assert desk(town).get(f"/specials/files/{file_id}/").content == data


def test_announced_again_it_is_known(town: Town, phone: Phone) -> None:
    command = announce(phone, make_jpeg(), person=f"p{town.people[0]}")
    assert [phone.results([command])[0]["result"] for _ in range(3)] == ["accepted", "known", "known"]
    with db.owner():
        assert FileBytes.objects.count() == 1


def test_in_the_clear_by_whoever_took_it_alone(town: Town, phone: Phone) -> None:
    data = make_jpeg()
    command = announce(phone, data, door=town.district.keys[0])
    assert phone.results([command], sealed=False)[0]["result"] == "accepted"
    other = second(town, "colleague")
    answer = send_piece(other, command["id"], 0, data[:100])
    assert (answer.status_code, answer.json()["code"]) == (403, "field.other_author")
    assert send_all(phone, command["id"], data).json()["whole"] is True


def second(town: Town, name: str, community: int = 0) -> Phone:
    make_account(role="grid_worker", place=town.district.communities[community], username=name, name=name)
    made = Phone(name)
    assert made.sign_in().status_code == 201
    return made


def test_a_colleague_brings_what_was_handed_over(town: Town, phone: Phone) -> None:
    """Somebody who answers for other doors: the bytes open under the author's key, and count as the author's."""
    data = make_jpeg()
    command = announce(phone, data, person=f"p{town.people[0]}")
    sent, box = seal_file(phone, command["id"], data), phone.seal(command)
    other = second(town, "colleague", community=1)
    told = other.post("handed", {"session": phone.session, "sealed": [box]}).json()["results"]
    assert told[0]["result"] == "accepted"
    assert send_all(other, command["id"], sent, session=phone.session).json()["whole"] is True
    with db.owner():
        assert File.objects.get().account_id == phone.told["account"]["id"]
    strange = seal_file(other, command["id"], data)
    assert send_piece(other, command["id"], 0, strange, session=other.session).status_code == 403


def test_a_revoked_session_sends_after_signing_in_again(town: Town, phone: Phone) -> None:
    data = make_jpeg()
    file_id = announced(phone, town, data)
    sent, old = seal_file(phone, file_id, data), phone.session
    send_piece(phone, file_id, 0, sent[:20_000], session=old)
    assert phone.client.delete("/api/field/session", headers=phone.headers).status_code == 204
    answer = send_piece(phone, file_id, 20_000, sent[20_000:40_000], session=old)
    assert (answer.status_code, answer.json()["code"]) == (401, "field.signed_out")
    again = Phone("worker")
    assert again.sign_in().status_code == 201
    assert send_all(again, file_id, sent, start=20_000, session=old).json()["whole"] is True


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7" + bytes(400), "notices.file_wrong_kind"),
        (make_jpeg(400)[:-2] + b"ab", "notices.file_wrong_kind"),  # cut before it was announced
        (make_voice(400), "notices.file_wrong_kind"),
        (make_jpeg(400, more=b"\xff\xe1\x00\x10Exif\0\0" + bytes(8)), "notices.file_tells_more"),
    ],
)
def test_what_is_no_plain_photo_is_refused(town: Town, phone: Phone, data: bytes, code: str) -> None:
    file_id = announced(phone, town, data)
    answer = send_piece(phone, file_id, 0, seal_file(phone, file_id, data), session=phone.session)
    assert (answer.status_code, answer.json()["code"], bool(answer.json()["advice"])) == (422, code, True)
    assert phone.get(f"files/{file_id}").json()["whole"] is False


@pytest.mark.parametrize("how", ["hash", "key", "id", "byte"])
def test_what_was_altered_is_refused_and_sent_anew(town: Town, phone: Phone, how: str) -> None:
    data = make_jpeg()
    file_id = announced(phone, town, data)
    good = seal_file(phone, file_id, data)
    bad = {
        "hash": lambda: seal_file(phone, file_id, make_jpeg()),
        "key": lambda: seal_file(Phone("worker", told=phone.told), file_id, data),
        "id": lambda: seal_file(phone, str(uuid4()), data),
        "byte": lambda: good[:30_000] + b"x" + good[30_001:],
    }[how]()
    for start in (0, 20_000):
        assert send_piece(phone, file_id, start, bad[start : start + 20_000], session=phone.session).status_code == 200
    answer = send_piece(phone, file_id, 40_000, bad[40_000:], session=phone.session)
    assert (answer.status_code, answer.json()["code"]) == (422, "notices.file_altered")
    first = send_piece(phone, file_id, 0, good[:20_000], session=phone.session, anew="true")
    assert first.json()["have"] == 20_000
    assert send_all(phone, file_id, good, start=20_000, session=phone.session).json()["whole"] is True


def test_too_large(town: Town, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    person = f"p{town.people[0]}"
    assert refused(phone, b"x", person=person, size=LARGEST_FILE + 1) == "notices.file_too_large"
    assert refused(phone, b"x", person=person, size=0) == "field.command_wrong"
    file_id = announced(phone, town, make_jpeg(400))
    longer = send_piece(phone, file_id, 0, bytes(429), session=phone.session)
    assert (longer.status_code, longer.json()["code"]) == (413, "notices.file_too_large")
    piece = send_piece(phone, file_id, 0, bytes(65_537), session=phone.session)
    assert (piece.status_code, piece.json()["code"]) == (413, "notices.piece_too_large")
    monkeypatch.setattr(files, "DAY_BYTES", 60_000)
    for code in (200, 429):
        data = make_jpeg(40_000)
        one = announced(phone, town, data)
        answer = send_piece(phone, one, 0, seal_file(phone, one, data)[:20_000], session=phone.session)
        assert answer.status_code == code
    assert (answer.json()["code"], answer["Retry-After"]) == ("notices.files_enough", "3600")


def test_only_within_the_authors_authority(town: Town, phone: Phone) -> None:
    data, keys = make_jpeg(400), town.district.keys
    assert refused(phone, data, door=keys[-1]) == "core.forbidden"  # in the other community
    assert refused(phone, data, person=f"p{town.people[-1]}").startswith("residents.")
    assert refused(phone, data, person=str(uuid4())) == "field.comes_first"
    assert refused(phone, data, special=str(uuid4())) == "field.comes_first"
    assert refused(phone, data, special="s99") == "notices.special_not_found"
    assert refused(phone, data) == "field.command_wrong"
    assert refused(phone, data, door=keys[0], person="p1") == "field.command_wrong"
    assert refused(phone, data, door=keys[0], sha256="ab") == "field.command_wrong"
    assert refused(phone, data, door=keys[0], kind="video") == "field.command_wrong"
    assert phone.get(f"files/{uuid4()}").json()["code"] == "notices.file_unknown"
    with db.owner():
        assert not File.objects.exists()


def test_the_time_for_sending(town: Town, phone: Phone) -> None:
    """Taken while the post was held: for a week after its end it is taken in, then not; the bytes may come later."""
    now, data = clock.now(), make_jpeg(400)
    in_time = announce(phone, data, door=town.district.keys[0], at=now)
    late = announce(phone, data, door=town.district.keys[0], at=now)
    with clock.stopped(now + timedelta(days=3)), db.owner():
        Appointment.objects.update(until=now + timedelta(hours=1))
    with clock.stopped(now + timedelta(days=5)):
        assert phone.results([in_time])[0]["result"] == "accepted"
    with clock.stopped(now + timedelta(days=9)):
        assert phone.results([late])[0]["code"] == "field.no_authority"
        sent = seal_file(phone, in_time["id"], data)
        assert send_all(phone, in_time["id"], sent, session=phone.session).json()["whole"] is True


def test_of_a_special_situation(town: Town, phone: Phone) -> None:
    special = phone.command("notices.special", what="ill", door=town.district.keys[0], text="摔倒")
    data = make_jpeg(400)
    photo = announce(phone, data, special=special["id"])
    told = phone.results([photo, special])  # the special situation goes first, whatever the order
    assert [one["result"] for one in told] == ["accepted", "accepted"]
    office = desk(town)
    before = office.get("/specials/live/")
    send_all(phone, photo["id"], seal_file(phone, photo["id"], data), session=phone.session)
    live = office.get("/specials/live/", headers={"If-None-Match": before["ETag"]})
    assert (live.status_code, photo["id"] in live.content.decode()) == (200, True)
    assert office.get(f"/specials/files/{photo['id']}/").content == data


def test_of_a_place_it_is_on_no_doors_page(town: Town, phone: Phone) -> None:
    special = phone.command("notices.special", what="fire", place=f"l{town.district.units[0].id}")
    data = make_jpeg(400)
    photo = announce(phone, data, special=special["id"])
    assert [one["result"] for one in phone.results([special, photo])] == ["accepted", "accepted"]
    send_all(phone, photo["id"], seal_file(phone, photo["id"], data), session=phone.session)
    office = desk(town)
    assert photo["id"] in office.get("/specials/").content.decode()
    with db.owner():
        key = File.objects.get().key
    assert office.get(f"/api/notices/files?door={key}").json() == []


def test_a_busy_server_says_when_to_come_again(town: Town, phone: Phone) -> None:
    file_id = announced(phone, town, make_jpeg(400))
    with api._turns.one():
        answer = send_piece(phone, file_id, 0, b"x", session=phone.session)
    assert (answer.status_code, answer.json()["code"]) == (503, "core.unavailable")
    assert 1 <= int(answer["Retry-After"]) <= 10


def test_they_end(town: Town, phone: Phone) -> None:
    special = phone.command("notices.special", what="ill", door=town.district.keys[0], text="摔倒")
    phone.results([special])
    data, now = make_jpeg(400), clock.now()
    ids = [
        announced(phone, town, data),
        announced(phone, town, data),
        announced(phone, town, data, special=special["id"]),
    ]
    for one in (ids[0], ids[2]):
        send_all(phone, one, seal_file(phone, one, data), session=phone.session)
    send_piece(phone, ids[1], 0, b"x" * 100, session=phone.session)
    with db.owner():
        assert files.remove_old_files(now + timedelta(days=29)) == 0
        assert files.remove_old_files(now + timedelta(days=31)) == 2
        assert [str(one.pk) for one in File.objects.all()] == [ids[2]]  # until the situation is settled
        assert (FileBytes.objects.count(), FilePart.objects.count()) == (1, 0)
        assert JournalEntry.objects.get(verb="notices.remove_files").detail["rows"] == 2
    office = desk(town)
    assert office.get(f"/specials/files/{ids[0]}/").status_code == 404
    office.post(f"/specials/{office.get('/api/notices/specials').json()[0]['id']}/settle/", {"outcome": "好了"})
    with db.owner():
        assert files.remove_old_files(now + timedelta(days=32)) == 1
    assert phone.get(f"files/{ids[2]}").json()["code"] == "notices.file_unknown"


def test_constraints(town: Town, phone: Phone) -> None:
    now = clock.now()
    row = {"id": uuid4(), "key": 1, "kind": "photo", "account_id": 1, "taken_at": now, "received_at": now}
    content = {"account_id": 1, "kind": "photo", "announced_at": now, "size": 9, "sha256": hashlib.sha256(b"").digest()}
    wrong: dict[str, Any]
    with db.owner():
        for wrong, name in (
            ({"kind": "film"}, "notice_file_kind"), ({"received_at": now - timedelta(1)}, "notice_file_time"),
            ({"person_id": 1, "special_id": 1}, "notice_file_about"),
        ):  # fmt: skip
            with pytest.raises(IntegrityError, match=name), transaction.atomic(using=db.using()):
                File.objects.create(**row | wrong)
        made = File.objects.create(**row)
        for wrong, name in (
            ({"size": 0}, "notice_file_size"), ({"size": LARGEST_FILE + 1}, "notice_file_size"),
            ({"have": 38}, "notice_file_have"), ({"whole_at": now}, "notice_file_whole"),
            ({"content": b"x"}, "notice_file_whole"),
        ):  # fmt: skip
            with pytest.raises(IntegrityError, match=name), transaction.atomic(using=db.using()):
                FileBytes.objects.create(file=made, **content | wrong)
        FilePart.objects.create(file=made, start=0, data=b"x")
        for wrong, name in (({"start": 0}, "once"), ({"start": -1}, "start"), ({"data": b""}, "start")):
            with pytest.raises(IntegrityError, match=f"notice_file_part_{name}"), transaction.atomic(using=db.using()):
                FilePart.objects.create(**{"file": made, "start": 5, "data": b"x"} | wrong)
