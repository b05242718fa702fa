"""Partitions of the ledger: a city-size round has its own, small ones share a month's.

A partition for every small round would make a person's history slow and use up locks (1,000 of them: 40 ms). A large
load of marks gets a partition of its own too: filled bare, then indexed, then attached, it goes in at twice the speed.
ATTACH takes a lock that lets marks go on; CREATE TABLE ... PARTITION OF would stop them.
"""

from __future__ import annotations

from datetime import datetime

from linli.core import db

CITY_SIZE = 200_000  # subjects from which a round, and marks from which a load, gets a partition of its own
ROUND_PART = 1_000_000  # + round id; below are months, 202611
LOAD_PART = 500_000_000  # + number of the load
PARENTS = ("mark", "round_state")
INDEXES = {
    "mark": (
        "CREATE INDEX ON {name} (subject_id, round_id, event_at)",
        "CREATE UNIQUE INDEX ON {name} (client_id, nth, part) WHERE client_id IS NOT NULL",
        "CREATE INDEX ON {name} USING brin (id) WITH (autosummarize = on)",
    ),
    "round_state": (
        "ALTER TABLE {name} ADD PRIMARY KEY (part, round_id, subject_id)",
        "CREATE INDEX ON {name} (round_id, key)",
    ),
}


def month_part(at: datetime) -> int:
    """The partition of small rounds opened in this month: 202611."""
    return at.year * 100 + at.month


def round_part(round_id: int, subjects: int, at: datetime) -> int:
    """The partition of a round: one of its own from CITY_SIZE subjects on, else that of its month."""
    return ROUND_PART + round_id if subjects >= CITY_SIZE else month_part(at)


def load_part() -> int:
    """A number for the partition of one large load of marks: taken from the ids, so never used twice."""
    return LOAD_PART + int(db.scalar("SELECT nextval('mark_part_seq')"))


def make_bare(parent: str, part: int, name: str = "") -> str:
    """A table like `parent`, without its indexes, to be filled, indexed and attached. Returns its name.

    Facts are never changed. A state is, once at least, by its mark: with room on its own page for that, the update
    touches no index. A phone's batch marks everybody of a page at once, and a marked state takes 100 bytes where one to
    be reached takes 76. States written anew by a large load, which has a name for them, are marked already.
    """
    room = 100 if parent == "mark" else 90 if name else 43
    name = name or f"{parent}_p{part}"
    db.execute(
        f"CREATE TABLE {name} (LIKE {parent} INCLUDING DEFAULTS INCLUDING CONSTRAINTS,"
        f" CONSTRAINT {parent}_part CHECK (part = {part})) WITH (fillfactor = {room});"
        f" COMMENT ON TABLE {name} IS 'wall: closed: a partition, reached through its parent alone'"
    )
    return name


def index(parent: str, name: str) -> None:
    """The indexes of `parent`, on a filled table."""
    for statement in INDEXES[parent]:
        db.execute(statement.format(name=name))


def attach(parent: str, part: int) -> None:
    """Attach the indexed table `<parent>_p<part>`. Its CHECK spares ATTACH the scan."""
    db.execute(f"ALTER TABLE {parent} ATTACH PARTITION {parent}_p{part} FOR VALUES IN ({part})")


def ensure(part: int) -> None:
    """Both partitions of a shared part exist. Runs as the owner; two at once wait for each other."""
    db.execute("SELECT pg_advisory_xact_lock(771003)")
    for parent in PARENTS:
        if not db.scalar("SELECT to_regclass(%s)", [f"{parent}_p{part}"]):
            index(parent, make_bare(parent, part))
            attach(parent, part)
