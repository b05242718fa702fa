"""Which unit an address of a sheet means. Each different address is resolved once.

Compounds, buildings and units have to be known: a roster says who lives where, not what stands where. What is
not found is rejected with the nearest names; what could mean two things is rejected too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from linli.core import db
from linli.core.access import Actor
from linli.core.extents import EVERYWHERE, Extent, compound_lo
from linli.core.sheets import CellFault
from linli.places import queries as places
from linli.places.policies import match_building, match_compound, match_unit
from linli.places.terms import Kind, PlaceRef
from linli.residents.imports.spec import ADDRESS

IMPORT = "residents.import"
NAMED = 5  # how many near names an advice lists
_TAILS = {
    "district": ("市辖区", "区", "县", "旗"),
    "street": ("街道办事处", "街道办", "街道", "办事处", "镇", "乡"),
    "community": ("社区居民委员会", "社区居委会", "居民委员会", "居委会", "村民委员会", "村委会", "社区", "村"),
}
_COMPOUND = ADDRESS.index("compound")
_KINDS = {"district": Kind.DISTRICT, "street": Kind.STREET, "community": Kind.COMMUNITY}


class Unit(NamedTuple):
    id: int
    lo: int


class AddressFault(NamedTuple):
    """What is wrong with an address: in which field, and how."""

    field: str
    fault: CellFault


@dataclass(slots=True)
class Compound:
    place: PlaceRef
    names: dict[str, str]  # of what it lies in: district, street, community
    former: dict[str, set[str]] = field(default_factory=dict)  # their codes, and names and codes of before, bare
    buildings: dict[str, list[PlaceRef]] = field(default_factory=dict)
    units: dict[int, dict[str, list[PlaceRef]]] = field(default_factory=dict)


def bare_division(kind: str, name: str) -> str:
    """A division's name without the word for its kind: 东街社区居委会, 东街社区 and 东街 are one."""
    text = match_compound(name)
    for tail in _TAILS[kind]:
        if text.endswith(tail) and len(text) > len(tail):
            return text.removesuffix(tail)
    return text


@dataclass
class Addresses:
    """Resolves addresses as they stand at `at`; those outside what `actor` may import into are refused."""

    actor: Actor
    at: datetime
    _known: dict[tuple[str, ...], Unit | AddressFault] = field(default_factory=dict)
    _compounds: dict[int, Compound] = field(default_factory=dict)

    @cached_property
    def held(self) -> Extent:
        return self.actor.extent_for(IMPORT)

    @cached_property
    def _by_name(self) -> dict[str, list[PlaceRef]]:
        found: dict[str, list[PlaceRef]] = defaultdict(list)
        compounds = {place.id: place for place in places.list_inside(EVERYWHERE, Kind.COMPOUND, self.at)}
        for place in compounds.values():
            found[match_compound(place.name)].append(place)
        for place_id, text in db.rows(
            "SELECT a.place_id, a.text FROM place_alias a WHERE a.place_id = ANY(%s)", [list(compounds)]
        ):
            place = compounds[place_id]
            if place not in found[match_compound(text)]:
                found[match_compound(text)].append(place)
        return dict(found)

    def expect(self, addresses: Iterable[tuple[str, ...]]) -> None:
        """Read at once what it takes to resolve these addresses, not compound by compound."""
        names = {match_compound(address[_COMPOUND]) for address in set(addresses) - self._known.keys()}
        self._open(place for name in names for place in self._by_name.get(name, ()))

    def resolve(self, address: tuple[str, ...]) -> Unit | AddressFault:
        """`address` in the order of ADDRESS."""
        known = self._known.get(address)
        if known is None:
            known = self._known[address] = self._find(dict(zip(ADDRESS, address, strict=True)))
        return known

    def _find(self, address: dict[str, str]) -> Unit | AddressFault:
        compound = self._find_compound(address)
        if isinstance(compound, AddressFault):
            return compound
        building = self._find_building(compound, address["building"])
        if isinstance(building, AddressFault):
            return building
        return self._find_unit(compound, building, address["unit"])

    # --- compound ---------------------------------------------------------------------------------

    def _find_compound(self, address: dict[str, str]) -> Compound | AddressFault:
        name = match_compound(address["compound"])
        named = self._by_name.get(name, [])
        if not named:
            return _unknown("compound", _("No compound of this name is known."), self._near(name))
        self._open(named)
        candidates = [self._compounds[place.id] for place in named]
        # A sheet is older than the register: what a division was called before is understood, after what it is called.
        fitting = [one for one in candidates if self._fits(one, address)]
        fitting = fitting or [one for one in candidates if self._fitted(one, address)]
        if not fitting:
            return self._misplaced(candidates, address)
        mine = [one for one in fitting if self._is_held(one)]
        if not mine:
            return AddressFault(
                "compound",
                CellFault(
                    "wrong_district",
                    _("This compound lies outside the places you may import for."),
                    _("Leave the row to the office that answers for it, or correct the compound."),
                ),
            )
        if len(mine) > 1:
            where = "、".join(sorted(one.names["community"] for one in mine)[:NAMED])
            return AddressFault(
                "compound",
                CellFault(
                    "compound_twice",
                    _("Several compounds bear this name."),
                    _fill(_("Add a column 社区 that says which one is meant: {names}."), names=where),
                ),
            )
        return mine[0]

    def _is_held(self, compound: Compound) -> bool:
        block = compound.place.block
        return bool(block & self.held)

    def _fits(self, compound: Compound, address: dict[str, str]) -> bool:
        return all(
            not address[kind] or bare_division(kind, address[kind]) == bare_division(kind, compound.names[kind])
            for kind in _KINDS
        )

    def _fitted(self, compound: Compound, address: dict[str, str]) -> bool:
        return all(
            not address[kind]
            or bare_division(kind, address[kind]) == bare_division(kind, compound.names[kind])
            or bare_division(kind, address[kind]) in compound.former.get(kind, ())
            for kind in _KINDS
        )

    def _misplaced(self, candidates: list[Compound], address: dict[str, str]) -> AddressFault:
        """The compound is known, but not in the district, street or community that the row names."""
        for kind in _KINDS:
            wanted = bare_division(kind, address[kind]) if address[kind] else ""
            names = sorted({one.names[kind] for one in candidates})
            known = {bare_division(kind, name) for name in names}
            known = known.union(*(one.former.get(kind, ()) for one in candidates))
            if wanted and wanted not in known:
                return AddressFault(
                    kind,
                    CellFault(
                        "wrong_place",
                        _("The compound does not lie here."),
                        _fill(
                            _("It lies in {names}. Correct this cell, or the compound."), names="、".join(names[:NAMED])
                        ),
                    ),
                )
        return AddressFault(
            "compound",
            CellFault(
                "wrong_place",
                _("The compound does not lie in the community, street and district of this row."),
                _("Correct the compound, or the columns before it."),
            ),
        )

    def _near(self, name: str) -> list[str]:
        held = {key for key, found in self._by_name.items() if any(place.block & self.held for place in found)}
        near = get_close_matches(name, held, n=NAMED, cutoff=0.5)
        near += sorted(key for key in held if name and (name in key or key in name) and key not in near)
        return [self._by_name[key][0].name for key in near[:NAMED]]

    def _open(self, wanted: Iterable[PlaceRef]) -> None:
        """Read what is not known yet of these compounds: what they lie in, and what stands in them."""
        fresh = {place.id: Compound(place, dict.fromkeys(_KINDS, "")) for place in wanted}
        fresh = {place_id: compound for place_id, compound in fresh.items() if place_id not in self._compounds}
        if not fresh:
            return
        self._compounds |= fresh
        paths = places.paths_of(list(fresh), self.at)
        others = defaultdict(list)
        for above_id, text in places.aliases_of({above.id for path in paths.values() for above in path}):
            others[above_id].append(text)
        for place_id, path in paths.items():
            for kind, code in _KINDS.items():
                for above in path:
                    if above.kind == code:
                        fresh[place_id].names[kind] = above.name
                        texts = [above.code, *others[above.id]]
                        fresh[place_id].former[kind] = {bare_division(kind, text) for text in texts}
        self._fill_in(list(fresh.values()))

    def _fill_in(self, compounds: list[Compound]) -> None:
        by_block = {compound.place.lo: compound for compound in compounds}
        extent = Extent.of(span for compound in compounds for span in compound.place.block)
        for building in places.list_inside(extent, Kind.BUILDING, self.at):
            buildings = by_block[compound_lo(building.lo or 0)].buildings
            buildings.setdefault(match_building(building.name), []).append(building)
        for unit in places.list_inside(extent, Kind.UNIT, self.at):
            inside = by_block[compound_lo(unit.lo or 0)].units.setdefault(unit.parent_id or 0, {})
            inside.setdefault(match_unit(unit.name), []).append(unit)

    # --- building and unit ------------------------------------------------------------------------

    def _find_building(self, compound: Compound, name: str) -> PlaceRef | AddressFault:
        every = [place for found in compound.buildings.values() for place in found]
        if not name:
            if len(every) == 1:
                return every[0]
            return _missing("building", _("The building is missing."), every)
        found = compound.buildings.get(match_building(name), [])
        if len(found) == 1:
            return found[0]
        exact = [place for place in found if place.name == name]
        if len(exact) == 1:
            return exact[0]
        if found:
            return _missing("building", _("Several buildings may be meant."), found)
        return _unknown("building", _("The compound has no such building."), _nearest(match_building(name), every))

    def _find_unit(self, compound: Compound, building: PlaceRef, name: str) -> Unit | AddressFault:
        units = compound.units.get(building.id, {})
        every = [place for found in units.values() for place in found]
        if not name and len(every) != 1:
            return _missing("unit", _("The unit is missing."), every)
        found = units.get(match_unit(name), []) if name else every
        if len(found) != 1:
            exact = [place for place in found if place.name == name]
            if len(exact) != 1:
                return _unknown("unit", _("The building has no such unit."), _nearest(match_unit(name), every))
            found = exact
        lo = found[0].lo or 0
        if lo not in self.held:
            return AddressFault(
                "unit",
                CellFault(
                    "wrong_district",
                    _("This unit lies outside the places you may import for."),
                    _("Leave the row to the office that answers for it, or correct the address."),
                ),
            )
        return Unit(found[0].id, lo)


def _nearest(name: str, every: list[PlaceRef]) -> list[str]:
    names = [place.name for place in sorted(every, key=lambda place: (place.sort, place.name))]
    near = get_close_matches(name, names, n=NAMED, cutoff=0.4)
    return near + [other for other in names if other not in near][: NAMED - len(near)]


def _unknown(name: str, message: Any, near: list[str]) -> AddressFault:
    if near:
        advice: str | Promise = _fill(
            _("Nearest names: {names}. Correct the cell, or add the place first."), names="、".join(near)
        )
    else:
        advice = _("Correct the cell, or add the place first.")
    return AddressFault(name, CellFault(f"{name}_unknown", message, advice))


def _missing(name: str, message: Any, every: list[PlaceRef]) -> AddressFault:
    if not every:
        return _unknown(name, message, [])
    names = [place.name for place in sorted(every, key=lambda place: (place.sort, place.name))][:NAMED]
    advice = _fill(_("Say which one: {names}."), names="、".join(names))
    return AddressFault(name, CellFault(f"{name}_missing", message, advice))


def _fill(text: Any, **values: str) -> Promise:
    filled: Promise = format_lazy(text, **values)
    return filled
