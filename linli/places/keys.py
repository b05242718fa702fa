"""Search keys of names, kept beside the places. Every write that gives a place a name calls `store_keys`.

Keys belong to names, not to places: a city has 100,000 units and a dozen names of units. Keys of a name that nobody
bears any more lead nowhere and do no harm.
"""

from __future__ import annotations

from collections.abc import Iterable

from linli.core import db
from linli.places.spelling import search_keys

BATCH = 500  # names a statement: some 30,000 keys

_INSERT = """
    INSERT INTO place_key (name, key, start, form)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::smallint[], %s::smallint[]) ON CONFLICT DO NOTHING
"""


def store_keys(names: Iterable[str]) -> int:
    """See that the names are found. Returns how many were not known before. Any role."""
    wanted = sorted(set(names))
    fresh = 0
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        known = {name for (name,) in db.rows("SELECT DISTINCT name FROM place_key WHERE name = ANY(%s)", [batch])}
        rows = [(name, *key) for name in batch if name not in known for key in search_keys(name)]
        fresh += len(batch) - len(known)
        if rows:
            columns = list(zip(*rows, strict=True))
            db.execute(
                _INSERT, [list(columns[0]), list(columns[1]), list(columns[2]), [int(form) for form in columns[3]]]
            )
    return fresh


def store_missing_keys() -> int:
    """Keys of all names and other names that have none: after a change of the rules, or rows written by hand."""
    return store_keys(
        name
        for (name,) in db.rows(
            "SELECT name FROM (SELECT name FROM place UNION SELECT text FROM place_alias) AS n"
            " WHERE NOT EXISTS (SELECT 1 FROM place_key k WHERE k.name = n.name)"
        )
    )
