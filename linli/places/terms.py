"""The words of places, and the two trees they form.

Divisions (province to community) and overlays (area, grids) hold spans of doors for a time; compounds, buildings and
units hold one block of keys for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from linli.core.extents import BUILDING_BITS, COMMUNITY_BITS, COMPOUND_BITS, UNIT_BITS, Extent


class Kind(models.IntegerChoices):
    """Kinds of place; the number is the layer, from the widest to the narrowest. One layer never holds a door twice."""

    PROVINCE = 5, _("province")
    CITY = 10, _("city")
    DISTRICT = 20, _("district")
    STREET = 30, _("street")
    COMMUNITY = 40, _("community")
    AREA = 50, _("area")
    GRID_LARGE = 60, _("large grid")
    GRID = 61, _("grid")
    GRID_SMALL = 62, _("small grid")
    COMPOUND = 70, _("compound")
    BUILDING = 80, _("building")
    UNIT = 90, _("unit")


DIVISIONS = (Kind.PROVINCE, Kind.CITY, Kind.DISTRICT, Kind.STREET, Kind.COMMUNITY)
OVERLAYS = (Kind.AREA, Kind.GRID_LARGE, Kind.GRID, Kind.GRID_SMALL)
PHYSICAL = (Kind.COMPOUND, Kind.BUILDING, Kind.UNIT)

# Which kinds may stand directly under which. A compound has no fixed parent: its community is found by its keys.
PARENTS: dict[Kind, tuple[Kind, ...]] = {
    Kind.PROVINCE: (),
    Kind.CITY: (Kind.PROVINCE,),
    Kind.DISTRICT: (Kind.CITY,),
    Kind.STREET: (Kind.DISTRICT,),
    Kind.COMMUNITY: (Kind.STREET,),
    Kind.AREA: (Kind.DISTRICT, Kind.STREET, Kind.COMMUNITY),
    Kind.GRID_LARGE: (Kind.STREET, Kind.COMMUNITY, Kind.AREA),
    Kind.GRID: (Kind.COMMUNITY, Kind.AREA, Kind.GRID_LARGE),
    Kind.GRID_SMALL: (Kind.COMMUNITY, Kind.AREA, Kind.GRID),
    Kind.COMPOUND: (),
    Kind.BUILDING: (Kind.COMPOUND,),
    Kind.UNIT: (Kind.BUILDING,),
}
# Kinds that cannot stand without a parent. The others may be a root of the tree.
ROOTED = (Kind.PROVINCE, Kind.CITY, Kind.AREA, Kind.GRID_LARGE, Kind.GRID, Kind.GRID_SMALL, Kind.COMPOUND)

# The size of the block of keys that a place of this kind gets, as a power of two.
BLOCK_BITS = {
    Kind.COMMUNITY: COMMUNITY_BITS,
    Kind.COMPOUND: COMPOUND_BITS,
    Kind.BUILDING: BUILDING_BITS,
    Kind.UNIT: UNIT_BITS,
}


# The end of a span that has none. Not NULL, so that a composite foreign key compares it; not infinity, which Python
# cannot hold; not year 9999, which overflows in an eastern time zone.
FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
# Just before: what holds in the end, changes that are planned included.
LAST_MOMENT = FOREVER - timedelta(days=1)


class DoorKind(models.IntegerChoices):
    DWELLING = 1, _("dwelling")
    SHOP = 2, _("shop")
    OFFICE = 3, _("office")
    DORMITORY = 4, _("dormitory room")


NAME_LENGTH = 120
PLACE_CODE = {"data-place-code": "", "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}
"""Attributes of a form's control that takes the code of one place: beside it stands a map to choose the place on."""
NUMBER_LENGTH = 20


@dataclass(frozen=True, slots=True)
class PlaceRef:
    """A place as other rooms see it. `lo`, `hi`: see models.Place; `doors`: of a unit, how many are in use."""

    id: int
    kind: int
    code: str
    name: str
    sort: int
    parent_id: int | None
    lo: int | None
    hi: int | None
    doors: int
    created_at: datetime
    ended_at: datetime | None

    @property
    def kind_label(self) -> str:
        return str(Kind(self.kind).label)

    @property
    def is_physical(self) -> bool:
        return self.kind >= Kind.COMPOUND

    @property
    def block(self) -> Extent:
        """The keys that a compound, building or unit is."""
        if not self.is_physical or self.lo is None or self.hi is None:
            raise ValueError(f"{self.code} is no compound, building or unit")
        return Extent.of([(self.lo, self.hi)])

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class DoorRef:
    """A door as other rooms see it. `floor` None: unknown; `position`: walking order inside its unit."""

    key: int
    unit_id: int
    number: str
    kind: int
    floor: int | None
    position: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlaceCounts:
    """What stands in an extent."""

    compounds: int
    buildings: int
    units: int
    doors: int


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a place that was to be there: its id, its first key, and whether it is new."""

    id: int
    lo: int
    created: bool
