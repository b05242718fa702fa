"""The places that a sheet of the chain names: by code, or by the names of everything they lie in."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from linli.core.extents import Extent
from linli.duty.imports.spec import NARROW_TO_WIDE, normal
from linli.places import policies as naming
from linli.places import queries as places
from linli.places.terms import Kind, PlaceRef

_TAIL = re.compile(
    "(社区居民委员会|社区居委会|社区村委会|居民委员会|居委会|村民委员会|村委会|嘎查委员会|社区|嘎查|村)$"
)
Named = dict[tuple[int, str], list[PlaceRef]]  # (what it lies in or -1, name) -> all that it may be
_GRIDS = (Kind.GRID_LARGE, Kind.GRID, Kind.GRID_SMALL)


def stem(name: str) -> str:
    """星火巷 of 星火巷社区居委会."""
    name = normal(name)
    return _TAIL.sub("", name) or name


class Ground:
    """Every place in an extent, found by the names that people give it."""

    def __init__(self, held: Extent, at: datetime) -> None:
        self.named: dict[str, dict[tuple[int, str], list[PlaceRef]]] = {
            one: defaultdict(list) for one in NARROW_TO_WIDE
        }
        self.by_code: dict[str, PlaceRef] = {}
        self._formerly: dict[tuple[str, int, str], list[PlaceRef]] = defaultdict(list)  # no present name comes second
        self._added: dict[int, tuple[str, int, Callable[[str], str], PlaceRef]] = {}
        communities = places.list_divisions(held, Kind.COMMUNITY, at)
        areas = places.list_divisions(held, Kind.AREA, at)
        grids = [grid for kind in _GRIDS for grid in places.list_divisions(held, kind, at)]
        self.extents = places.extents_of([one.id for one in (*communities, *areas, *grids)], at)
        spans = sorted((lo, hi, one.id) for one in communities for lo, hi in self.extents[one.id])
        self._los, self._spans = [lo for lo, _, _ in spans], spans
        for one in communities:
            self._add("community", 0, stem, one)
        for name, overlays in (("area", areas), ("grid", grids)):
            for one in overlays:
                self._add(name, self._community(self.extents[one.id]), normal, one)
        for one in places.list_inside(held, Kind.COMPOUND, at):
            self._add("compound", self._community(one.block), naming.match_compound, one)
        for one in places.list_inside(held, Kind.BUILDING, at):
            self._add("building", one.parent_id or 0, naming.match_building, one)
        for one in places.list_inside(held, Kind.UNIT, at):
            self._add("unit", one.parent_id or 0, naming.match_unit, one)
        for kind in (Kind.STREET, Kind.DISTRICT, Kind.CITY):
            self.by_code |= {one.code: one for one in places.list_divisions(held, kind, at)}
        self._add_former()

    def extent(self, place: PlaceRef, at: datetime) -> Extent:
        if place.is_physical:
            return place.block
        if place.id not in self.extents:
            self.extents[place.id] = places.extent_of(place.id, at)
        return self.extents[place.id]

    def _add(self, name: str, under: int, match: Callable[[str], str], place: PlaceRef) -> None:
        text = match(place.name)
        self.named[name][under, text].append(place)
        self.named[name][-1, text].append(place)  # when nothing above is said
        self.by_code[place.code] = place
        self._added[place.id] = (name, under, match, place)

    def _add_former(self) -> None:
        """Names and codes that the places bore before: sheets are older than the register."""
        known = {one.id: one for one in self.by_code.values()}
        codes: dict[str, set[PlaceRef]] = defaultdict(set)
        for place_id, text in places.aliases_of(known):
            if places.is_like_code(text):
                codes[text].add(known[place_id])
            if place_id in self._added:
                name, under, match, place = self._added[place_id]
                for above in (under, -1):
                    self._formerly[name, above, match(text)].append(place)
        self.by_code = {text: next(iter(ones)) for text, ones in codes.items() if len(ones) == 1} | self.by_code

    def _community(self, extent: Extent) -> int:
        """The community that holds the first key of an extent; 0 for none."""
        if not extent:
            return 0
        key = extent.spans[0].lo
        at = bisect_right(self._los, key) - 1
        return self._spans[at][2] if at >= 0 and key < self._spans[at][1] else 0

    def find(self, values: Mapping[str, Any]) -> tuple[str, list[PlaceRef]]:
        """The narrowest place that a row names: the field that names it, and all that it may be.

        The field is the one at fault when the list does not hold exactly one.
        """
        if values.get("code"):
            found = self.by_code.get(str(values["code"]).strip())
            return "code", [found] if found else []
        under = [-1]
        field, found_ = "community", list[PlaceRef]()
        if values.get("community"):
            found_ = self._communities(str(values["community"]))
            if len(found_) != 1:
                return "community", found_
            under = [found_[0].id]
        for name in ("area", "grid"):
            if values.get(name):
                field, found_ = name, self._all(name, under, normal(str(values[name])))
        if not any(values.get(name) for name in ("compound", "building", "unit")):
            return field, found_
        for name, match in (
            ("compound", naming.match_compound), ("building", naming.match_building), ("unit", naming.match_unit),
        ):  # fmt: skip
            if not values.get(name):
                break
            field, found_ = name, self._all(name, under, match(str(values[name])))
            if len(found_) != 1:
                return field, found_
            under = [found_[0].id]
        narrower = {"compound": ("building", "unit"), "building": ("unit",), "unit": ()}.get(field, ("compound",))
        skipped = next((name for name in narrower if values.get(name)), None)
        return (field, found_) if skipped is None else (_above(skipped), [])

    def _communities(self, text: str) -> list[PlaceRef]:
        exact = self.by_code.get(text.strip())
        if exact is not None and exact.kind == Kind.COMMUNITY:
            return [exact]
        found = self._all("community", [0], stem(text))
        return [one for one in found if normal(one.name) == normal(text)] or found

    def _all(self, name: str, under: list[int], text: str) -> list[PlaceRef]:
        found = [place for above in under for place in self.named[name].get((above, text), ())]
        former = (place for above in under for place in self._formerly.get((name, above, text), ()))
        return found or list(dict.fromkeys(former))


def _above(name: str) -> str:
    """The column that is missing when a row names a unit without its building."""
    return {"unit": "building", "building": "compound"}[name]
