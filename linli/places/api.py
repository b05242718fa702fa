"""HTTP API of places: the tree, search, adding and changing places."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query, Router, Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.places import queries, services
from linli.places.api_regrid import router as redrawings
from linli.places.codes import list_code_sheets
from linli.places.terms import Kind, PlaceRef

router = Router(tags=["places"])
router.add_router("", redrawings)


class PlaceLine(Schema):
    code: str
    name: str
    kind: str = Field(description="province, city, district, street, community, area, grid, compound, building, unit")

    @classmethod
    def of(cls, place: PlaceRef) -> PlaceLine:
        return cls(code=place.code, name=place.name, kind=Kind(place.kind).name.lower())


class PlaceCountsOut(Schema):
    compounds: int
    buildings: int
    units: int
    doors: int


class PlaceOut(PlaceLine):
    path: list[PlaceLine] = Field(description="What it lies in, the widest first.")
    spans: list[list[int]] = Field(description="The door keys it holds now: [lo, hi) each.")
    counts: PlaceCountsOut
    ended: bool


class PlaceFoundOut(PlaceLine):
    path: list[PlaceLine]


class DoorOut(Schema):
    key: int
    number: str
    floor: int | None
    kind: int
    position: int


class DoorCodeOut(Schema):
    key: int
    number: str
    link: str = Field(description="What the code on the door holds.")


class CodeSheetOut(Schema):
    unit: str = Field(description="Code of the stairwell.")
    name: str
    where: str = Field(description="Compound and building.")
    link: str = Field(description="What the code at the stairwell holds.")
    doors: list[DoorCodeOut] = Field(description="In walking order.")


class SearchQuery(Schema):
    text: str = Field(min_length=1, max_length=120, description="Name, part of a name, code; several words narrow.")
    under: str = Field("", description="Code of a place: only inside of it.")
    limit: int = Field(20, ge=1, le=200)


class DoorFoundOut(Schema):
    key: int
    number: str
    unit: str = Field(description="Code of the stairwell.")
    label: str = Field(description="Compound, building, stairwell, number.")


class PlaceIn(Schema):
    kind: str
    name: str
    under: str = Field("", description="Code of the place it stands under.")
    code: str = Field("", description="Divisions need one; the others get one made.")
    holds: list[str] = Field([], description="Of an area or grid: codes of what belongs to it.")


class RenameIn(Schema):
    name: str


class MovePlaceIn(Schema):
    to: str = Field(description="Code of the community, street or district it goes to.")


class DoorsIn(Schema):
    numbers: list[str] = Field(min_length=1, max_length=2048)


def _seen(request: ApiRequest, code: str) -> PlaceRef:
    place = queries.get_place(code)
    queries.require_sight(place, request.actor, request.at)
    return place


def _out(request: ApiRequest, place: PlaceRef) -> PlaceOut:
    counts = queries.counts_of([place.id], request.at)[place.id]
    return PlaceOut(
        **PlaceLine.of(place).dict(),
        path=[PlaceLine.of(one) for one in queries.path_of(place.id, request.at)],
        spans=[list(span) for span in queries.extent_of(place.id, request.at)],
        counts=PlaceCountsOut(
            compounds=counts.compounds, buildings=counts.buildings, units=counts.units, doors=counts.doors
        ),
        ended=place.ended_at is not None,
    )


@router.get("", response=list[PlaceLine], summary="The widest places")
@permission("places.view")
def list_roots(request: ApiRequest) -> list[PlaceLine]:
    return [PlaceLine.of(place) for place in queries.list_roots(request.at)]


@router.get("/search", response=list[PlaceFoundOut], summary="Search by name, part of a name, or code")
@permission("places.view")
def search(request: ApiRequest, query: Annotated[SearchQuery, Query()]) -> list[PlaceFoundOut]:
    within = queries.extent_of(_seen(request, query.under).id, request.at) if query.under else None
    found = queries.search_places(query.text, actor=request.actor, at=request.at, limit=query.limit, within=within)
    paths = queries.paths_of([place.id for place in found], request.at)
    return [
        PlaceFoundOut(**PlaceLine.of(place).dict(), path=[PlaceLine.of(one) for one in paths[place.id]])
        for place in found
    ]


@router.get("/search/doors", response=list[DoorFoundOut], summary="Search doors as one says them: 阳光 3-2-1203")
@permission("places.view")
def search_doors(request: ApiRequest, query: Annotated[SearchQuery, Query()]) -> list[DoorFoundOut]:
    within = queries.extent_of(_seen(request, query.under).id, request.at) if query.under else None
    found = queries.search(query.text, actor=request.actor, at=request.at, limit=query.limit, within=within)
    return [
        DoorFoundOut(key=door.key, number=door.number, unit=door.unit_code, label=door.label) for door in found.doors
    ]


@router.get("/{code}", response=PlaceOut, summary="One place: path, spans, counts")
@permission("places.view")
def get_place(request: ApiRequest, code: str) -> PlaceOut:
    return _out(request, _seen(request, code))


@router.get("/{code}/children", response=list[PlaceLine], summary="What stands directly under a place")
@permission("places.view")
def list_children(request: ApiRequest, code: str) -> list[PlaceLine]:
    return [PlaceLine.of(place) for place in queries.list_children(_seen(request, code).id, request.at)]


@router.get("/{code}/doors", response=list[DoorOut], summary="The doors of a unit, in walking order")
@permission("places.view")
def list_doors(request: ApiRequest, code: str) -> list[Any]:
    return list(queries.list_doors(_seen(request, code).id))


@router.get(
    "/{code}/codes",
    response=list[CodeSheetOut],
    summary="What the codes on the doors of a compound, building or unit hold",
)
@permission("places.view")
def list_codes(request: ApiRequest, code: str) -> list[CodeSheetOut]:
    site = request.build_absolute_uri("/")
    return [
        CodeSheetOut(
            unit=sheet.unit.code, name=sheet.unit.name, where=sheet.where, link=sheet.link,
            doors=[DoorCodeOut(key=each.door.key, number=each.door.number, link=each.link) for each in sheet.doors],
        )
        for sheet in list_code_sheets(_seen(request, code), site=site, at=request.at)
    ]  # fmt: skip


@router.get("/{code}/outline", response=dict[str, Any], summary="The outline as a GeoJSON feature, WGS-84")
@permission("places.view")
def get_outline(request: ApiRequest, code: str) -> dict[str, Any]:
    place = _seen(request, code)
    found = queries.find_outline(place.id)
    return {
        "type": "Feature",
        "properties": {"code": place.code, "name": place.name, "source": found["source"] if found else ""},
        "geometry": found["geometry"] if found else None,
    }


@router.post("", response={201: PlaceOut}, summary="Add a place")
@permission("places.edit")
def add_place(request: ApiRequest, data: PlaceIn) -> Status[PlaceOut]:
    parent = queries.get_place(data.under) if data.under else None
    place = services.add_place(
        kind=services.read_kind(data.kind), name=data.name, parent=parent, code=data.code, holds=data.holds,
        actor=request.actor, at=request.at,
    )  # fmt: skip
    return Status(201, _out(request, place))


@router.patch("/{code}", response=PlaceOut, summary="Rename a place")
@permission("places.edit")
def rename_place(request: ApiRequest, code: str, data: RenameIn) -> PlaceOut:
    place = queries.get_place(code)
    return _out(request, services.rename_place(place_id=place.id, name=data.name, actor=request.actor, at=request.at))


@router.post("/{code}/move", response=PlaceOut, summary="Move a compound or division")
@permission("places.edit")
def move_place(request: ApiRequest, code: str, data: MovePlaceIn) -> PlaceOut:
    place, target = queries.get_place(code), queries.get_place(data.to)
    return _out(request, services.move_place(place=place, target=target, actor=request.actor, at=request.at))


@router.post("/{code}/doors", response={201: list[DoorOut]}, summary="Add doors to a unit")
@permission("places.edit")
def add_doors(request: ApiRequest, code: str, data: DoorsIn) -> Status[list[Any]]:
    unit = queries.get_place(code)
    made = services.add_doors(unit_id=unit.id, numbers=data.numbers, actor=request.actor, at=request.at)
    return Status(201, list(made))
