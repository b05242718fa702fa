"""What a call wrote and which entries it left, as the database tells it: no matter how, and from which function."""

from __future__ import annotations

import functools
import inspect
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest
from django.db import connections, transaction

import linli
from linli.core import db

JOURNAL = "journal_entry"
FACES = ("queries", "api", "views", "cli", "migrations", "templatetags")
ROLE = "linli_web"


@dataclass(frozen=True)
class Entry:
    account: str
    appointment: int | None
    verb: str
    key: int
    subject: str
    detail: str


@dataclass
class Written:
    """`tables`: those of which a row was added, changed or removed; the journal is not among them."""

    tables: set[str] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)

    @property
    def verbs(self) -> tuple[str, ...]:
        return tuple(entry.verb for entry in self.entries)


@contextmanager
def _seeing_all(alias: str) -> Iterator[Any]:
    """A cursor before which no wall stands."""
    with connections[alias].cursor() as cursor:
        if alias == db.WEB:
            cursor.execute("SET LOCAL ROLE NONE")
        yield cursor
        if alias == db.WEB:
            cursor.execute(f"SET LOCAL ROLE {ROLE}")


def _look(alias: str) -> tuple[dict[str, int], int]:
    """Rows written by table in this transaction, and the last entry."""
    with _seeing_all(alias) as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables")
        tables = {name: count for name, count in cursor.fetchall() if count}
        cursor.execute(f"SELECT coalesce(max(id), 0) FROM {JOURNAL}")
        ((last,),) = cursor.fetchall()
    return tables, last


def _compare(alias: str, before: tuple[dict[str, int], int]) -> Written:
    tables, _last = _look(alias)
    with _seeing_all(alias) as cursor:
        cursor.execute(
            "SELECT account_name, appointment_id, verb, key, subject, detail::text"
            f" FROM {JOURNAL} WHERE id > %s ORDER BY id",
            [before[1]],
        )
        entries = [Entry(*row) for row in cursor.fetchall()]
    return Written({name for name, n in tables.items() if n > before[0].get(name, 0)} - {JOURNAL}, entries)


@contextmanager
def taken_back() -> Iterator[Callable[[], Written]]:
    """Inside, both roles work in transactions that are rolled back; called at the end of it, what was written."""
    with transaction.atomic(using=db.WEB), transaction.atomic(using=db.OWNER):
        before = {alias: _look(alias) for alias in (db.WEB, db.OWNER)}

        def look() -> Written:
            web, owner = (_compare(alias, before[alias]) for alias in (db.WEB, db.OWNER))
            return Written(web.tables | owner.tables, web.entries + owner.entries)

        yield look
        transaction.set_rollback(True, using=db.WEB)
        transaction.set_rollback(True, using=db.OWNER)


Service = Callable[..., Any]


def find_services() -> dict[Service, str]:
    """What works on somebody's behalf at some moment (`actor`, `at`), and is no face: "rounds.undo.take_back"."""
    found: dict[Service, str] = {}
    for module, function in _functions():
        parts = module.split(".")
        is_face = any(part in FACES or part.startswith(("views_", "api_", "cli_")) for part in parts)
        is_face = is_face or parts[-1] in ("field", "field_files")  # what a phone sends: services do it
        is_face = is_face or function.__name__.startswith("_")
        works = {"actor", "at"} <= set(inspect.signature(function).parameters)
        if function.__module__ == module and works and not is_face:
            found[function] = f"{module}.{function.__name__}".removeprefix("linli.")
    return found


def _modules() -> Iterator[str]:
    """Those of the product that are imported by others: no migrations, and no programs of their own."""
    for found in pkgutil.walk_packages(linli.__path__, "linli."):
        if ".migrations." not in found.name and found.name.rsplit(".", 1)[1] not in ("__main__", "wsgi", "child"):
            yield found.name


def _functions() -> Iterator[tuple[str, Any]]:
    for module, held in list(sys.modules.items()):
        if module.startswith("linli."):
            yield from ((module, thing) for thing in list(vars(held).values()) if inspect.isfunction(thing))


class Watch:
    """What each service wrote whenever it was called from outside of all others, and came to its end."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        for module in _modules():  # all services are there, whatever ran before
            import_module(module)
        self.services = find_services()
        self.seen: dict[str, list[Written]] = defaultdict(list)
        self.ran: set[str] = set()  # inside of others too
        self._inside = False
        watched = {function: self._watched(function, name) for function, name in self.services.items()}
        for module, held in list(sys.modules.items()):
            if module.startswith(("linli.", "tests.")):
                for name, thing in list(vars(held).items()):
                    if inspect.isfunction(thing) and thing in watched:
                        patch.setattr(held, name, watched[thing])

    def _watched(self, function: Service, name: str) -> Service:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.ran.add(name)
            if self._inside:
                return function(*args, **kwargs)
            self._inside = True
            try:
                alias = db.using()
                before = _look(alias)
                answer = function(*args, **kwargs)
                self.seen[name].append(_compare(alias, before))
                return answer
            finally:
                self._inside = False

        return call
