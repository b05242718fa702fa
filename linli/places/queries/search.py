"""Search as one types: names, parts of names, pinyin and initials, other names, codes, and doors (3-2-1203).

Names are found in `place_key` by prefix, a few hundred at most; places by those names, in key order, inside what the
actor may see. So a search costs what it shows, not what the city has.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import NOWHERE, Extent
from linli.places.addresses import Address, Asked, read_asked
from linli.places.queries.tree import COLUMNS, read_places
from linli.places.spelling import KEY_LENGTH, building_key, fold, unit_key
from linli.places.terms import BLOCK_BITS, Kind, PlaceRef

NAMES = 300  # of one search; the best ones
WIDE_NAMES = 2_000  # of a word that narrows
SCANNED_BITS = BLOCK_BITS[Kind.COMPOUND]  # a door number alone is looked for inside of so much
SCANNED_SPANS = 50


class DoorHit(NamedTuple):
    """A door that was found. `label`: 阳光小区 3号楼 2单元 1203."""

    key: int
    number: str
    unit_code: str
    label: str


class Found(NamedTuple):
    """Best first. Doors are only there when a door was asked for."""

    places: list[PlaceRef]
    doors: list[DoorHit]


def search(text: str, *, actor: Actor, at: datetime, limit: int = 20, within: Extent | None = None) -> Found:
    """Places and doors that the actor may look at, best match first; at most `limit` of each.

    Several words narrow each other from the wide to the narrow: `阳光 3号楼` finds building 3 of compounds named 阳光.
    """
    held = actor.extent_for("places.view")
    if within is not None:
        held &= within
    if not held or not text.strip():
        return Found([], [])
    coded = _by_code(text.strip(), held, at, limit)
    if any(place.code == text.strip() for place in coded):
        return Found(sorted(coded, key=lambda place: (place.code != text.strip(), place.kind, place.code)), [])
    asked = read_asked(text)
    plain = Asked(tuple(text.split()))
    found = _answer(asked, held, at, limit)
    if asked.address is not None and not asked.address.door and not asked.words:
        found = Found(
            (_named(plain.words[-1], held, at, limit, below=Kind.BUILDING, parts=False) + found.places)[:limit], []
        )
    elif not found.places and not found.doors and asked.address is not None:
        found = _answer(plain, held, at, limit)  # 3-2 may be somebody's name after all
    known = {place.id for place in found.places}
    return Found((found.places + [place for place in coded if place.id not in known])[:limit], found.doors)


def search_places(
    text: str, *, actor: Actor, at: datetime, limit: int = 20, within: Extent | None = None
) -> list[PlaceRef]:
    """The places of `search`."""
    return search(text, actor=actor, at=at, limit=limit, within=within).places


def _answer(asked: Asked, held: Extent, at: datetime, limit: int) -> Found:
    *wider, last = asked.words if asked.address is None else (*asked.words, "")
    for word in wider:
        held = _extent_named(word, held, at)
    if not held:
        return Found([], [])
    if asked.address is None:
        return Found(_named(last, held, at, limit), [])
    return _at_address(asked.address, held, at, limit, narrowed=bool(wider))


# Ranks: 1 the whole name, 2 its beginning, 4 a part; in pinyin one behind, by initials two.
_NAMES = """
    SELECT name, min(CASE WHEN start > 0 THEN 4 WHEN key = %(key)s THEN 1 ELSE 2 END + form) AS rank
    FROM place_key WHERE key LIKE %(begins)s AND form < 3 AND (start = 0 OR %(inner)s)
    GROUP BY name ORDER BY rank, length(name), name LIMIT %(limit)s
"""


def _names(text: str, limit: int, *, parts: bool = True) -> tuple[list[str], list[int]]:
    """Names that a text may mean, with their ranks. `parts`: also those that hold it in the middle."""
    key = fold(text)[:KEY_LENGTH]
    if not key:
        return [], []
    # One letter stands for half the city: only names that begin with it.
    inner = parts and (len(key) > 1 or not ("a" <= key <= "z"))
    found = db.rows(_NAMES, {"key": key, "begins": f"{key}%", "inner": inner, "limit": limit})
    return [name for name, _ in found], [rank for _, rank in found]


_LIVING = "(p.ended_at IS NULL OR p.ended_at > %(at)s)"
# LIMIT keeps it a question asked of the few places at hand: as EXISTS it is answered for all of the city first.
_HELD_NOW = """(
    SELECT true FROM place_span s WHERE s.place_id = p.id AND s.since <= %(at)s AND s.until > %(at)s
      AND int8range(s.lo, s.hi) && %(held)s::int8multirange LIMIT 1)"""
# Divisions and overlays are few of a name; blocks may be 30,000, so each kind is read in key order as far as needed.
_SEARCH = f"""
    WITH n AS (SELECT * FROM unnest(%(names)s::text[], %(ranks)s::int[]) AS n (name, rank)),
    hits AS (
        SELECT n.rank, p.* FROM n JOIN place p ON p.name = n.name AND p.kind < 70
        UNION ALL
        SELECT n.rank + 1, p.* FROM n JOIN place_alias a ON a.text = n.name JOIN place p ON p.id = a.place_id
        UNION ALL
        SELECT n.rank, b.* FROM n
        CROSS JOIN (VALUES (70, 268435456), (80, 131072), (90, 2048)) AS k (kind, size)
        CROSS JOIN LATERAL (
            SELECT * FROM place p WHERE p.name = n.name AND p.kind = k.kind AND k.kind < %(below)s
              AND p.lo > %(lo)s - k.size AND p.lo < %(hi)s
              AND int8range(p.lo, p.hi) && %(held)s::int8multirange AND {_LIVING}
            ORDER BY p.lo LIMIT %(limit)s
        ) AS b
    ), best AS (
        SELECT DISTINCT ON (p.id) p.rank, {COLUMNS} FROM hits p
        WHERE p.kind < %(below)s AND {_LIVING} AND (p.kind >= 70 AND int8range(p.lo, p.hi) && %(held)s::int8multirange
          OR p.kind < 70 AND {_HELD_NOW})
        ORDER BY p.id, p.rank
    )
    SELECT {COLUMNS} FROM best p ORDER BY p.rank, p.kind, length(p.name), p.code LIMIT %(limit)s
"""


def _named(
    text: str, held: Extent, at: datetime, limit: int, *, below: int = 100, parts: bool = True
) -> list[PlaceRef]:
    names, ranks = _names(text, NAMES, parts=parts)
    if not names:
        return []
    bounds = {"lo": held.spans[0].lo, "hi": held.spans[-1].hi, "held": str(held)}
    return read_places(
        _SEARCH, {"names": names, "ranks": ranks, "at": at, "limit": limit, "below": int(below), **bounds}
    )


_BY_CODE = f"""
    SELECT {COLUMNS} FROM place p WHERE p.code LIKE %(begins)s AND {_LIVING}
      AND (p.kind >= 70 AND int8range(p.lo, p.hi) && %(held)s::int8multirange OR p.kind < 70 AND {_HELD_NOW})
    ORDER BY p.code USING ~<~ LIMIT %(limit)s
"""


def _by_code(text: str, held: Extent, at: datetime, limit: int) -> list[PlaceRef]:
    """Places whose code begins so. Codes begin with a digit, or are the office's own."""
    if len(text) < 2 or not text.isascii() or not (text[0].isdigit() or text[0].isupper()):
        return []
    return read_places(_BY_CODE, {"begins": f"{escape_like(text)}%", "held": str(held), "at": at, "limit": limit})


def escape_like(text: str) -> str:
    """Text in which % and _ stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _extent_named(word: str, within: Extent, at: datetime) -> Extent:
    """The doors of all places whose name is meant by `word`."""
    names, _ranks = _names(word, WIDE_NAMES)
    found = db.rows(
        """
        SELECT s.lo, s.hi FROM place_span s WHERE s.since <= %(at)s AND s.until > %(at)s AND s.place_id IN (
            SELECT p.id FROM place p WHERE p.name = ANY(%(names)s) AND p.kind < 70 OR p.code = %(word)s
            UNION ALL SELECT a.place_id FROM place_alias a WHERE a.text = ANY(%(names)s))
        UNION ALL
        SELECT p.lo, p.hi FROM place p WHERE p.name = ANY(%(names)s) AND p.kind >= 70
          AND p.lo > %(lo)s - 268435456 AND p.lo < %(hi)s
        """,
        {"names": names, "word": word, "at": at, "lo": within.spans[0].lo, "hi": within.spans[-1].hi},
    ) if within else []  # fmt: skip
    return Extent.of(found) & within


_BUILDINGS = f"""
    SELECT p.* FROM place p
    WHERE p.kind = 80 AND p.name IN (SELECT k.name FROM place_key k WHERE k.key = %(building)s)
      AND p.lo > %(lo)s - 131072 AND p.lo < %(hi)s
      AND int8range(p.lo, p.hi) && %(held)s::int8multirange AND {_LIVING}
    ORDER BY p.lo
"""
# 4,000 buildings of a city bear the number 3: they are taken in key order, each with its units and doors, until there
# are enough. OFFSET 0 keeps the planner from joining all of them first.
_UNITS = f"""
    SELECT u.* FROM ({_BUILDINGS} OFFSET 0) AS b CROSS JOIN LATERAL (
        SELECT p.* FROM place p WHERE p.parent_id = b.id
          AND (%(unit)s = '' OR p.name IN (SELECT k.name FROM place_key k WHERE k.key = %(unit)s))
          AND int8range(p.lo, p.hi) && %(held)s::int8multirange AND {_LIVING}
        ORDER BY p.lo OFFSET 0
    ) AS u
"""
_DOORS = f"""
    SELECT d.key FROM ({_UNITS} OFFSET 0) AS u CROSS JOIN LATERAL (
        SELECT d.key FROM door d WHERE d.unit_id = u.id AND d.number = %(door)s AND d.ended_at IS NULL
          AND d.key <@ %(held)s::int8multirange OFFSET 0
    ) AS d LIMIT %(limit)s
"""
_DOORS_ALONE = """
    SELECT d.key FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS s (lo, hi)
    JOIN door d ON d.key >= s.lo AND d.key < s.hi
    WHERE d.number = %(door)s AND d.ended_at IS NULL ORDER BY d.key LIMIT %(limit)s
"""


def _at_address(address: Address, held: Extent, at: datetime, limit: int, *, narrowed: bool) -> Found:
    params = {
        "building": building_key(address.building), "unit": unit_key(address.unit) if address.unit else "",
        "door": address.door, "at": at, "limit": limit, "held": str(held),
        "lo": held.spans[0].lo, "hi": held.spans[-1].hi, "los": held.los, "his": held.his,
    }  # fmt: skip
    if address.building and address.door:
        return Found([], _hits([key for (key,) in db.rows(_DOORS, params)]))
    if address.door:
        small = len(held.spans) <= SCANNED_SPANS and all(hi - lo <= 1 << SCANNED_BITS for lo, hi in held)
        return Found([], _hits([key for (key,) in db.rows(_DOORS_ALONE, params)]) if narrowed and small else [])
    inner = _UNITS if address.unit else _BUILDINGS
    return Found(read_places(f"SELECT {COLUMNS} FROM ({inner}) AS p LIMIT %(limit)s", params), [])


def _hits(keys: list[int]) -> list[DoorHit]:
    """In key order."""
    return [
        DoorHit(key, number, code, f"{compound} {building} {unit} {number}")
        for key, number, code, compound, building, unit in db.rows(
            """
            SELECT d.key, d.number, u.code, c.name, b.name, u.name FROM door d
            JOIN place u ON u.id = d.unit_id JOIN place b ON b.id = u.parent_id JOIN place c ON c.id = b.parent_id
            WHERE d.key = ANY(%s) ORDER BY d.key
            """,
            [keys],
        )
    ]


def find_by_name(name: str, *, within: Extent, at: datetime, kinds: tuple[int, ...] = ()) -> list[PlaceRef]:
    """Places of exactly this name or alias inside an extent, widest first. For sheets that give names, not codes."""
    if within == NOWHERE:
        return []
    return read_places(
        f"""
        SELECT {COLUMNS} FROM place p
        WHERE p.id IN (SELECT id FROM place WHERE name = %(name)s
                       UNION ALL SELECT place_id FROM place_alias WHERE text = %(name)s)
          AND (cardinality(%(kinds)s::smallint[]) = 0 OR p.kind = ANY(%(kinds)s::smallint[]))
          AND {_LIVING}
          AND EXISTS (SELECT 1 FROM place_span s JOIN unnest(%(los)s::bigint[], %(his)s::bigint[]) AS e (lo, hi)
                      ON s.lo < e.hi AND s.hi > e.lo
                      WHERE s.place_id = p.id AND s.since <= %(at)s AND s.until > %(at)s)
        ORDER BY p.kind, p.code
        """,
        {"name": name, "kinds": list(kinds), "at": at, "los": within.los, "his": within.his},
    )
