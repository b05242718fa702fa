"""Sealing: what is settled and only that, in a chain that shows every change, whoever made it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError

from linli.core import db, journal
from linli.core.access import SYSTEM
from linli.core.seals import chain, outside, restart, sealing, sources
from linli.core.seals import verify as verifying
from linli.core.seals.verify import Report, verify
from linli.site.database import get_conninfo

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2022, 10, 5, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _folder(settings: object, tmp_path: Path) -> None:
    settings.LINLI_SEALS = tmp_path / "seals"  # type: ignore[attr-defined]
    settings.LINLI_SEALS_URL = ""  # type: ignore[attr-defined]


def write(count: int, name: str = "e") -> None:
    for number in range(count):
        journal.record(
            actor=SYSTEM, at=AT, verb="test.write", key=number, subject=f"{name}:{number}", line="a\nb\\\t邻"
        )


def kinds(report: Report) -> set[str]:
    return {fault.kind for fault in report.faults}


def seal_some() -> list[int]:
    """Two blocks of three entries. Returns the ids."""
    for name in ("first", "second"):
        write(3, name)
        assert sealing.seal(at=AT).entries == 3
    return [number for (number,) in db.rows("SELECT id FROM journal_entry ORDER BY id")]


def test_what_was_sealed_stands() -> None:
    seal_some()
    write(2)
    report = verify()
    assert report.is_whole
    assert (report.blocks, report.entries, report.outside) == (2, 6, 2)
    assert report.unsealed["journal"] == 2
    assert sealing.seal(at=AT).blocks == 1
    assert sealing.seal(at=AT).blocks == 0, "nothing new, nothing sealed"


def test_long_stretches_become_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    source = sources.find_source("journal")
    assert source
    monkeypatch.setitem(sources._sources, "journal", sources.Source(**{**vars(source), "block_size": 4}))
    write(10)
    assert (sealing.seal(at=AT).blocks, [block.content.count for block in sealing.list_blocks()]) == (3, [4, 4, 2])
    assert verify().is_whole


CHANGES: dict[str, str] = {
    "a word changed": "UPDATE journal_entry SET verb = 'test.other' WHERE id = {0}",
    "a detail changed": "UPDATE journal_entry SET detail = '{{}}' WHERE id = {1}",
    "the time changed by a second": "UPDATE journal_entry SET at = at + interval '1 s' WHERE id = {4}",
    "an entry deleted": "DELETE FROM journal_entry WHERE id = {2}",
    "the last entry deleted": "DELETE FROM journal_entry WHERE id = {5}",
    "two entries exchanged": "UPDATE journal_entry SET id = -1 WHERE id = {0};"
    " UPDATE journal_entry SET id = {0} WHERE id = {1}; UPDATE journal_entry SET id = {1} WHERE id = -1",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_found_and_named(change: str) -> None:
    ids = seal_some()
    db.execute(change.format(*ids))
    report = verify()
    assert kinds(report) == {"entries"}
    (fault,) = report.faults
    assert fault.first <= ids[0] <= fault.last or fault.first <= ids[5] <= fault.last


def test_one_moved_behind_all_is_missed_and_found_where_no_id_was_given() -> None:
    ids = seal_some()
    db.execute("UPDATE journal_entry SET id = %s WHERE id = %s", [ids[5] + 1000, ids[1]])
    assert kinds(verify()) == {"entries", "stray"}


def test_an_entry_put_far_ahead_is_found_and_not_counted_as_new() -> None:
    ids = seal_some()
    columns = "at, account_id, account_name, origin, verb, key, subject, detail"
    ahead = f"INSERT INTO journal_entry (id, {columns}) SELECT %s, {columns} FROM journal_entry LIMIT 1"
    db.execute(ahead, [ids[5] + 1000])
    report = verify()
    assert (kinds(report), report.unsealed["journal"]) == ({"stray"}, 0)
    write(1)
    sealing.seal(at=AT)
    assert kinds(verify()) == {"stray"}, "later entries do not cover it up"


def test_an_entry_put_in_between_is_found() -> None:
    seal_some()
    db.execute("SELECT nextval('journal_entry_id_seq')")  # a number that a rolled-back write was given
    write(1)
    sealing.seal(at=AT)
    free = db.scalar("SELECT max(id) - 1 FROM journal_entry")
    columns = "at, account_id, account_name, origin, verb, key, subject, detail"
    db.execute(f"INSERT INTO journal_entry (id, {columns}) SELECT %s, {columns} FROM journal_entry LIMIT 1", [free])
    assert kinds(verify()) == {"entries"}
    db.execute("UPDATE journal_entry SET id = -5 WHERE id = %s", [free])
    assert kinds(verify()) == {"stray"}


def forge(key: bytes) -> None:
    """What the owner of the database would do: change an entry, then make every block anew to fit."""
    db.execute("UPDATE journal_entry SET verb = 'test.forged' WHERE id = (SELECT min(id) FROM journal_entry)")
    source, previous = sources.find_source("journal"), chain.GENESIS
    assert source
    for block in list(sealing.list_blocks()):
        old = block.content
        count, digest = sources.digest_rows(source, old.form, old.first, old.last)
        content = chain.Content("journal", old.form, old.first, old.last, count, digest)
        fresh = chain.make_block(
            number=block.number, content=content, previous=previous, sealed_at=block.sealed_at, key=key
        )
        db.execute(
            "UPDATE seal_block SET digest = %s, previous = %s, hash = %s, mac = %s WHERE number = %s",
            [content.digest, previous, fresh.hash, fresh.mac, block.number],
        )
        previous = fresh.hash


def test_the_owner_of_the_database_cannot_forge_without_the_key() -> None:
    seal_some()
    forge(key=b"guessed" * 5)
    assert kinds(verify()) == {"mac", "outside"}
    outside.find_file().unlink()
    assert kinds(verify()) == {"mac"}, "even without the seals outside"


def test_nor_with_the_key_while_seals_are_kept_elsewhere(tmp_path: Path) -> None:
    seal_some()
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(outside.find_file().read_bytes())
    forge(key=settings.LINLI_JOURNAL_KEY)
    outside.find_file().unlink()
    assert verify().is_whole, "the whole machine was taken over: nothing on it says so"
    assert kinds(verify(seals=copy)) == {"outside"}


def test_a_chain_cut_off_at_its_end() -> None:
    ids = seal_some()
    db.execute("DELETE FROM seal_block WHERE number = 2")
    db.execute("DELETE FROM journal_entry WHERE id >= %s", [ids[3]])
    report = verify()
    assert [(fault.kind, fault.block) for fault in report.faults] == [("outside", 2)]
    write(1)
    with pytest.raises(sealing.SealsDiffer) as error:
        sealing.seal(at=AT)
    assert "journal restart" in error.value.advice


@pytest.mark.parametrize("change", [
    "DELETE FROM seal_block WHERE number = 1",
    "UPDATE seal_block SET number = number + 10",
    "UPDATE seal_block SET count = count + 1 WHERE number = 2",
    "UPDATE seal_block SET sealed_at = sealed_at - interval '1 day' WHERE number = 1",
    "UPDATE seal_block SET previous = hash WHERE number = 2",
])  # fmt: skip
def test_a_block_changed_or_gone(change: str) -> None:
    seal_some()
    db.execute(change)
    assert {"chain", "outside"} <= kinds(verify())


def test_a_file_of_seals_cut_at_its_end_is_told_and_an_old_copy_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "FILE_PATIENCE_SECONDS", 0.0)
    seal_some()
    file = outside.find_file()
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    copy = tmp_path / "of last week.jsonl"
    copy.write_bytes(file.read_bytes())
    assert [(fault.kind, fault.block) for fault in verify().faults] == [("outside", 2)]
    assert verify(seals=copy).is_whole
    file.write_bytes(b"")
    assert [fault.block for fault in verify().faults] == [1, 2]
    assert sealing.seal(at=AT).written == 2
    assert verify().is_whole


def test_a_block_of_an_unknown_form_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    seal_some()
    source = sources.find_source("journal")
    assert source
    monkeypatch.setitem(sources._sources, "journal", sources.Source(**{**vars(source), "forms": {2: source.forms[1]}}))
    assert kinds(verify()) == {"range"}


def test_an_id_of_a_transaction_still_open_is_waited_for() -> None:
    """It was given before the newest entries, and committed after they were sealed: the trap of every such chain."""
    with psycopg.connect(get_conninfo()) as slow:
        slow.execute(f"SET search_path = {settings.LINLI_SCHEMA}")
        slow.execute(
            "INSERT INTO journal_entry (at, account_id, account_name, origin, verb, key, subject, detail)"
            " VALUES (now(), 0, 'slow', 'web', 'test.slow', 0, '', '{}')"
        )
        write(3)
        done = sealing.seal(at=AT, patience=0.1)
        assert (done.blocks, done.waiting) == (0, ["journal"])
        seen: list[sealing.Sealed] = []

        def seal_patiently() -> None:
            try:
                seen.append(sealing.seal(at=AT, patience=60))
            finally:
                from django.db import connections

                connections.close_all()

        sealing_thread = threading.Thread(target=seal_patiently)
        sealing_thread.start()
        write(2)  # others are not kept waiting
        slow.commit()
        sealing_thread.join(60)
    assert seen[0].entries >= 4
    sealing.seal(at=AT)
    report = verify()
    assert report.is_whole
    assert report.entries == 6


def test_ids_that_were_rolled_back_leave_holes_and_no_doubt() -> None:
    with suppress(ZeroDivisionError), db.atomic():
        write(2)
        raise ZeroDivisionError
    write(1)
    assert sealing.seal(at=AT).entries == 1
    assert verify().is_whole


class TestFile:
    def test_only_its_owner_reads_it_and_it_only_grows(self) -> None:
        seal_some()
        file = outside.find_file()
        before = file.read_bytes()
        assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        write(1)
        sealing.seal(at=AT)
        assert file.read_bytes().startswith(before)
        assert [block.number for block in outside.read_all(file)] == [1, 2, 3]

    def test_what_a_crash_left_out_or_cut_is_made_good(self) -> None:
        seal_some()
        file = outside.find_file()
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) * 3 // 4])  # torn in the middle of the second line
        assert sealing.seal(at=AT).written == 1
        assert file.read_bytes() == whole

    def test_a_line_that_is_no_seal_is_refused(self) -> None:
        seal_some()
        with outside.find_file().open("a") as file:
            file.write("{}\n")
        for act in (lambda: sealing.seal(at=AT), verify):
            with pytest.raises(outside.SealFileDamaged):
                act()

    def test_beginning_anew_keeps_the_old_file(self) -> None:
        ids = seal_some()
        db.execute("DELETE FROM seal_block WHERE number = 2")
        db.execute("DELETE FROM journal_entry WHERE id >= %s", [ids[3]])
        kept = restart.restart_seals(reason="put back the backup of Tuesday", actor=SYSTEM, at=AT)
        assert kept is not None
        assert len(list(outside.read_all(kept))) == 2
        sealing.seal(at=AT)
        assert verify().is_whole
        (told,) = db.rows("SELECT verb, detail->>'block' FROM journal_entry ORDER BY id DESC LIMIT 1")
        assert told == ("site.restart_seals", "2")
        with pytest.raises(restart.ReasonMissing):
            restart.restart_seals(reason=" ", actor=SYSTEM, at=AT)


class Receiver(http.server.BaseHTTPRequestHandler):
    got: list[chain.Block] = []
    status = 204

    def do_POST(self) -> None:
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if type(self).status < 300:
            type(self).got += [chain.read_line(line) for line in text.splitlines()]
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""


@pytest.fixture
def receiver(settings: object) -> Iterator[type[Receiver]]:
    Receiver.got, Receiver.status = [], 204
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    settings.LINLI_SEALS_URL = f"http://127.0.0.1:{server.server_port}/seals?of=linli"  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Receiver
    server.shutdown()
    thread.join()
    server.server_close()


class TestAddress:
    def test_each_seal_is_sent_once(self, receiver: type[Receiver]) -> None:
        seal_some()
        assert [block.number for block in receiver.got] == [1, 2]
        assert receiver.got == list(sealing.list_blocks())

    @pytest.mark.parametrize("status", [500, 302, 404])
    def test_what_was_not_taken_goes_later(self, receiver: type[Receiver], status: int) -> None:
        receiver.status = status
        write(1)
        assert sealing.seal(at=AT).send_error == f"HTTP {status}"
        receiver.status = 200
        write(1)
        assert sealing.seal(at=AT).sent == 2
        assert [block.number for block in receiver.got] == [1, 2]

    def test_nobody_there(self, settings: object) -> None:
        settings.LINLI_SEALS_URL = "http://127.0.0.1:9/"  # type: ignore[attr-defined]
        write(1)
        done = sealing.seal(at=AT)
        assert (done.blocks, done.sent, bool(done.send_error)) == (1, 0, True)


BAD_BLOCKS: dict[str, str] = {
    "no entries": "UPDATE seal_block SET count = 0",
    "backwards": "UPDATE seal_block SET first = last + 1",
    "no number": "UPDATE seal_block SET number = 0 WHERE number = 1",
    "short digest": "UPDATE seal_block SET digest = 'x'",
    "two after one": "UPDATE seal_block SET previous = (SELECT previous FROM seal_block WHERE number = 1)",
    "sealed twice": "UPDATE seal_block SET first = (SELECT min(first) FROM seal_block), last = 999",
}


@pytest.mark.parametrize("statement", BAD_BLOCKS.values(), ids=BAD_BLOCKS)
def test_the_table_refuses(statement: str) -> None:
    seal_some()
    with pytest.raises(IntegrityError), db.atomic():
        db.execute(statement)


def test_lines_read_back() -> None:
    seal_some()
    for block in sealing.list_blocks():
        assert chain.read_line(block.as_line()) == block
        assert json.loads(block.as_line())["number"] == block.number
