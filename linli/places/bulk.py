"""The writes of `services` for a million rows: COPY to a staging table, checked and merged in SQL.

Runs as the owner of the tables (jobs, imports, the demo), inside the caller's transaction; the caller has checked
authority (`actor.require`) and writes the journal's one entry. What is already there is found by its name and left
as it is, so the same sheet twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import shapely

from linli.core import db
from linli.core.extents import UNIT_SIZE
from linli.places.errors import BlockFull, NumberWrong, WrongParent
from linli.places.keys import store_keys
from linli.places.policies import match_name, sort_of
from linli.places.queries.tree import get_place
from linli.places.services.physical import CODE_DIGITS, WALK
from linli.places.terms import BLOCK_BITS, FOREVER, NUMBER_LENGTH, DoorKind, Kind, Placed

MANY = 10_000
_PARENT = {Kind.COMPOUND: Kind.COMMUNITY, Kind.BUILDING: Kind.COMPOUND, Kind.UNIT: Kind.BUILDING}


def stage(table: str, columns: str, rows: Iterable[tuple[object, ...]]) -> int:
    """A temporary table `table (columns)`, gone at commit, filled by COPY. Returns the number of rows.

    `columns` are names with types: "ref bigint, name text". `table` is a name of the program's own, never of a user's.
    """
    names = ", ".join(column.split()[0] for column in columns.split(", "))
    count = 0
    with db.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {table}")
        cursor.execute(f"CREATE TEMP TABLE {table} ({columns}) ON COMMIT DROP")
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        cursor.execute(f"ANALYZE {table}")
    return count


def ensure_compounds(rows: Iterable[tuple[int, int, str]], *, at: datetime) -> dict[int, Placed]:
    """(ref, community id, name) each; returns what became of every ref. Raises BlockFull, WrongParent.

    `ref` is any number of the caller's, once each. Two rows of one name (as people spell it) are one compound.
    """
    return _ensure(Kind.COMPOUND, rows, at)


def ensure_buildings(rows: Iterable[tuple[int, int, str]], *, at: datetime) -> dict[int, Placed]:
    """(ref, compound id, name) each. "3", "3#" and "3号楼" are one building. Raises BlockFull, WrongParent."""
    return _ensure(Kind.BUILDING, rows, at)


def ensure_units(rows: Iterable[tuple[int, int, str]], *, at: datetime) -> dict[int, Placed]:
    """(ref, building id, name) each. "2" and "2单元" are one unit. Raises BlockFull, WrongParent."""
    return _ensure(Kind.UNIT, rows, at)


# Children that stand: buildings and units by their parent, compounds by the community that holds their keys now.
_KNOWN = """
    SELECT t.parent, p.name, p.id, p.lo FROM (SELECT DISTINCT parent FROM staged_place) AS t
    JOIN place p ON p.parent_id = t.parent AND p.kind = %(kind)s WHERE p.ended_at IS NULL
"""
_KNOWN_COMPOUNDS = """
    SELECT t.parent, p.name, p.id, p.lo FROM (SELECT DISTINCT parent FROM staged_place) AS t
    JOIN place_span s ON s.place_id = t.parent AND s.until = %(forever)s
    JOIN place p ON p.kind = %(kind)s AND p.lo >= s.lo AND p.lo < s.hi WHERE p.ended_at IS NULL
"""
# After the last block ever given under the same parent, in the order of the numbers in the names.
_INSERT = """
    WITH n AS (
        SELECT t.parent, t.ref, t.name, t.sort,
               row_number() OVER (PARTITION BY t.parent ORDER BY t.sort, length(t.name), t.name COLLATE "C", t.ref) - 1
               + coalesce((SELECT max(k.lo) - p.lo >> %(bits)s FROM place k
                           WHERE k.kind = %(kind)s AND k.lo >= p.lo AND k.lo < p.hi) + 1, 0) AS i,
               p.lo AS parent_lo, p.code AS parent_code, p.kind AS parent_kind
        FROM staged_new t JOIN place p ON p.id = t.parent
    ), made AS (
        INSERT INTO place (kind, code, name, sort, parent_id, parent_kind, lo, hi, parent_lo, doors, created_at)
        SELECT %(kind)s,
               parent_code || '-' || lpad((i + 1)::text, greatest(%(digits)s, length((i + 1)::text)), '0'), name, sort,
               CASE WHEN NOT %(rooted)s THEN parent END, CASE WHEN NOT %(rooted)s THEN parent_kind END,
               parent_lo + (i << %(bits)s), parent_lo + (i + 1 << %(bits)s),
               CASE WHEN NOT %(rooted)s THEN parent_lo END, 0, %(at)s
        FROM n ORDER BY parent_lo, i
        RETURNING id, kind, lo, hi
    ), spans AS (
        INSERT INTO place_span (place_id, kind, lo, hi, since, until)
        SELECT id, kind, lo, hi, %(at)s, %(forever)s FROM made
    )
    SELECT n.ref, made.id, made.lo FROM n JOIN made ON made.lo = n.parent_lo + (n.i << %(bits)s)
"""


def _ensure(kind: Kind, rows: Iterable[tuple[int, int, str]], at: datetime) -> dict[int, Placed]:
    wanted = list(rows)
    if not wanted:
        return {}
    stage("staged_place", "ref bigint, parent bigint, name text", wanted)
    _hold_parents(kind)
    params = {"kind": kind.value, "forever": FOREVER}
    known = {
        (parent, match_name(kind, name)): Placed(place_id, lo, created=False)
        for parent, name, place_id, lo in db.rows(_KNOWN_COMPOUNDS if kind == Kind.COMPOUND else _KNOWN, params)
    }
    first: dict[tuple[int, str], int] = {}
    fresh = []
    for ref, parent, name in wanted:
        same = (parent, match_name(kind, name))
        if same not in known and same not in first:
            first[same] = ref
            fresh.append((ref, parent, name, sort_of(name)))
    made = _insert(kind, fresh, at)
    placed = {}
    for ref, parent, name in wanted:
        same = (parent, match_name(kind, name))
        placed[ref] = known[same] if same in known else made[first[same]]
    return placed


def _hold_parents(kind: Kind) -> None:
    """Lock the parents, in order of id, against others who give out keys under them. Raises WrongParent."""
    found = db.rows(
        "SELECT id, kind, ended_at FROM place WHERE id IN (SELECT parent FROM staged_place)"
        " ORDER BY id FOR NO KEY UPDATE"
    )
    wrong = [parent_kind for _, parent_kind, ended_at in found if parent_kind != _PARENT[kind] or ended_at]
    if wrong or len(found) != db.scalar("SELECT count(DISTINCT parent) FROM staged_place"):
        raise WrongParent(kind=kind.label, parent_kind=Kind(wrong[0]).label if wrong else "-")


def _insert(kind: Kind, fresh: list[tuple[int, int, str, int]], at: datetime) -> dict[int, Placed]:
    if not fresh:
        return {}
    stage("staged_new", "ref bigint, parent bigint, name text, sort integer", fresh)
    _require_room(kind)
    store_keys(name for _, _, name, _ in fresh)
    made = db.rows(
        _INSERT,
        {
            "kind": kind.value,
            "bits": BLOCK_BITS[kind],
            "digits": CODE_DIGITS[kind],
            "rooted": kind == Kind.COMPOUND,
            "at": at,
            "forever": FOREVER,
        },
    )
    if len(made) > MANY:
        db.execute("ANALYZE place")  # or the next statements are planned for the table as it was
        db.execute("ANALYZE place_span")
    return {ref: Placed(place_id, lo, created=True) for ref, place_id, lo in made}


def _require_room(kind: Kind) -> None:
    full = db.rows(
        """
        SELECT p.id, p.hi - p.lo >> %(bits)s FROM (SELECT parent, count(*) AS n FROM staged_new GROUP BY 1) AS t
        JOIN place p ON p.id = t.parent
        WHERE p.hi - p.lo >> %(bits)s
            < t.n + coalesce((SELECT max(k.lo) - p.lo >> %(bits)s FROM place k
                              WHERE k.kind = %(kind)s AND k.lo >= p.lo AND k.lo < p.hi) + 1, 0)
        ORDER BY p.id LIMIT 1
        """,
        {"kind": kind.value, "bits": BLOCK_BITS[kind]},
    )
    if full:
        raise BlockFull(place=get_place(full[0][0]).name, limit=full[0][1])


def add_doors(
    rows: Iterable[tuple[int, str, int | None, int]], *, at: datetime, floors_from_numbers: bool = False
) -> int:
    """(unit id, number, floor or None, DoorKind) each; numbers that a unit already has are left as they are.

    Returns how many doors are new. Raises as `ensure_doors`.
    """
    stage("staged_door", "unit_id bigint, number text, floor smallint, kind smallint", rows)
    return ensure_doors("staged_door", at=at, floors_from_numbers=floors_from_numbers)


_WANTED = """
    CREATE TEMP TABLE staged_door_new ON COMMIT DROP AS
    SELECT DISTINCT ON (s.unit_id, s.number) s.unit_id, s.number, {kind} AS kind, {floor} AS floor
    FROM {staged} s
    WHERE NOT EXISTS (SELECT 1 FROM door d WHERE d.unit_id = s.unit_id AND d.number = s.number)
    ORDER BY s.unit_id, s.number
"""
# 1203 is on floor 12: the last two of three or four digits number the door (policies.floor_of).
_FLOOR = (
    "coalesce(s.floor, CASE WHEN s.number ~ '^[0-9]{3,4}[A-Za-z]?$'"
    " THEN nullif(left(s.number, length(substring(s.number FROM '^[0-9]+')) - 2)::smallint, 0) END)"
)
_INSERT_DOORS = f"""
    INSERT INTO door (key, unit_id, unit_kind, unit_lo, number, kind, floor, position, created_at)
    SELECT u.next + n.i - 1, n.unit_id, 90, u.lo, n.number, n.kind, n.floor, n.i, %(at)s
    FROM (SELECT *, row_number() OVER (PARTITION BY unit_id ORDER BY {WALK.removesuffix(", key")}) AS i
          FROM staged_door_new) AS n
    JOIN staged_door_unit u ON u.unit_id = n.unit_id
    ORDER BY u.lo, n.i
"""


def ensure_doors(staged: str, *, at: datetime, floors_from_numbers: bool = True) -> int:
    """See that every door of the staging table `staged (unit_id bigint, number text, floor smallint, ...)` is there.

    A column `kind smallint` is used where there is one (else dwellings). New doors get the next keys of their unit in
    walking order; a door that was ended stands again under its old key. Where `floor` is null it is read from numbers
    such as 1203, unless `floors_from_numbers` is false. Returns how many are new. Raises NumberWrong, WrongParent,
    BlockFull.
    """
    columns = {name for (name,) in db.rows("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass", [staged])}
    _check_staged_doors(staged)
    db.execute("DROP TABLE IF EXISTS staged_door_new")
    db.execute("DROP TABLE IF EXISTS staged_door_unit")
    _hold_units(staged)
    kind = f"coalesce(s.kind, {DoorKind.DWELLING.value})::smallint" if "kind" in columns else "1::smallint"
    with db.cursor() as cursor:  # no parameters: the text holds regular expressions
        cursor.execute(_WANTED.format(staged=staged, kind=kind, floor=_FLOOR if floors_from_numbers else "s.floor"))
    revived = db.execute(
        f"UPDATE door d SET ended_at = NULL FROM {staged} s"
        " WHERE d.unit_id = s.unit_id AND d.number = s.number AND d.ended_at IS NOT NULL"
    )
    _open_units()
    created = db.execute(_INSERT_DOORS, {"at": at})
    _settle_units()
    if revived:
        _count_again(staged)
    return created


def _check_staged_doors(staged: str) -> None:
    bad = db.rows(
        f"SELECT number FROM {staged} WHERE number IS NULL OR length(number) NOT BETWEEN 1 AND %s"
        " OR number ~ '[[:space:]]' LIMIT 1",
        [NUMBER_LENGTH],
    )
    if bad:
        raise NumberWrong(number=bad[0][0] or "")
    wrong = db.rows(
        f"SELECT s.unit_id, p.kind FROM {staged} s LEFT JOIN place p ON p.id = s.unit_id"
        " WHERE p.kind IS DISTINCT FROM %s OR p.ended_at IS NOT NULL LIMIT 1",
        [Kind.UNIT.value],
    )
    if wrong:
        raise WrongParent(kind="-", parent_kind=Kind(wrong[0][1]).label if wrong[0][1] else "-")


def _hold_units(staged: str) -> None:
    """Lock the units, in order of id, against others who give out keys in them."""
    db.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM place WHERE id IN (SELECT unit_id FROM {staged})"
        " ORDER BY id FOR NO KEY UPDATE) AS held"
    )


def _open_units() -> None:
    """The next free key of every unit that gets doors. Raises BlockFull."""
    db.execute(
        """
        CREATE TEMP TABLE staged_door_unit ON COMMIT DROP AS
        SELECT n.unit_id, n.fresh, p.lo, p.doors,
               coalesce((SELECT max(d.key) + 1 FROM door d WHERE d.key >= p.lo AND d.key < p.hi), p.lo) AS next
        FROM (SELECT unit_id, count(*) AS fresh FROM staged_door_new GROUP BY 1) AS n JOIN place p ON p.id = n.unit_id
        """
    )
    full = db.rows("SELECT unit_id FROM staged_door_unit WHERE next + fresh > lo + %s LIMIT 1", [UNIT_SIZE])
    if full:
        raise BlockFull(place=get_place(full[0][0]).name, limit=UNIT_SIZE)
    db.execute("ANALYZE staged_door_new")
    db.execute("ANALYZE staged_door_unit")


def _settle_units() -> None:
    """Count the doors, and bring the walking order of units that had doors before into line."""
    db.execute(
        "UPDATE place p SET doors = p.doors + u.fresh FROM staged_door_unit u WHERE p.id = u.unit_id AND u.fresh > 0"
    )
    db.execute(
        f"""
        UPDATE door d SET position = w.n
        FROM (SELECT key, row_number() OVER (PARTITION BY unit_id ORDER BY {WALK}) AS n FROM door
              WHERE unit_id IN (SELECT unit_id FROM staged_door_unit WHERE next > lo)) AS w
        WHERE d.key = w.key AND d.position <> w.n
        """
    )


def _count_again(staged: str) -> None:
    db.execute(
        f"""
        UPDATE place p SET doors = c.n
        FROM (SELECT unit_id, count(*) FILTER (WHERE ended_at IS NULL) AS n FROM door
              WHERE unit_id IN (SELECT unit_id FROM {staged}) GROUP BY 1) AS c
        WHERE p.id = c.unit_id AND p.doors <> c.n
        """
    )


def store_outlines(rows: Iterable[tuple[int, str, str]]) -> int:
    """Outlines of places that have none yet: (place id, GeoJSON geometry in WGS-84, source). Returns how many.

    The geometry is trusted: what people send goes through the import, which looks at every corner.
    """
    found = list(rows)
    boxes = shapely.bounds(shapely.from_geojson([text for _place, text, _source in found])) if found else []
    columns = [list(column) for column in zip(*boxes, strict=True)] if found else [[], [], [], []]
    db.execute(
        "INSERT INTO place_outline (place_id, geometry, source, west, south, east, north)"
        " SELECT r.place_id, r.geometry::jsonb, r.source, r.west, r.south, r.east, r.north FROM unnest(%s::bigint[],"
        " %s::text[], %s::text[], %s::float8[], %s::float8[], %s::float8[], %s::float8[])"
        " AS r (place_id, geometry, source, west, south, east, north)",
        [
            [place for place, _text, _source in found],
            [text for _place, text, _source in found],
            [source for _place, _text, source in found],
            *([float(value) for value in column] for column in columns),
        ],
    )
    return len(found)
