"""Making a backup, while the product runs."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from psycopg import sql

from linli import __version__
from linli.core import db, journal
from linli.core.access import Actor
from linli.site.backup import archive
from linli.site.backup.errors import BackupThere, KeysNeedEncryption, TablesMoving
from linli.site.backup.tables import (
    LEFT_OUT,
    Connection,
    Table,
    Tally,
    connect,
    list_tables,
    read_migrations,
    read_rows,
    read_sequences,
)

FORMAT = 1
TRIES = 5
HOME_FOLDERS = ("uploads", "files")
"""Files that rows in the database speak of."""
Watch = Callable[[str, int, int | None], None]


def back_up(
    *,
    target: Path,
    actor: Actor,
    at: datetime,
    passphrase: str = "",
    with_keys: bool = False,
    watch: Watch | None = None,
) -> tuple[Path, dict[str, Any]]:
    """Write everything into one file; returns its path and the manifest. `target`: the file, or a folder for it.

    One snapshot over all tables: what is written meanwhile is in it wholly or not at all. Nobody waits, but for work
    that exchanges whole tables (opening a round of a city, loading 200,000 marks at once). The journal notes it
    first, so the backup holds its own entry. Raises KeysNeedEncryption, PassphraseShort, BackupThere,
    CannotWrite, TablesMoving.
    """
    if with_keys and not passphrase:
        raise KeysNeedEncryption
    path = target / f"linli-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.zip" if target.is_dir() else target
    if path.exists() and path.is_file():
        raise BackupThere(file=str(path))
    secrets = Path(settings.LINLI_SECRETS_PATH).read_bytes() if with_keys else None
    with archive.writing(path, passphrase, secrets=secrets) as members:
        with db.owner():
            journal.record(
                actor=actor, at=at, verb="site.back_up", name=path.name, encrypted=bool(passphrase), keys=with_keys
            )
        manifest = {
            "format": FORMAT,
            "version": __version__,
            "made_at": at.astimezone(UTC).isoformat(),
            "keys": "included" if with_keys else "not included: ID and phone numbers need the secrets file",
            "keys_fingerprint": fingerprint(),
            "left_out": LEFT_OUT,
        }
        with connect() as connection:
            manifest |= _write_tables(connection, members, watch)
        manifest["files"] = _write_files(members)
        members.writestr(archive.MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return path, manifest


def fingerprint() -> str:
    """Tells whether the keys are those that sealed some data. Says nothing of them: they are random, 256 bits each."""
    data_keys, hash_key, journal_key = settings.LINLI_DATA_KEYS, settings.LINLI_HASH_KEY, settings.LINLI_JOURNAL_KEY
    parts = [*(data_keys[number] for number in sorted(data_keys)), hash_key, journal_key]
    return hashlib.sha256(b"linli keys 1" + b"".join(parts)).hexdigest()[:16]


def _write_tables(connection: Connection, members: zipfile.ZipFile, watch: Watch | None) -> dict[str, Any]:
    tables = _take_snapshot(connection)
    kept = []
    for number, table in enumerate(tables, start=1):
        tally = Tally()
        with members.open(table.member, "w", force_zip64=True) as sink:
            for chunk in tally.passing(read_rows(connection, table)):
                sink.write(chunk)
        kept.append(asdict(table) | {"rows": tally.rows, "sha256": tally.sha256})
        if watch:
            watch(table.name, number, len(tables))
    server = connection.info.parameter_status("server_version")
    found = {"server": server, "sequences": read_sequences(connection), "migrations": read_migrations(connection)}
    connection.execute("COMMIT")
    return {"tables": kept, **found}


def _take_snapshot(connection: Connection) -> list[Table]:
    """Locked against being dropped or exchanged, then frozen. LOCK TABLE takes no snapshot; the list after it does."""
    for _try in range(TRIES):
        seen = list_tables(connection)
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        names = sql.SQL(", ").join(table.identifier for table in seen)
        try:
            connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(names))
            if list_tables(connection) == seen:
                return seen
        except connection.ProgrammingError:  # one of them was exchanged between the list and the lock
            pass
        connection.execute("ROLLBACK")
    raise TablesMoving


def list_home_files() -> Iterator[Path]:
    home = Path(settings.LINLI_HOME)
    for folder in HOME_FOLDERS:
        yield from sorted(path for path in (home / folder).rglob("*") if path.is_file())


def _write_files(members: zipfile.ZipFile) -> list[dict[str, Any]]:
    home, kept = Path(settings.LINLI_HOME), []
    for path in list_home_files():
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # its job has ended meanwhile
            continue
        name = path.relative_to(home).as_posix()
        members.writestr(f"home/{name}", content)
        kept.append({"name": name, "sha256": hashlib.sha256(content).hexdigest()})
    return kept
