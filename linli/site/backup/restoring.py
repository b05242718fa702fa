"""Putting a backup back: tables by migration, rows by COPY, then everything is read again and compared."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg import sql

from linli.core import db, journal
from linli.core.access import SYSTEM
from linli.core.seals import outside
from linli.site.backup import archive
from linli.site.backup.errors import BackupDamaged, KeysDiffer, NotABackup, NotEmpty, StillRunning, TooNew
from linli.site.backup.tables import (
    CHUNK_BYTES,
    REMADE,
    Connection,
    Table,
    Tally,
    connect,
    list_tables,
    read_rows,
    schema_names,
    set_sequence,
    write_rows,
)
from linli.site.backup.writing import FORMAT, HOME_FOLDERS, fingerprint
from linli.site.database import migrate_all, prepare_database

Watch = Callable[[str, int, int | None], None]
ALIASES = {"rooms": "owner", "jobs": "jobs"}
FILLED_BY_MIGRATIONS = {*REMADE, "django_content_type", "auth_permission"}


@dataclass(frozen=True)
class Restored:
    """`keys_fit`: whether the keys here are those that sealed the personal fields. `files`: uploads put back."""

    tables: int
    rows: int
    made_at: str
    keys_fit: bool
    files: int


def restore(
    *,
    source: Path,
    at: datetime,
    passphrase: str = "",
    replace: bool = False,
    without_keys: bool = False,
    watch: Watch | None = None,
) -> Restored:
    """Fill an empty database from a backup; `replace` empties it first. The caller has put the keys in their place.

    All rows go in, and are compared with the manifest's counts and hashes, in one transaction: a damaged backup
    leaves nothing behind. Raises NotABackup, KeysDiffer (unless `without_keys`), BackupDamaged, PassphraseWrong,
    NotEmpty, StillRunning, TooNew.
    """
    with archive.reading(source, passphrase, scratch=Path(settings.LINLI_HOME)) as members:
        manifest = read_manifest(members, source)
        if not without_keys and not do_keys_fit(manifest):
            # Any command makes keys where there are none. What is sealed with them from now on could not be read
            # beside what the old ones sealed.
            raise KeysDiffer(file=settings.LINLI_SECRETS_PATH)
        connections.close_all()
        with connect() as connection:
            _require_alone(connection)
            _make_room(connection, replace=replace)
        _make_tables(manifest)
        with connect() as connection:
            rows = _fill(connection, members, manifest, watch)
        migrate_all(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA, verbosity=0)
        files = _put_files(members, manifest)
    outside.set_aside(at)  # seals of what was here before; the next run writes those of what is here now
    with db.owner():
        journal.record(actor=SYSTEM, at=at, verb="site.restore", name=source.name, made_at=manifest["made_at"])
    return Restored(len(manifest["tables"]), rows, manifest["made_at"], do_keys_fit(manifest), files)


def read_manifest(members: zipfile.ZipFile, source: Path) -> dict[str, Any]:
    """Raises NotABackup."""
    try:
        manifest: dict[str, Any] = json.loads(members.read(archive.MANIFEST))
    except (KeyError, ValueError) as error:
        raise NotABackup(file=str(source), why=str(error)) from error
    if manifest.get("format") != FORMAT:
        raise NotABackup(file=str(source), why=f"format {manifest.get('format')}")
    return manifest


def do_keys_fit(manifest: dict[str, Any]) -> bool:
    return bool(manifest["keys_fingerprint"] == fingerprint())


def _require_alone(connection: Connection) -> None:
    ((others,),) = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'linli'"
        " AND pid <> pg_backend_pid()"
    ).fetchall()
    if others:
        raise StillRunning(number=others)


def _make_room(connection: Connection, *, replace: bool) -> None:
    for schema in schema_names().values():
        if replace:
            connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
            continue
        names = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition",
            [schema],
        ).fetchall()
        for (name,) in names:
            filled = sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(sql.Identifier(schema, name))
            if name not in FILLED_BY_MIGRATIONS and connection.execute(filled).fetchone() == (True,):
                raise NotEmpty(table=name)


def _make_tables(manifest: dict[str, Any]) -> None:
    """The tables as they were when the backup was made: exactly its migrations, no later one."""
    prepare_database(schema=settings.LINLI_SCHEMA, jobs_schema=settings.LINLI_JOBS_SCHEMA)
    for schema, alias in ALIASES.items():
        executor = MigrationExecutor(connections[alias])
        targets = [(app, name) for app, name in manifest["migrations"][schema]]
        for target in targets:
            if target not in executor.loader.graph.nodes:
                raise TooNew(migration=".".join(target), version=manifest["version"])
        executor.migrate(targets)
    connections.close_all()


def _fill(connection: Connection, members: zipfile.ZipFile, manifest: dict[str, Any], watch: Watch | None) -> int:
    tables = [_read_table(kept) for kept in manifest["tables"]]
    with connection.transaction():
        names = sql.SQL(", ").join(table.identifier for table in list_tables(connection))
        connection.execute(sql.SQL("TRUNCATE {}").format(names))
        with _without_references(connection), _without_triggers(connection, tables):
            for number, (table, kept) in enumerate(zip(tables, manifest["tables"], strict=True), start=1):
                _fill_table(connection, members, table, kept)
                if watch:
                    watch(table.name, number, len(tables))
        for kept in manifest["sequences"]:
            set_sequence(connection, kept)
    connection.execute("ANALYZE")
    return sum(int(kept["rows"]) for kept in manifest["tables"])


def _read_table(kept: dict[str, Any]) -> Table:
    values = {one.name: kept[one.name] for one in fields(Table)}
    settled: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return Table(**settled)


def _fill_table(connection: Connection, members: zipfile.ZipFile, table: Table, kept: dict[str, Any]) -> None:
    """Fill, and read again: what the database gives back has to be what the manifest says, byte for byte."""
    if table.parent:
        _make_partition(connection, table)
    arriving = Tally()
    try:
        with members.open(table.member) as file:
            write_rows(connection, table, arriving.passing(iter(lambda: file.read(CHUNK_BYTES), b"")))
    except (zipfile.BadZipFile, KeyError) as error:
        raise BackupDamaged(what=table.name) from error
    if table.parent:
        parent = sql.Identifier(schema_names()[table.schema], table.parent)
        attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} ").format(parent, table.identifier)
        connection.execute(attach + sql.SQL(table.bound))
    standing = Tally()
    for _chunk in standing.passing(read_rows(connection, table)):
        pass
    for tally in (arriving, standing):
        if (tally.rows, tally.sha256) != (kept["rows"], kept["sha256"]):
            raise BackupDamaged(what=table.name)


def _make_partition(connection: Connection, table: Table) -> None:
    """Bare: attaching it builds the parent's indexes once, over all rows."""
    parent = sql.Identifier(schema_names()[table.schema], table.parent)
    connection.execute(
        sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)").format(table.identifier, parent)
    )
    if table.options:
        options = sql.SQL(", ").join(
            sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, _equals, value in (option.partition("=") for option in table.options)
        )
        connection.execute(sql.SQL("ALTER TABLE {} SET ({})").format(table.identifier, options))
    if table.comment:
        comment = sql.SQL("COMMENT ON TABLE {} IS {}").format(table.identifier, sql.Literal(table.comment))
        connection.execute(comment)


_REFERENCES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), quote_ident(k.conname), pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname = ANY(%s) ORDER BY 1, 2
"""


@contextlib.contextmanager
def _without_references(connection: Connection) -> Iterator[None]:
    """Foreign keys are taken off and put on again: then they are checked as sets, in any order of tables."""
    found = connection.execute(_REFERENCES, [list(schema_names().values())]).fetchall()
    for table, name, _definition in found:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
    yield
    for table, name, definition in found:
        connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}".encode())


@contextlib.contextmanager
def _without_triggers(connection: Connection, tables: list[Table]) -> Iterator[None]:
    """The job queue's triggers would note every job anew and wake a worker for each."""
    queue = [table for table in tables if table.schema == "jobs"]
    for switch in ("DISABLE", "ENABLE"):
        for table in queue:
            connection.execute(sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(table.identifier, sql.SQL(switch)))
        if switch == "DISABLE":
            yield


def _put_files(members: zipfile.ZipFile, manifest: dict[str, Any]) -> int:
    home = Path(settings.LINLI_HOME)
    for kept in manifest["files"]:
        name = PurePosixPath(kept["name"])
        if name.is_absolute() or ".." in name.parts or name.parts[0] not in HOME_FOLDERS:
            raise BackupDamaged(what=kept["name"])  # a file may not choose its own place
        content = members.read(f"home/{kept['name']}")
        if hashlib.sha256(content).hexdigest() != kept["sha256"]:
            raise BackupDamaged(what=kept["name"])
        path = home / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
    return len(manifest["files"])
