"""The ledger against the database: what is missing, what is there twice, what does not add up."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from linli.rounds.terms import Flag, Mark
from tests.faults.ground import USERNAME, Ground
from tests.faults.running import Site
from tests.faults.work import Ledger

# Every state is its subject's latest mark: by event time, then by the id that the phone made; sheets' marks have none.
STATES = """
    SELECT count(*) FROM round_state s
    LEFT JOIN LATERAL (
        SELECT m.kind FROM mark m WHERE m.round_id = s.round_id AND m.subject_id = s.subject_id
          AND NOT EXISTS (SELECT 1 FROM mark_withdrawn w WHERE w.client_id = m.client_id)
        ORDER BY m.event_at DESC, coalesce(m.client_id, '00000000-0000-0000-0000-000000000000') DESC LIMIT 1
    ) m ON true
    WHERE s.due AND s.state IS DISTINCT FROM coalesce(m.kind, 0)
"""
# The tally of every unit, against its people counted one by one.
TALLIES = """
    SELECT count(*) FROM round_tally t FULL JOIN (
        SELECT round_id, (key >> 11) << 11 AS lo, count(*) AS due, count(*) FILTER (WHERE state = 10) AS done,
               count(*) FILTER (WHERE state = 1) AS absent, count(*) FILTER (WHERE state = 2) AS refused
        FROM round_state WHERE due GROUP BY 1, 2
    ) c USING (round_id, lo)
    WHERE (t.due, t.done, t.absent, t.refused) IS DISTINCT FROM (c.due, c.done, c.absent, c.refused)
      AND (coalesce(t.due, 0) <> 0 OR c.due IS NOT NULL)
"""
OPEN_JOBS = "SELECT count(*) FROM job WHERE state NOT IN ('done', 'failed')"
OPEN_QUEUE = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
UNADVISED = "SELECT count(*) FROM job WHERE state = 'failed' AND coalesce(error->>'advice', '') = ''"


@dataclass
class Found:
    """Figures for the report, and every fault in words: none, when all is well."""

    figures: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def expect(self, name: str, found: int, wanted: int = 0) -> None:
        self.figures[name] = found
        if found != wanted:
            self.faults.append(f"{name}: {found:,} instead of {wanted:,}")


def check(site: Site, ground: Ground, ledger: Ledger) -> Found:
    found = Found(faults=[*ledger.wrong])
    with psycopg.connect(site.database_url) as connection:
        connection.execute("SET search_path = linli, linli_jobs")
        _check_marks(found, connection, ledger)
        _check_imports(found, connection, ground, ledger)
        for name, query in (
            ("states that are not the latest mark", STATES), ("tallies that differ from a count", TALLIES),
            ("jobs not ended", OPEN_JOBS), ("jobs left in the queue", OPEN_QUEUE),
            ("jobs that failed without advice", UNADVISED),
        ):  # fmt: skip
            found.expect(name, _count(connection, query))
    found.expect("jobs stuck", len(ledger.stuck))
    _check_by_command(found, site, ground)
    return found


def _count(connection: psycopg.Connection, query: str, *params: Any) -> int:
    row = connection.execute(query, params).fetchone()
    assert row is not None
    return int(row[0])


def _check_marks(found: Found, connection: psycopg.Connection, ledger: Ledger) -> None:
    """Every acknowledged mark is known, and on record exactly once, as it was sent; there are no others."""
    known = {
        client
        for client, number in connection.execute("SELECT * FROM linli_carried_out(%s)", [list(ledger.marks)])
        if number == 1
    }
    rows = connection.execute("SELECT client_id, subject_id, kind, event_at FROM mark WHERE client_id IS NOT NULL")
    marks: dict[UUID, tuple[int, str, datetime]] = {}
    doubled = 0
    for client, subject, kind, event_at in rows:
        doubled += client in marks
        marks[client] = (subject, Mark(kind).name.lower(), event_at)
    sent = ledger.marks
    found.figures["marks acknowledged"] = len(sent)
    found.figures["marks found"] = len(sent.keys() & marks.keys())
    found.expect("acknowledged marks missing", len(sent.keys() - marks.keys()))
    found.expect("acknowledged marks that are not known", len(sent.keys() - known))
    found.expect("marks doubled", doubled)
    found.expect("marks nobody sent", len(marks.keys() - sent.keys()))
    changed = [one for one in sent.values() if one.id in marks and marks[one.id] != (one.person, one.mark, one.at)]
    found.expect("marks that are not as they were sent", len(changed))


def _check_imports(found: Found, connection: psycopg.Connection, ground: Ground, ledger: Ledger) -> None:
    """People of rosters and marks of sheets that are done: each there once."""
    names = Counter(name for (name,) in connection.execute("SELECT name FROM person WHERE name LIKE '新%%人%%'"))
    found.figures["people of rosters"] = len(ledger.newcomers)
    found.expect("people of rosters missing", len(ledger.newcomers - names.keys()))
    found.expect("people doubled", sum(count - 1 for count in names.values()))
    found.expect("people in all", _count(connection, "SELECT count(*) FROM person"),
                 len(ground.people) + len(ledger.newcomers))  # fmt: skip
    sheet = Counter(
        (subject, event_at)
        for subject, event_at in connection.execute(
            "SELECT subject_id, event_at FROM mark WHERE client_id IS NULL AND flags & %s <> 0", [int(Flag.SHEET)]
        )
    )
    found.figures["marks of sheets"] = len(ledger.sheet_marks)
    found.expect("marks of sheets missing", len(ledger.sheet_marks - sheet.keys()))
    found.expect("marks of sheets doubled", sum(count - 1 for count in sheet.values()))
    found.expect("marks of sheets nobody sent", len(sheet.keys() - ledger.sheet_marks))
    found.figures["jobs acknowledged"] = len(ledger.jobs)
    known = {str(number) for (number,) in connection.execute("SELECT id FROM job")}
    found.expect("acknowledged jobs missing", len(set(ledger.jobs) - known))


def _check_by_command(found: Found, site: Site, ground: Ground) -> None:
    """What the product itself says: the ledger of the round counted again, the chain of seals compared."""
    counted = site.linli("--as", USERNAME, "rounds", "check", ground.round_code, "--json")
    found.expect("exit code of linli rounds check", counted.returncode)
    sealed = site.linli("journal", "seal", "--json")
    found.expect("exit code of linli journal seal", sealed.returncode)
    verified = site.linli("journal", "verify", "--json")
    found.expect("exit code of linli journal verify", verified.returncode)
    for done in (counted, sealed, verified):
        if done.returncode:
            found.faults.append((done.stdout + done.stderr)[-600:])
    if not verified.returncode:
        found.figures["journal entries verified"] = json.loads(verified.stdout)["entries"]
