"""From one release of the official divisions to the next, from the two files alone (see places/releases.py).

Places whose name, code or parent changed are renamed, recoded or moved; what is new is added; what is gone, or what
the register does not have, is reported and left as it is. Under its old code a place is still found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Problem
from linli.places.allocation import lock_tree
from linli.places.queries.tree import find_place
from linli.places.releases import Comparison, Division, Pair, compare
from linli.places.services.changes import insert_alias, rename_place
from linli.places.services.divisions import add_division
from linli.places.services.moves import move_division
from linli.places.terms import PlaceRef

PERMISSION = "places.import"


@dataclass(frozen=True)
class Line:
    """What became of one line: `result` is created, updated, unchanged or rejected; `what`, `advice` in words."""

    old: Division | None
    new: Division | None
    result: str
    what: str = ""
    advice: str = ""


@dataclass
class Migration:
    """The account: every line of both releases that was compared is in `lines` once."""

    lines: list[Line] = field(default_factory=list)
    outside: int = 0

    def count(self, result: str) -> int:
        return sum(line.result == result for line in self.lines)


class _Undone(Exception):
    """Takes back what a dry run did."""


def migrate_divisions(
    *, old: Iterable[Division], new: Iterable[Division], dry_run: bool, actor: Actor, at: datetime
) -> Migration:
    """Bring the divisions to the new release, in one transaction; a dry run does the same and takes it all back.

    Raises Forbidden.
    """
    actor.require(PERMISSION)
    found = compare(old, new)
    done = Migration(outside=found.outside)
    try:
        with db.owner(), db.atomic():
            lock_tree()
            _carry_out(found, done, actor, at)
            if dry_run:
                raise _Undone
            journal.record(
                actor=actor, at=at, verb="places.migrate_divisions", permission=PERMISSION,
                created=done.count("created"), updated=done.count("updated"), unchanged=done.count("unchanged"),
                rejected=done.count("rejected"),
            )  # fmt: skip
    except _Undone:
        pass
    return done


def _carry_out(found: Comparison, done: Migration, actor: Actor, at: datetime) -> None:
    # Wide before narrow: a street is moved or recoded before its communities look for it.
    for pair in sorted(found.pairs, key=lambda pair: (pair.new.kind, pair.new.code)):
        done.lines.append(_follow(pair, actor, at))
    for one in sorted(found.added, key=lambda one: (one.kind, one.code)):
        done.lines.append(_add(one, actor, at))
    for gone in found.gone:
        hint = found.hints.get(gone.code, "")
        where = _("What stood under it is now under: %(places)s.") % {"places": hint} if hint else ""
        done.lines.append(
            Line(
                gone, None, "rejected", f"{_('Not in the new release.')} {where}".strip(),
                _("Two files do not tell whether it was merged, split or renamed: merge or rename it by hand."),
            )
        )  # fmt: skip


def _follow(pair: Pair, actor: Actor, at: datetime) -> Line:
    old, new = pair.old, pair.new
    place = find_place(old.code) or find_place(new.code)
    if place is None or place.ended_at is not None or place.kind != new.kind:
        return Line(
            old, new, "rejected", _("The register does not have this place."),
            _("Import the divisions of the old release first, or add it."),
        )  # fmt: skip
    try:
        with db.atomic():
            changed = [*_move(place, pair, actor, at), *_recode(place, new, actor, at), *_rename(place, new, actor, at)]
    except Problem as problem:
        return Line(old, new, "rejected", str(problem.detail), str(problem.advice))
    return Line(old, new, "updated" if changed else "unchanged", "、".join(changed))


def _move(place: PlaceRef, pair: Pair, actor: Actor, at: datetime) -> list[str]:
    if not pair.parent_moved:
        return []
    parent = find_place(pair.new.parent_code)
    if parent is None or parent.id == place.parent_id:
        return []
    move_division(place_id=place.id, parent_id=parent.id, actor=actor, at=at)
    return [_("moved to %(place)s") % {"place": parent.name}]


def _recode(place: PlaceRef, new: Division, actor: Actor, at: datetime) -> list[str]:
    if place.code == new.code:
        return []
    if find_place(new.code):
        raise Problem(_("The code %(code)s already stands for another place.") % {"code": new.code})
    db.execute("UPDATE place SET code = %s WHERE id = %s", [new.code, place.id])
    insert_alias(place.id, place.code, since=place.created_at, until=at)
    return [_("code %(code)s") % {"code": new.code}]


def _rename(place: PlaceRef, new: Division, actor: Actor, at: datetime) -> list[str]:
    if place.name == new.name:
        return []
    rename_place(place_id=place.id, name=new.name, actor=actor, at=at)
    return [_("name %(name)s") % {"name": new.name}]


def _add(one: Division, actor: Actor, at: datetime) -> Line:
    if find_place(one.code):
        return Line(None, one, "unchanged")
    parent = find_place(one.parent_code) if one.parent_code else None
    if one.parent_code and parent is None:
        return Line(
            None, one, "rejected", _("The register does not have the place above it."),
            _("Import the divisions of the old release first, or add it."),
        )  # fmt: skip
    try:
        with db.atomic():
            add_division(
                kind=one.kind, code=one.code, name=one.name, parent_id=parent.id if parent else None, actor=actor, at=at
            )
    except Problem as problem:
        return Line(None, one, "rejected", str(problem.detail), str(problem.advice))
    return Line(None, one, "created")
