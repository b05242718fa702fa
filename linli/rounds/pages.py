"""What the board of a round is drawn from: a place, its figures and those of what lies under it, in one statement.

All figures are narrowed three ways: the place, the scope of the round, and the doors where the reader holds
`rounds.view`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from linli.core.access import Actor
from linli.core.errors import Forbidden
from linli.core.extents import EVERYWHERE, NOWHERE, Extent, unite
from linli.duty import queries as duty
from linli.duty.terms import LEAD_OF, Level, Role
from linli.places import queries as places
from linli.places.terms import OVERLAYS, Kind, PlaceRef
from linli.rounds import policies, queries
from linli.rounds.queries import RoundView
from linli.rounds.terms import Figures, RoundState

OVERLAY_LAYERS = [kind.value for kind in OVERLAYS]
NAMED = 2  # of several who answer for a place
LABELS = 3  # doors, places ... that are named before "and n more"


@dataclass(frozen=True)
class Reach:
    """Where somebody looks: a place (None: the whole round), its doors in the round; `narrowed`: not all of them."""

    place: PlaceRef | None
    path: list[PlaceRef]
    extent: Extent
    narrowed: bool
    moment: datetime  # as of when places hold their doors: a closed round is read as it was


@dataclass(frozen=True)
class Line:
    """One place under the place that is looked at."""

    place: PlaceRef
    figures: Figures

    @property
    def is_drawn(self) -> bool:
        """Whether the place has a picture of its doors."""
        return self.place.kind in (Kind.BUILDING, Kind.UNIT)


@dataclass(frozen=True)
class Board:
    """The figures of a reach and of places of one kind under it, worst first; recent is since `recent_from`."""

    figures: Figures
    lines: list[Line]
    kind: Kind | None
    kinds: list[Kind]
    recent_from: datetime
    at: datetime

    @property
    def expected_end(self) -> datetime | None:
        """None when nothing was done lately."""
        return policies.expected_end(self.figures, self.figures.recent, self.at - self.recent_from, self.at)

    @property
    def version(self) -> tuple[object, ...]:
        """Changes when the board does: its figures, and every ten minutes what counts as recent."""
        return (self.figures, self.recent_from, [(line.place.id, line.figures) for line in self.lines])


def moment_of(round_: RoundView, at: datetime) -> datetime:
    return round_.closed_at or at


def find_reach(round_: RoundView, code: str, permission: str, *, actor: Actor, at: datetime) -> Reach:
    """The doors of a place that are in the round and where the actor holds `permission`.

    Without a code: the narrowest place that holds all that the actor may see of the round.
    Raises PlaceUnknown, Forbidden.
    """
    moment = moment_of(round_, at)
    seen, scope = actor.extent_for(permission), queries.scope_of(round_.id)
    if not seen:
        raise Forbidden(permission=permission)
    place = places.get_place(code) if code else _narrowest(seen & scope, moment)
    if place is None:
        return Reach(None, [], seen & scope, not scope <= seen, moment)
    doors = places.extent_of(place.id, moment)
    if not doors & seen:
        raise Forbidden(permission=permission)
    return Reach(place, places.path_of(place.id, moment), doors & scope & seen, not doors & scope <= seen, moment)


def _narrowest(extent: Extent, moment: datetime) -> PlaceRef | None:
    if not extent or extent == EVERYWHERE:
        return None
    holders = places.places_of_key(extent.spans[0].lo, moment)
    spans = places.extents_of([place.id for place in holders], moment)
    fitting = [place for place in holders if extent <= spans[place.id] and place.kind > Kind.PROVINCE]
    return max(fitting, key=lambda place: place.kind, default=None)


def get_board(round_: RoundView, reach: Reach, at: datetime, *, by: int | None = None) -> Board:
    """The figures of a reach and of what lies under it. `by`: the kind of places to list where there are several."""
    children = places.list_children(reach.place.id, reach.moment) if reach.place else places.list_roots(reach.moment)
    kinds = sorted({Kind(child.kind) for child in children})
    kind = _choose(kinds, by)
    shown = [child for child in children if child.kind == kind]
    held = places.extents_of([child.id for child in shown], reach.moment)
    parts = [held[child.id] & reach.extent for child in shown]
    # What lies under none of them (doors that are in no grid, say) still counts for the whole.
    rest = reach.extent - unite(parts)
    counted = queries.list_figures(round_id=round_.id, parts=[*parts, rest], at=at)
    lines = [Line(child, figures) for child, figures in zip(shown, counted, strict=False) if figures.due]
    lines.sort(key=lambda line: (-line.figures.open, line.place.sort, line.place.name))
    return Board(
        figures=sum(counted, Figures()),
        lines=lines,
        kind=kind,
        kinds=kinds,
        recent_from=policies.bucket_start(queries.recent_from(at), at),
        at=at,
    )


def descend_to_choice(round_: RoundView, reach: Reach, *, actor: Actor, at: datetime) -> Reach:
    """Down while one place alone holds all of the reach: told from spans, before anything is counted."""
    while True:
        at_hand = reach.moment
        children = places.list_children(reach.place.id, at_hand) if reach.place else places.list_roots(at_hand)
        chosen = _choose(sorted({Kind(child.kind) for child in children}), None)
        held = places.extents_of([child.id for child in children if child.kind == chosen], reach.moment)
        sole = [child for child in children if child.id in held and reach.extent <= held[child.id]]
        sole = [child for child in sole if child.kind < Kind.BUILDING]
        if len(sole) != 1:
            return reach
        reach = find_reach(round_, sole[0].code, "rounds.view", actor=actor, at=at)


def descend(round_: RoundView, reach: Reach, board: Board, *, actor: Actor, at: datetime) -> tuple[Reach, Board]:
    """Down to the first place under which there is a choice: a district of one street says no more than the street."""
    while len(board.lines) == 1 and board.lines[0].figures.due == board.figures.due:
        place = board.lines[0].place
        if place.kind >= Kind.BUILDING:
            break
        reach = find_reach(round_, place.code, "rounds.view", actor=actor, at=at)
        board = get_board(round_, reach, at)
    return reach, board


def _choose(kinds: Sequence[Kind], by: int | None) -> Kind | None:
    """The kind asked for; else divisions or buildings before grids, which may leave doors out."""
    for kind in kinds:
        if kind == by:
            return kind
    return next((kind for kind in kinds if kind not in OVERLAYS), kinds[0] if kinds else None)


@dataclass(frozen=True)
class WorstUnit:
    """A unit that needs a walk, with where it is."""

    place: PlaceRef
    where: str  # compound and building
    answers: str  # who answers for it; "" when nobody was appointed
    building: str  # code
    open: int
    doors_open: int


def list_worst(round_: RoundView, reach: Reach, limit: int = 6) -> list[WorstUnit]:
    """The units with the most people still open, with their names: three statements, however many."""
    found = queries.list_worst_units(round_id=round_.id, extent=reach.extent, limit=limit)
    units = places.get_places([unit.place_id for unit in found])
    paths = places.paths_of(list(units), reach.moment)
    names = list_answering(list(units.values()), reach.moment)
    worst = []
    for unit in found:
        above = [place for place in paths[unit.place_id] if place.is_physical]
        where = " ".join(place.name for place in above)
        named = names.get(unit.place_id, "")
        worst.append(WorstUnit(units[unit.place_id], where, named, above[-1].code, unit.open, unit.doors_open))
    return worst


def list_answering(shown: Sequence[PlaceRef], at: datetime) -> dict[int, str]:
    """Names of those who answer for each place itself, by place id; places where nobody does are left out.

    Where only a deputy stands in, that is said. One statement.
    """
    return {place_id: name for place_id, level in _levels(shown, at).items() if (name := _say(level))}


def _levels(shown: Sequence[PlaceRef], at: datetime) -> dict[int, Level]:
    return duty.find_leads([place.id for place in shown], at) if shown else {}


def _say(level: Level) -> str:
    if level.holders:
        return "、".join(one.name for one in level.holders[:NAMED])
    return _("%(name)s (stands in)") % {"name": level.deputies[0].name} if level.deputies else ""


def is_led(place: PlaceRef) -> bool:
    """Whether the place is one that somebody has to answer for: without a name its post is vacant."""
    return place.kind in LEAD_OF


@dataclass(frozen=True)
class Lead:
    """Who is to be turned to for a stairwell. `name` "": nobody at all; `vacant`: its own post is."""

    role: str
    name: str
    vacant: bool


def list_leads(units: Sequence[PlaceRef], at: datetime) -> dict[int, Lead]:
    """The nearest who answers for each unit, by its id: its lead, else the building's, the grid's, the area's.

    One statement for a whole page.
    """
    keys = {unit.id: unit.lo for unit in units if unit.lo is not None}
    chains = duty.find_answering(keys.values(), at, layers=OVERLAY_LAYERS) if keys else {}
    found = {}
    for unit_id, key in keys.items():
        nearest, own = chains[key].nearest, chains[key].level(Role.UNIT_LEAD)
        role, name = (nearest.role_label, nearest.name) if nearest else ("", "")
        found[unit_id] = Lead(role, name, own.acting is None)
    return found


def get_curve(round_: RoundView, reach: Reach, at: datetime) -> list[tuple[datetime, int]]:
    """Done in each ten minutes from the first to the last, with noughts between; at most the last 24 hours with any."""
    found = queries.get_curve(round_id=round_.id, extent=reach.extent)
    if not found:
        return []
    last = found[-1][0]
    counted = {moment: n for moment, n in found if moment > last - timedelta(hours=24)}
    moment, points = min(counted), []
    while moment <= last:
        points.append((moment.astimezone(at.tzinfo), counted.get(moment, 0)))
        moment += timedelta(minutes=10)
    return points


@dataclass(frozen=True)
class RoundLine:
    """A round in the list, with the figures that its reader may see; None while it is a draft."""

    round: RoundView
    figures: Figures | None
    scope_seen: bool


def list_lines(*, actor: Actor, at: datetime, limit: int = 60) -> list[RoundLine]:
    """The rounds that reach into the actor's places: the open first, then the newest."""
    return [_line(round_, actor, at) for round_ in queries.list_rounds(actor=actor, limit=limit)]


def _line(round_: RoundView, actor: Actor, at: datetime) -> RoundLine:
    seen, scope = actor.extent_for("rounds.view"), queries.scope_of(round_.id)
    figures = figures_for(round_, scope, seen, at) if round_.opened_at is not None else None
    return RoundLine(round_, figures, scope <= seen)


def look_at_worst(*, actor: Actor, at: datetime, limit: int = 20) -> tuple[list[RoundLine], RoundLine, Board] | None:
    """The open rounds that reach into the actor's places, the one that misses most, and its board; None without any.

    A round that stands alone is counted once: its board covers the very doors that its line is about.
    """
    found = queries.list_rounds(actor=actor, state=RoundState.OPEN, limit=limit)
    if not found:
        return None
    if len(found) == 1:
        board, whole = _descend_from_top(found[0], actor=actor, at=at)
        seen, scope = actor.extent_for("rounds.view"), queries.scope_of(found[0].id)
        only = RoundLine(found[0], whole, scope <= seen)
        return [only], only, board
    lines = [_line(round_, actor, at) for round_ in found]
    worst = max(lines, key=lambda line: line.figures.open if line.figures else 0)
    return lines, worst, _descend_from_top(worst.round, actor=actor, at=at)[0]


def _descend_from_top(round_: RoundView, *, actor: Actor, at: datetime) -> tuple[Board, Figures]:
    """The board of the first place under which there is a choice, and the figures of all that the actor may see."""
    reach = find_reach(round_, "", "rounds.view", actor=actor, at=at)
    reach = descend_to_choice(round_, reach, actor=actor, at=at)
    board = get_board(round_, reach, at)
    return descend(round_, reach, board, actor=actor, at=at)[1], board.figures


def figures_for(round_: RoundView, scope: Extent, seen: Extent, at: datetime) -> Figures:
    """From the certificate where it covers the same doors, else counted."""
    if round_.certificate and scope <= seen:
        names = ("due", "done", "exempt", "absent", "refused", "doors_due", "doors_open")
        return Figures(**{name: int(round_.certificate[name]) for name in names})
    return queries.get_figures(round_id=round_.id, extent=scope & seen, at=at)


def list_scope_names(scope: Extent, moment: datetime) -> tuple[list[str], int]:
    """What a scope covers, in words: its communities (else compounds), the first few by name, and how many."""
    named = places.list_divisions(scope, Kind.COMMUNITY, moment) if scope != NOWHERE else []
    if len(named) <= 1:
        named = places.list_inside(scope, Kind.COMPOUND, moment, limit=500) or named
    return [place.name for place in named[:LABELS]], len(named)
