"""A backup is one moment of everything, and what is put back is the same to the byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo

from linli.core import crypto, db
from linli.core.access import SYSTEM
from linli.core.seals import sealing
from linli.notices.terms import About
from linli.rounds.marking_large import drop_leftovers
from linli.rounds.terms import Mark
from linli.site.backup import archive
from linli.site.backup.errors import (
    BackupThere,
    CannotWrite,
    KeysNeedEncryption,
    NotABackup,
    NotEmpty,
    PassphraseShort,
    PassphraseWrong,
)
from linli.site.backup.restoring import restore
from linli.site.backup.tables import connect, list_tables
from linli.site.backup.writing import back_up
from linli.site.database import get_conninfo
from linli.site.secrets import load_secrets
from tests.builders.ledger import Block, command, give, make_block, open_round
from tests.builders.media import keep_photo

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2022, 10, 5, 4, tzinfo=UTC)
REPOSITORY = Path(__file__).resolve().parents[2]
# Not their names: a partition that a large load made anew, in a test before, has indexes named for that.
PART_INDEXES = """SELECT tablename, regexp_replace(indexdef, 'INDEX \\S+ ON', 'ON') FROM pg_indexes
    WHERE tablename ~ '^(mark|round_state)_p' ORDER BY 1, 2"""
PHOTOS = "SELECT f.id, f.key, b.content FROM notice_file f JOIN notice_file_bytes b ON b.file_id = f.id"
WITHDRAWN = "SELECT id, client_id, received_at FROM mark_withdrawn ORDER BY id"
PASSPHRASE = "correct horse battery"


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path, transactional_db: None) -> Path:
    settings.LINLI_HOME = tmp_path / "home"
    settings.LINLI_SEALS = tmp_path / "home" / "seals"
    settings.LINLI_SEALS_URL = ""
    settings.LINLI_HOME.mkdir()
    drop_leftovers()  # of tests whose large load was taken back
    return Path(settings.LINLI_HOME)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The conninfo of an empty database beside the tests' own."""
    name = f"{connections['owner'].settings_dict['NAME']}_restored"
    with psycopg.connect(make_conninfo(get_conninfo(), dbname="postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield make_conninfo(get_conninfo(), dbname=name)
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def make_marked_block() -> tuple[Block, Any]:
    block = make_block(units=3, doors=6, people=3)
    walk = open_round(block.extent)
    give(walk, [command(person) for person in block.people[:9]])
    give(walk, [command(block.people[9], Mark.REFUSED)])
    db.execute(
        "INSERT INTO mark_withdrawn (client_id, round_id, account_id, event_at, received_at)"
        " SELECT gen_random_uuid(), %s, 0, %s, %s FROM generate_series(1, 2)",
        [walk.id, AT, AT],
    )
    db.execute("UPDATE person SET id_sealed = %s WHERE id = %s", [crypto.seal("15010519900101123X"), block.people[0]])
    keep_photo(About(block.doors[0]), actor=SYSTEM, at=AT)
    (settings.LINLI_HOME / "uploads").mkdir()
    (settings.LINLI_HOME / "uploads" / "waiting.csv").write_text("x")
    return block, walk


def linli(conninfo: str, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    environment = {**kept, "DATABASE_URL": conninfo, "LINLI_HOME": str(home), "LINLI_LANG": "en"}
    return subprocess.run(
        [sys.executable, "-m", "linli.site.cli", *words],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def compare_marks_and_photos(there: psycopg.Connection[Any], kept: list[int]) -> None:
    assert [one for (one,) in there.execute("SELECT subject_id FROM mark ORDER BY id")] == kept
    assert there.execute(WITHDRAWN).fetchall() == db.rows(WITHDRAWN)
    assert there.execute("SELECT nextval('mark_withdrawn_id_seq') > max(id) FROM mark_withdrawn").fetchone() == (True,)
    photos = there.execute(PHOTOS).fetchall()
    assert photos == db.rows(PHOTOS)
    assert [len(content) for _id, _key, content in photos] == [2_000 + 29]  # sealed as it was


def test_what_is_put_back_is_the_same_while_marks_came_in(home: Path, tmp_path: Path, elsewhere: str) -> None:
    block, walk = make_marked_block()
    sealing.seal(at=AT)
    stop = threading.Event()

    def mark_on() -> None:
        try:
            with db.owner():
                for person in block.people[10:]:
                    give(walk, [command(person)])
                    if stop.wait(0.01):
                        break
        finally:
            connections.close_all()

    marking = threading.Thread(target=mark_on)
    marking.start()
    path, manifest = back_up(target=tmp_path, actor=SYSTEM, at=AT)
    stop.set()
    marking.join(60)
    assert (path.stat().st_mode & 0o777, path.parent) == (0o600, tmp_path)
    rows = {table["name"]: table["rows"] for table in manifest["tables"]}
    marks = sum(rows[name] for name in rows if name.startswith("mark_p"))
    db.execute("DELETE FROM mark WHERE id > (SELECT min(id) + %s - 1 FROM mark)", [marks])  # what came later
    kept = [row[0] for row in db.rows("SELECT subject_id FROM mark ORDER BY id")]

    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(settings.LINLI_SECRETS_PATH, other / "secrets.json")
    (other / "secrets.json").chmod(0o600)
    done = linli(elsewhere, other, "restore", str(path), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["rows"], told["keys_fit"], told["files"]) == (sum(rows.values()), True, 1)
    assert (other / "uploads" / "waiting.csv").read_text() == "x"
    verified = json.loads(linli(elsewhere, other, "journal", "verify", "--json").stdout)
    assert (verified["whole"], verified["blocks"]) == (True, 3)
    examined = json.loads(linli(elsewhere, other, "doctor", "--json").stdout)
    assert {found["check"] for found in examined if found["state"] == "fail"} == {"secrets"}, "they are the tests'"
    with psycopg.connect(elsewhere, options=f"-c search_path={settings.LINLI_SCHEMA}") as there:
        compare_marks_and_photos(there, kept)
        open_there = there.execute("SELECT subject_id FROM round_state WHERE state IN (0, 1, 2) ORDER BY 1").fetchall()
        sums = there.execute("SELECT sum(due), sum(done), sum(refused) FROM round_tally").fetchone()
        sealed = there.execute("SELECT id_sealed FROM person WHERE id = %s", [block.people[0]]).fetchone() or (b"",)
        indexes = there.execute(PART_INDEXES).fetchall()
    assert crypto.unseal(sealed[0]) == "15010519900101123X"
    assert sums == (54, marks - 1, 1)
    assert len(open_there) == 54 - (marks - 1), "the gap list follows from the marks that are there"
    assert indexes == db.rows(PART_INDEXES)
    assert len(indexes) >= 4


def schema_of(conninfo: str) -> list[Any]:
    """Everything that is not rows: constraints, policies, grants, comments, triggers that are on."""
    queries_ = (
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = ANY(%s::regnamespace[]) AND conname <> 'mark_part' AND conname <> 'round_state_part'",
        "SELECT tablename, policyname, roles::text, qual, with_check FROM pg_policies"
        " WHERE schemaname = ANY(%s::text[])",
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'linli_web' AND table_schema = ANY(%s::text[])",
        # Autovacuum is off in the tables of tests (conftest.py), by a setting of theirs.
        "SELECT oid::regclass::text, obj_description(oid),"
        " nullif(array_remove(reloptions, 'autovacuum_enabled=false'), '{}')::text FROM pg_class"
        " WHERE relkind IN ('r', 'p') AND relnamespace = ANY(%s::regnamespace[])",
        "SELECT tgname, tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid"
        " WHERE NOT tgisinternal AND relnamespace = ANY(%s::regnamespace[])",
    )
    names = [settings.LINLI_SCHEMA, settings.LINLI_JOBS_SCHEMA]
    with psycopg.connect(conninfo, options=f"-c search_path={','.join(names)}") as connection:
        return [sorted(map(str, connection.execute(query, [names]).fetchall())) for query in queries_]


def test_tables_are_as_the_migrations_make_them(home: Path, tmp_path: Path, elsewhere: str) -> None:
    make_marked_block()
    path, _manifest = back_up(target=tmp_path / "b.zip", actor=SYSTEM, at=AT, passphrase=PASSPHRASE, with_keys=True)
    (tmp_path / "pass").write_text(PASSPHRASE + "\n")
    done = linli(elsewhere, tmp_path / "fresh", "restore", str(path), "--passphrase-file", str(tmp_path / "pass"))
    assert done.returncode == 0, done.stderr
    assert "match" in done.stdout
    for ours, theirs in zip(schema_of(get_conninfo()), schema_of(elsewhere), strict=True):
        assert ours == theirs
    secrets = tmp_path / "fresh" / "secrets.json"
    assert secrets.read_bytes() == settings.LINLI_SECRETS_PATH.read_bytes()
    assert secrets.stat().st_mode & 0o777 == 0o600
    again = linli(elsewhere, tmp_path / "fresh", "restore", str(path), "--passphrase-file", str(tmp_path / "pass"))
    assert again.returncode == 3
    assert "--replace" in again.stderr
    (tmp_path / "pass").write_text("something else entirely")
    wrong = linli(elsewhere, tmp_path / "new", "restore", str(path), "--passphrase-file", str(tmp_path / "pass"))
    assert (wrong.returncode, (tmp_path / "new").exists()) == (3, False)


def test_keys_are_thought_of_before_any_are_made(tmp_path: Path, elsewhere: str) -> None:
    path, manifest = back_up(target=tmp_path / "b.zip", actor=SYSTEM, at=AT)
    assert db.rows("SELECT detail->>'name' FROM journal_entry WHERE verb = %s", ["site.back_up"]) == [("b.zip",)]
    assert manifest["keys"].startswith("not included")
    done = linli(elsewhere, tmp_path / "fresh", "restore", str(path))
    assert done.returncode == 3
    assert "--without-keys" in done.stderr
    assert not (tmp_path / "fresh").exists()
    load_secrets(tmp_path / "looked")  # as any command does that came first
    done = linli(elsewhere, tmp_path / "looked", "restore", str(path))
    assert done.returncode == 3, done.stdout
    assert "--without-keys" in done.stderr
    done = linli(elsewhere, tmp_path / "fresh", "restore", str(path), "--without-keys")
    assert done.returncode == 0, done.stderr
    assert "cannot be read" in done.stdout


def test_it_refuses_what_holds_rows(tmp_path: Path) -> None:
    make_block()
    path, _manifest = back_up(target=tmp_path / "b.zip", actor=SYSTEM, at=AT)
    with pytest.raises(NotEmpty):
        restore(source=path, at=AT)


@pytest.mark.parametrize("what", ["a row", "a table", "no manifest", "no zip", "other format"])
def test_a_damaged_backup_leaves_nothing(tmp_path: Path, elsewhere: str, what: str) -> None:
    make_marked_block()
    path, manifest = back_up(target=tmp_path / "b.zip", actor=SYSTEM, at=AT)
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(damaged, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if what == "a row" and name == "tables/rooms.person.copy":
                content = content.replace(b"\xe4\xba\xba", b"\xe9\xac\xbc", 1)
            if name == archive.MANIFEST and what == "other format":
                content = json.dumps({**manifest, "format": 99}).encode()
            if (name, what) not in ((archive.MANIFEST, "no manifest"), ("tables/rooms.person.copy", "a table")):
                new.writestr(name, content)
    if what == "no zip":
        damaged.write_text("no")
    shutil.copy(settings.LINLI_SECRETS_PATH, tmp_path / "home" / "secrets.json")
    done = linli(elsewhere, tmp_path / "home", "restore", str(damaged))
    assert done.returncode == 3, done.stdout
    assert "Traceback" not in done.stderr
    with psycopg.connect(elsewhere) as there:
        if there.execute("SELECT to_regclass('linli.person')").fetchone() != (None,):
            assert there.execute("SELECT count(*) FROM linli.person").fetchone() == (0,)


def test_what_is_asked_for_before_anything_is_written(tmp_path: Path) -> None:
    target = tmp_path / "b.zip"
    with pytest.raises(KeysNeedEncryption):
        back_up(target=target, actor=SYSTEM, at=AT, with_keys=True)
    with pytest.raises(PassphraseShort):
        back_up(target=target, actor=SYSTEM, at=AT, passphrase="short")
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        back_up(target=tmp_path / "file" / "b.zip", actor=SYSTEM, at=AT)
    with pytest.raises(NotABackup):
        restore(source=tmp_path / "file", at=AT)
    with pytest.raises(BackupThere):  # an earlier backup is not written over
        back_up(target=tmp_path / "file", actor=SYSTEM, at=AT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "home"]


def test_an_encrypted_one_says_nothing_without_its_passphrase(tmp_path: Path) -> None:
    make_marked_block()
    path, _manifest = back_up(target=tmp_path / "b.zip", actor=SYSTEM, at=AT, passphrase=PASSPHRASE)
    assert "人1-0-0-0".encode() not in path.read_bytes()
    with zipfile.ZipFile(path) as outer:
        assert sorted(outer.namelist()) == [archive.README, archive.INNER, archive.IDENTITY]
    with archive.reading(path, PASSPHRASE, scratch=tmp_path) as members:
        assert "人1-0-0-0" in members.read("tables/rooms.person.copy").decode()
    with pytest.raises(PassphraseWrong), archive.reading(path, "something else", scratch=tmp_path):
        pass


def test_a_table_left_by_a_load_that_was_cut_off_stays_out(tmp_path: Path) -> None:
    db.execute("CREATE TABLE mark_p500000999 (LIKE mark)")
    db.execute("COMMENT ON TABLE mark_p500000999 IS 'wall: closed: a partition, reached through its parent alone'")
    try:
        with connect() as connection:
            assert "mark_p500000999" not in {table.name for table in list_tables(connection)}
    finally:
        db.execute("DROP TABLE mark_p500000999")
