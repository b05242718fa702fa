"""From one release of the official divisions to the next, from the two files alone (see places/releases.py).

Places whose name, code or parent changed are renamed, recoded or moved; what is new is added; what is gone, or what
the register does not have, is reported and left as it is. Under its old code a place is still found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.errors import Problem, Text
from linli.core.spoken import filled, joined, say_problem
from linli.places.allocation import lock_tree
from linli.places.queries.tree import extent_of, find_place
from linli.places.releases import Became, By, Comparison, Division, Pair, Register, compare
from linli.places.services.base import require_edit
from linli.places.services.changes import insert_alias, rename_place
from linli.places.services.divisions import add_division
from linli.places.services.moves import move_division
from linli.places.terms import Kind, PlaceRef

PERMISSION = "places.import"
A_STEP = 50  # lines between two words of how far it is
NOT_THERE = _("The register does not have the place above it.")
ADD_IT = _("Import the divisions of the old release first, or add it.")
Watch = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Line:
    """What became of one line: `result` is created, updated, unchanged or rejected; `became` says it more closely, and
    `what`, `advice` in words of the language in which they are read; `by`: how the two were found to be the same place.
    """

    old: Division | None
    new: Division | None
    result: str
    what: Text = ""
    advice: Text = ""
    became: tuple[Became, ...] = (Became.SAME,)
    by: By | None = None

    @property
    def about(self) -> Division:
        """The line as it was, or, where it is new, as it is."""
        one = self.old or self.new
        if one is None:
            raise ValueError("a line of neither release")
        return one


@dataclass
class Migration:
    """The account: every line of both releases that was compared is in `lines` once."""

    lines: list[Line] = field(default_factory=list)
    outside: int = 0

    def count(self, result: str) -> int:
        return sum(line.result == result for line in self.lines)

    def count_became(self) -> dict[str, int]:
        """How many lines became what, in the order of `Became`; a line that is renamed and moved counts as both."""
        counts = Counter(one for line in self.lines for one in line.became)
        return {one.value: counts[one] for one in Became if counts[one]}


class _Undone(Exception):
    """Takes back what a dry run did."""


def migrate_divisions(
    *,
    old: Iterable[Division],
    new: Iterable[Division],
    dry_run: bool,
    actor: Actor,
    at: datetime,
    watch: Watch = lambda *_: None,
) -> Migration:
    """Bring the divisions to the new release, in one transaction; a dry run does the same and takes it all back.

    Lines of cities and districts that the register does not have are outside. Raises Forbidden.
    """
    actor.require(PERMISSION)
    watch(str(_("Comparing")), 0, None)
    found = compare(old, new)
    register = _read_register()
    if register.wide or register.districts:
        found = found.within(register)
    done = Migration(outside=found.outside)
    try:
        with db.owner(), db.atomic():
            lock_tree()
            _carry_out(found, done, actor, at, watch)
            if dry_run:
                db.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what a commit would have found wrong
                raise _Undone
            journal.record(
                actor=actor, at=at, verb="places.migrate_divisions", permission=PERMISSION,
                key=journal.first_key(actor, PERMISSION),
                created=done.count("created"), updated=done.count("updated"), unchanged=done.count("unchanged"),
                rejected=done.count("rejected"),
            )  # fmt: skip
    except _Undone:
        pass
    return done


def _read_register() -> Register:
    rows = db.rows("SELECT kind, code FROM place WHERE kind <= %s AND ended_at IS NULL", [Kind.DISTRICT.value])
    return Register(
        frozenset(code for kind, code in rows if kind != Kind.DISTRICT),
        frozenset(code for kind, code in rows if kind == Kind.DISTRICT),
    )


def _carry_out(found: Comparison, done: Migration, actor: Actor, at: datetime, watch: Watch) -> None:
    # Wide before narrow: a street is moved, recoded or added before its communities look for it. Within a level what is
    # there makes room first for what is new.
    work: list[tuple[int, bool, str, Pair | Division]] = [
        *((pair.new.kind, False, pair.new.code, pair) for pair in found.pairs),
        *((one.kind, True, one.code, one) for one in found.added),
    ]
    for number, (*_order, one) in enumerate(sorted(work, key=lambda step: step[:3])):
        if number % A_STEP == 0:
            watch(str(_("Following each place")), number, len(work))
        done.lines.append(_follow(one, actor, at) if isinstance(one, Pair) else _add(one, actor, at))
    for gone in found.gone:
        hint, homes = found.hints.get(gone.code, ""), found.homes.get(gone.code, 0)
        what: Text = _("Not in the new release.")
        if hint:
            what = joined(" ", [what, filled(_("What stood under it is now under: %(places)s."), places=hint)])
        done.lines.append(
            Line(
                gone, None, "rejected", what,
                _("Two files do not tell whether it was merged, split or renamed: merge or rename it by hand."),
                (Became.SPLIT if homes > 1 else Became.MERGED if homes else Became.GONE,),
            )
        )  # fmt: skip


def _follow(pair: Pair, actor: Actor, at: datetime) -> Line:
    old, new = pair.old, pair.new
    place = find_place(old.code) or find_place(new.code)
    if place is None or place.ended_at is not None or place.kind != new.kind:
        return Line(
            old, new, "rejected", _("The register does not have this place."), ADD_IT, (Became.UNKNOWN,), pair.by,
        )  # fmt: skip
    try:
        with db.atomic():
            changed = {
                Became.MOVED: _move(place, pair, actor, at),
                Became.RECODED: _recode(place, new, actor, at),
                Became.RENAMED: _rename(place, new, actor, at),
            }
    except Problem as problem:
        return Line(old, new, "rejected", *say_problem(problem), (Became.REFUSED,), pair.by)
    became = tuple(one for one, words in changed.items() if words)
    if not became:
        return Line(old, new, "unchanged", by=pair.by)
    return Line(old, new, "updated", joined("、", [words for words in changed.values() if words]), "", became, pair.by)


def _move(place: PlaceRef, pair: Pair, actor: Actor, at: datetime) -> Text:
    """In words what was done, as those that follow; "" for nothing."""
    if not pair.parent_moved:
        return ""
    parent = find_place(pair.new.parent_code)
    if parent is None:
        raise Problem(NOT_THERE, advice=ADD_IT)
    if parent.id == place.parent_id:
        return ""
    move_division(place_id=place.id, parent_id=parent.id, actor=actor, at=at)
    return filled(_("moved to %(place)s"), place=parent.name)


def _recode(place: PlaceRef, new: Division, actor: Actor, at: datetime) -> Text:
    if place.code == new.code:
        return ""
    if find_place(new.code):
        raise Problem(_("The code %(code)s already stands for another place."), code=new.code)
    require_edit(actor, extent_of(place.id, at))
    db.execute("UPDATE place SET code = %s WHERE id = %s", [new.code, place.id])
    insert_alias(place.id, place.code, since=place.created_at, until=at)
    return filled(_("code %(code)s"), code=new.code)


def _rename(place: PlaceRef, new: Division, actor: Actor, at: datetime) -> Text:
    if place.name == new.name:
        return ""
    rename_place(place_id=place.id, name=new.name, actor=actor, at=at)
    return filled(_("name %(name)s"), name=new.name)


def _add(one: Division, actor: Actor, at: datetime) -> Line:
    if find_place(one.code):
        return Line(None, one, "unchanged")
    parent = find_place(one.parent_code) if one.parent_code else None
    if one.parent_code and parent is None:
        return Line(None, one, "rejected", NOT_THERE, ADD_IT, (Became.UNKNOWN,))
    try:
        with db.atomic():
            add_division(
                kind=one.kind, code=one.code, name=one.name, parent_id=parent.id if parent else None, actor=actor, at=at
            )
    except Problem as problem:
        return Line(None, one, "rejected", *say_problem(problem), (Became.REFUSED,))
    return Line(None, one, "created", became=(Became.ADDED,))
