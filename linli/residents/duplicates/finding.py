"""The job that looks for duplicates in an extent and puts them on the list. What was decided stays decided."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

from linli.core import db, jobs, journal
from linli.core.access import SYSTEM, Actor
from linli.core.errors import Forbidden
from linli.core.extents import Extent
from linli.core.linkage import Likeness, find_alike
from linli.places import queries as places
from linli.residents.duplicates.model import PEOPLE, sounds_of
from linli.residents.terms import LEAST_CERTAINTY, LIVING, EntryKind, Presence

FIND = "residents.find_duplicates"
MERGE = "residents.merge"
EVERY = timedelta(days=1)
CHUNK = 100_000  # people read at once
COMPARED = [Presence.PRESENT.value, Presence.AWAY.value, Presence.MOVED_OUT.value]
# Hashes stand for the sealed numbers: nothing is unsealed to be compared.
_READ = """
    SELECT id, household_id, key, name, to_char(born_on, 'YYYYMMDD'), nullif(sex, 0), encode(id_hash, 'hex'),
           encode(phone_hash, 'hex'), nullif(relation, ''), presence
    FROM person p WHERE presence = ANY(%s) AND {reach} ORDER BY key, id
"""
_KEEP = """
    INSERT INTO duplicate (kind, left_id, right_id, left_key, right_key, certainty, agreement, found_at, verdict)
    SELECT %s, l, r, lk, rk, c, a::jsonb, %s, 'open'
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::float8[], %s::text[])
        AS x (l, r, lk, rk, c, a)
    ON CONFLICT (kind, left_id, right_id) DO UPDATE
        SET left_key = excluded.left_key, right_key = excluded.right_key, certainty = excluded.certainty,
            agreement = excluded.agreement, found_at = excluded.found_at
"""


def request_find(*, place_id: int | None = None, actor: Actor, at: datetime) -> jobs.Job:
    """Ask for the search over a place, as far as it is the actor's (None: over all that is): a job, because everybody
    in it is read. Raises Forbidden.
    """
    held = actor.extent_for(MERGE)
    if not held or (place_id is not None and not places.extent_of(place_id, at) & held):
        raise Forbidden(permission=MERGE)
    params = {} if place_id is None else {"place_id": place_id}
    return jobs.enqueue(kind=FIND, params=params, actor=actor, at=at)


def find_every_night(at: datetime) -> None:
    """Ask for the search over everything. On the schedule of the worker."""
    request_find(actor=SYSTEM, at=at)


@jobs.job_kind(FIND)
def _find_job(run: jobs.Run) -> dict[str, Any]:
    place_id = run.params.get("place_id")
    held = run.actor.extent_for(MERGE)
    reach = held if place_id is None else places.extent_of(place_id, run.at) & held
    return find_duplicates(reach=reach, actor=run.actor, at=run.at, watch=run.progress)


def find_duplicates(*, reach: Extent, actor: Actor, at: datetime, watch: jobs.Watch) -> dict[str, int]:
    """Compare everybody in `reach` with everybody in it and renew the list of what may be one: people, households.

    Pairs that nobody decided and that are no longer alike leave the list. Runs as the owner. Raises Forbidden.
    """
    actor.require(MERGE, reach)
    with db.owner():
        watch("", 0, None)
        people = _read_people(reach)
        count = len(people["id"])
        found = [one for one in find_alike(people, PEOPLE, least=LEAST_CERTAINTY) if _can_be(people, one)]
        watch("", count, count)
        with db.atomic():
            _keep(EntryKind.PERSON, _pairs(people, found), reach, at)
            homes = _alike_homes(people, found)
            _keep(EntryKind.HOUSEHOLD, homes, reach, at)
            journal.record(
                actor=actor, at=at, verb=FIND, permission=MERGE, key=reach.spans[0].lo if reach else 0,
                people=count, found=len(found), households=len(homes),
            )  # fmt: skip
    return {"people": count, "found": len(found), "households": len(homes)}


def _read_people(reach: Extent) -> dict[str, pa.ChunkedArray]:
    """Columns of everybody in the extent, with what their names sound like."""
    import pyarrow as pa  # loaded where it is used, like splink: every command would pay for it

    names = ("id", "household", "key", "name", "born", "sex", "id_number", "phone", "relation", "presence")
    kinds = {
        name: pa.string() if name in ("name", "born", "id_number", "phone", "relation") else pa.int64()
        for name in names
    }
    kinds |= {"sound": pa.string(), "soft": pa.string()}
    chunks: dict[str, list[pa.Array]] = {name: [] for name in kinds}
    for rows in _chunks(_READ.format(reach=reach.where("p.key")), [COMPARED]):
        columns: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True), strict=True))
        sounds = [sounds_of(name) for name in columns["name"]]
        columns["sound"], columns["soft"] = [one for one, _ in sounds], [one for _, one in sounds]
        for name, kind in kinds.items():
            chunks[name].append(pa.array(columns[name], kind))
    made = {name: pa.chunked_array(arrays, kinds[name]) for name, arrays in chunks.items()}
    keys = made["key"].to_numpy()
    return made | {
        "unit": pa.chunked_array([pa.array(keys >> 11)]),
        "compound": pa.chunked_array([pa.array(keys >> 28)]),
    }


def _chunks(sql: str, params: Sequence[Any]) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, CHUNK at a time, from one snapshot."""
    with db.atomic(), db.connection().chunked_cursor() as cursor:
        cursor.execute(sql, params)
        while rows := cursor.fetchmany(CHUNK):
            yield rows


def _can_be(people: dict[str, pa.ChunkedArray], one: Likeness) -> bool:
    """Of two of whom nobody lives anywhere it does not matter any more."""
    presence = people["presence"]
    return presence[one.left].as_py() in LIVING or presence[one.right].as_py() in LIVING


Pair = tuple[int, int, int, int, float, str]  # ids, the lower first, their keys, certainty, agreement as JSON


def _pair(left: int, right: int, left_key: int, right_key: int, certainty: float, agreement: dict[str, Any]) -> Pair:
    if left > right:
        left, right, left_key, right_key = right, left, right_key, left_key
    return left, right, left_key, right_key, certainty, json.dumps(agreement)


def _pairs(people: dict[str, pa.ChunkedArray], found: Sequence[Likeness]) -> list[Pair]:
    ids, keys = people["id"], people["key"]
    return [
        _pair(ids[one.left].as_py(), ids[one.right].as_py(), keys[one.left].as_py(), keys[one.right].as_py(),
              one.certainty, one.levels)
        for one in found
    ]  # fmt: skip


def _alike_homes(people: dict[str, pa.ChunkedArray], found: Sequence[Likeness]) -> list[Pair]:
    """Two households behind one door of which the smaller's people are in the other too.

    As certain as its people are on the average; who has no counterpart counts as nothing.
    """
    homes, keys, presence = (people[name].to_pylist() for name in ("household", "key", "presence"))
    best: dict[tuple[int, int], dict[int, float]] = defaultdict(dict)
    door: dict[tuple[int, int], int] = {}
    for one in found:  # the most certain first
        pair = (homes[one.left], homes[one.right])
        lives = presence[one.left] in LIVING and presence[one.right] in LIVING
        if not lives or pair[0] == pair[1] or keys[one.left] != keys[one.right]:
            continue
        pair = (min(pair), max(pair))
        door[pair] = keys[one.left]
        for person in (one.left, one.right):
            best[pair].setdefault(person, one.certainty)
    sizes: dict[int, int] = defaultdict(int)
    for home, state in zip(homes, presence, strict=True):
        sizes[home] += state in LIVING
    made = []
    for (left, right), sure in best.items():
        smaller = left if sizes[left] <= sizes[right] else right
        certainty = sum(value for person, value in sure.items() if homes[person] == smaller) / sizes[smaller]
        if certainty >= LEAST_CERTAINTY:
            pairs = {"people": len(sure) // 2}
            made.append(_pair(left, right, door[left, right], door[left, right], certainty, pairs))
    return made


def _keep(kind: EntryKind, pairs: Sequence[Pair], reach: Extent, at: datetime) -> None:
    columns = [list(column) for column in zip(*pairs, strict=True)] if pairs else [[]] * 6
    db.execute(_KEEP, [kind, at, *columns])
    db.execute(
        f"DELETE FROM duplicate d WHERE kind = %s AND verdict = 'open' AND found_at < %s"
        f" AND {reach.where('d.left_key')} AND {reach.where('d.right_key')}",
        [kind, at],
    )
