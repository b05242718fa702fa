"""Carrying a worked-out change of boundaries out: places made and ended, spans closed and opened, the way back kept.

Everything here runs under `lock_tree`, in the caller's transaction.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from linli.core import db, events
from linli.core.access import Actor
from linli.core.extents import Extent, unite
from linli.places.allocation import Ledger, lock_tree
from linli.places.errors import ChangedSince, RegridUndone
from linli.places.events import Redrawn
from linli.places.keys import store_keys
from linli.places.layouts import Change, Holding, Layout
from linli.places.queries.regrids import get_regrid, latest_layout
from linli.places.queries.tree import get_place
from linli.places.services.base import insert_place, record, require_edit
from linli.places.services.changes import insert_alias
from linli.places.services.overlays import next_code
from linli.places.services.regrid import open_chain, pieces_within
from linli.places.terms import FOREVER, Kind, PlaceRef


def carry_out(change: Change, at: datetime) -> dict[int, int]:
    """Write a change. Returns the ids of the places it made, by their ids in the change."""
    made = {id: _make(one, change, at) for id, one in change.after.items() if id < 0}
    after = {made.get(id, id): _settled(one, made) for id, one in change.after.items()}
    if change.kind == Kind.COMMUNITY:
        for id in made.values():
            after[id] = replace(after[id], extent=after[id].extent | _reserve(id, at))
    _end_and_name(change, made)
    apply(change.before, after, change.since)
    for line in change.lines:
        if line.ends:
            _leave_alias(line.holding, [made.get(one, one) for one in change.successors[line.holding.id]], change.since)
    return made


def _settled(one: Holding, made: dict[int, int]) -> Holding:
    return replace(one, id=made.get(one.id, one.id), parent_id=made.get(one.parent_id or 0, one.parent_id))


def _make(one: Holding, change: Change, at: datetime) -> int:
    parent = get_place(one.parent_id or 0)
    kind = Kind(one.kind)
    code = one.code or (_next_division_code(parent) if kind == Kind.COMMUNITY else next_code(kind, parent))
    sort = int(code[-3:]) if kind == Kind.COMMUNITY else None
    return insert_place(kind=kind, code=code, name=one.name, parent=parent, at=min(at, change.since), sort=sort).id


def _reserve(community_id: int, at: datetime) -> Extent:
    """Keys for the compounds that a new community will get."""
    ledger = Ledger.load(at)
    row = ledger.grant(community_id, 1)
    ledger.write()
    db.execute("UPDATE place SET lo = %s, hi = %s WHERE id = %s", [row.lo, row.hi, community_id])
    return Extent.of([(row.lo, row.hi)])


def _next_division_code(street: PlaceRef) -> str:
    """The next free one from 900 on, which official codes do not reach: the office's own until there is an official."""
    taken = {code for (code,) in db.rows("SELECT code FROM place WHERE code LIKE %s", [f"{street.code}9%"])}
    return next(code for n in range(900, 10_000) if (code := f"{street.code}{n}") not in taken)


def _end_and_name(change: Change, made: dict[int, int]) -> None:
    """End what holds nothing any more; put what comes along under its new parent, with a name of its own there."""
    ended = [line.holding.id for line in change.lines if line.ends]
    db.execute("UPDATE place SET ended_at = %s WHERE id = ANY(%s)", [change.since, ended])
    for line in change.inner:
        if line.ends:
            db.execute("UPDATE place SET ended_at = %s WHERE id = %s", [change.since, line.holding.id])
        elif line.before and line.before.parent_id != line.holding.parent_id:
            _bring_along(line.holding, line.before, made)


def _bring_along(one: Holding, before: Holding, made: dict[int, int]) -> None:
    parent_id = made.get(one.parent_id or 0, one.parent_id)
    beside = db.scalar(
        "SELECT 1 FROM place WHERE parent_id = %s AND kind = %s AND name = %s AND ended_at IS NULL",
        [parent_id, one.kind, one.name],
    )
    db.execute("UPDATE place SET parent_id = %s WHERE id = %s", [parent_id, one.id])
    if beside:
        name = f"{get_place(before.parent_id or 0).name} {one.name}"[:120]
        store_keys([name])
        db.execute("UPDATE place SET name = %s WHERE id = %s", [name, one.id])


def apply(before: Layout, after: Layout, at: datetime) -> None:
    """Close the newest spans of all places and open those of `after`. Parents have been set already."""
    ids = sorted({*before, *after})
    kinds = sorted({one.kind for one in (*before.values(), *after.values())})
    for kind in reversed(kinds):
        params = [ids, kind, FOREVER, at]
        # A span that began at this very moment never held.
        db.execute(
            "DELETE FROM place_span WHERE place_id = ANY(%s) AND kind = %s AND until = %s AND since = %s", params
        )
        db.execute("UPDATE place_span SET until = %s WHERE place_id = ANY(%s) AND kind = %s AND until = %s",
                   [at, ids, kind, FOREVER])  # fmt: skip
    for kind in kinds:
        for one in after.values():
            if one.kind == kind and one.extent:
                _open(one, at)


def _open(one: Holding, at: datetime) -> None:
    spans = pieces_within(one.extent, one.parent_id) if one.parent_id else list(one.extent.spans)
    open_chain(spans, [(one.id, one.kind)], one.parent_id, at)


def _leave_alias(gone: Holding, heirs: list[int], until: datetime) -> None:
    """Under its code and name the place that is gone leads to who took over."""
    since = get_place(gone.id).created_at
    for heir in heirs:
        for text in (gone.code, gone.name):
            if text != get_place(heir).name:
                insert_alias(heir, text, former_id=gone.id, since=since, until=until)


def store(change: Change, made: dict[int, int], *, actor: Actor, at: datetime) -> int:
    """Keep both layouts, and leave the journal's entry. Returns the number of the change."""
    known = latest_layout([made.get(id, id) for id in change.after])
    layouts = [
        {str(id): one.as_json() for id, one in change.before.items()},
        {str(id): one.as_json() for id, one in known.items()},
    ]
    number: int = db.scalar(
        "INSERT INTO place_regrid (kind, since, made_at, made_by, before, after)"
        " VALUES (%s, %s, %s, %s, %s::jsonb, %s::jsonb) RETURNING id",
        [
            change.kind.value,
            change.since,
            at,
            actor.account_id,
            *(json.dumps(one, ensure_ascii=False) for one in layouts),
        ],
    )
    biggest = max(change.lines, key=lambda line: len(line.will))
    place = get_place(made.get(biggest.holding.id, biggest.holding.id))
    record(
        place, "regrid", actor=actor, at=at, number=number, since=change.since.isoformat(),
        before=[line.before.code for line in change.lines if line.before],
        after=[known[made.get(id, id)].code for id, one in change.after.items() if one.extent],
    )  # fmt: skip
    return number


def undo_regrid(*, number: int, actor: Actor, at: datetime) -> None:
    """Take a change back: from now on (or from its beginning, if that is still to come) all is as before.

    What held in between stays on record. Raises RegridUnknown, RegridUndone, ChangedSince, Forbidden.
    """
    with db.atomic():
        lock_tree()
        found = get_regrid(number)
        if found.undone_at is not None:
            raise RegridUndone
        require_edit(actor, found.change.extent)
        now = latest_layout(found.after)
        for id, one in found.after.items():
            if now[id] != one:
                raise ChangedSince(place=now[id].name)
        _revive(found.before, found.after, max(at, found.since))
        apply(found.after, _whole(found.before, found.after), max(at, found.since))
        db.execute(
            "UPDATE place_regrid SET undone_at = %s, undone_by = %s WHERE id = %s", [at, actor.account_id, number]
        )
        # The first grids of a ground took over from none.
        largest = max((found.before or found.after).values(), key=lambda one: len(one.extent))
        place = get_place(largest.id)
        record(place, "undo_regrid", actor=actor, at=at, extent=found.change.extent, number=number)
        fresh = {id: tuple(found.before) for id in found.after if id not in found.before}
        ids = tuple(sorted({*found.before, *found.after}))
        events.publish(Redrawn(place_ids=ids, ended=fresh, since=max(at, found.since), at=at))


def _whole(before: Layout, after: Layout) -> Layout:
    """`before`; what the change gave out for the first time (a new community's reserve) goes to the largest."""
    if not before:
        return before
    layer = min(one.kind for one in before.values())
    more = unite(one.extent for one in after.values() if one.kind == layer and one.id not in before)
    more -= unite(one.extent for one in before.values() if one.kind == layer)
    if layer != Kind.COMMUNITY or not more:
        return before
    largest = max((one for one in before.values() if one.kind == layer), key=lambda one: len(one.extent))
    return before | {largest.id: replace(largest, extent=largest.extent | more)}


def _revive(before: Layout, after: Layout, at: datetime) -> None:
    """Places as they were: the ended stand again, the new end, parents and names are the old ones."""
    db.execute("DELETE FROM place_alias WHERE former_id = ANY(%s) AND place_id = ANY(%s)", [list(before), list(after)])
    for one in before.values():
        db.execute(
            "UPDATE place SET ended_at = NULL, parent_id = %s, name = %s WHERE id = %s",
            [one.parent_id, one.name, one.id],
        )
    fresh = [id for id in after if id not in before]
    db.execute("UPDATE place SET ended_at = greatest(%s, created_at) WHERE id = ANY(%s)", [at, fresh])
