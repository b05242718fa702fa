"""Places: search, one place, and what changes it."""

from __future__ import annotations

from linli.places.terms import Kind, PlaceRef
from tests.site.access.desk import NO_JOB
from tests.site.access.endpoint import ALL, ANYWHERE, BEYOND, PART, SIGNED_IN, Endpoint, fixed
from tests.site.access.world import Target, World

# A form that came through the gate, and was refused for what it says.
THROUGH = frozenset({200, 201, 302, 409, 422})


def wide(target: Target) -> PlaceRef:
    """A place something can be added under: the community or street itself, of the child its building."""
    return target.building if target.relation == "child" else target.place


def unit(target: Target) -> PlaceRef:
    """Doors are added to units; of the street around, to one that is not the caller's."""
    return target.beside if target.relation == "parent" else target.unit


def mover(target: Target) -> PlaceRef:
    """Compounds move between communities, streets between districts."""
    return target.place if target.relation == "parent" else target.compound


UNDER = {Kind.BUILDING: Kind.UNIT, Kind.COMMUNITY: Kind.COMPOUND, Kind.STREET: Kind.COMMUNITY}


def add_form(world: World, target: Target) -> dict[str, object]:
    kind = UNDER[Kind(wide(target).kind)]
    return {"kind": kind.value, "name": "新地点", "code": "150102009001" if kind == Kind.COMMUNITY else ""}


def add_json(world: World, target: Target) -> dict[str, object]:
    form = add_form(world, target)
    kind = Kind(int(str(form["kind"]))).name.lower()
    return {"kind": kind, "name": "新地点", "under": wide(target).code, "code": form["code"]}


def move_to(world: World, target: Target) -> dict[str, object]:
    """Where it already is: through the gate, it says so."""
    if target.relation == "parent":
        return {"to": world.district.code}
    home = world.targets["own" if target.relation == "child" else target.relation]
    return {"to": home.place.code}


def move_away(world: World, target: Target) -> dict[str, object]:
    """From here to a community beside, or from there to here: nobody here answers for both."""
    if target.relation == "parent":
        return {"to": world.far_district.code}
    inside = target.relation in ("own", "child")
    return {"to": world.targets["sibling" if inside else "own"].place.code}


def take_json(world: World, target: Target) -> dict[str, object]:
    """A compound of the street goes from the one community to the other: nobody here answers for both."""
    own, sibling = world.targets["own"], world.targets["sibling"]
    inside = target.relation in ("own", "child")
    piece, to = (own.compound, sibling.place) if inside else (sibling.compound, own.place)
    return {"kind": "community", "takes": [{"pieces": [piece.code], "to": to.code}]}


ENDPOINTS = [
    Endpoint("GET places:index", "places.view", ANYWHERE, lambda w, t: "/places/?text=小区"),
    Endpoint("GET places:place", "places.view", PART, lambda w, t: f"/places/{t.place.code}/"),
    Endpoint("GET places:add", "places.edit", ALL, lambda w, t: f"/places/{wide(t).code}/add/"),
    Endpoint("POST places:add", "places.edit", ALL, lambda w, t: f"/places/{wide(t).code}/add/", add_form),
    Endpoint("GET places:rename", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/rename/"),
    Endpoint(
        "POST places:rename", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/rename/",
        lambda w, t: {"name": "新名字"},
    ),
    Endpoint("GET places:move", "places.edit", ALL, lambda w, t: f"/places/{mover(t).code}/move/"),
    Endpoint(
        "POST places:move", "places.edit", ALL, lambda w, t: f"/places/{mover(t).code}/move/", move_to,
        passes=THROUGH,
    ),
    Endpoint("GET places:doors", "places.edit", ALL, lambda w, t: f"/places/{unit(t).code}/doors/"),
    Endpoint(
        "POST places:doors", "places.edit", ALL, lambda w, t: f"/places/{unit(t).code}/doors/",
        lambda w, t: {"numbers": "901 902"},
    ),
    Endpoint("GET places:end", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/end/"),
    Endpoint(
        "POST places:end", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/end/",
        lambda w, t: {"name": t.place.name}, passes=THROUGH,
    ),
    Endpoint("GET places:codes", "places.view", PART, lambda w, t: f"/places/{t.building.code}/codes/"),
    Endpoint("GET places:pick", "places.view", PART, lambda w, t: f"/places/pick/?under={t.place.code}"),
    Endpoint("GET places:suggest", "places.view", ANYWHERE, lambda w, t: "/places/suggest/?text=小区"),
    Endpoint("GET places:redraw", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/redraw/"),
    Endpoint(
        "POST places:redraw", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/redraw/",
        lambda w, t: {"how": "new", "name": "新片", "piece": t.compound.id}, passes=THROUGH,
    ),
    Endpoint(
        "POST places:drawn", "places.edit", ALL, lambda w, t: f"/places/{t.place.code}/drawn/",
        lambda w, t: {"area": "111.6, 40.8\n111.7, 40.8\n111.7, 40.9"}, only_reads=True,
    ),
    Endpoint("GET places:redrawing", "places.edit", ALL, lambda w, t: f"/places/redrawings/{t.redrawing}/"),
    Endpoint(
        "POST places:undo-redrawing", "places.edit", ALL, lambda w, t: f"/places/redrawings/{t.redrawing}/undo/",
        lambda w, t: {},
    ),
    Endpoint("GET places:release", "places.import", ANYWHERE, lambda w, t: "/places/release/"),
    Endpoint(
        "POST places:release", "places.import", ANYWHERE, lambda w, t: "/places/release/", lambda w, t: {},
        passes=frozenset({400}),
    ),
    # Work is shown to whoever asked for it alone.
    Endpoint(
        "GET places:release-job", None, SIGNED_IN, lambda w, t: f"/places/release/{NO_JOB}/", passes=frozenset({404})
    ),
    *(
        Endpoint(f"{method} places:release-{page}", None, SIGNED_IN,
                 fixed(f"/places/release/{NO_JOB}/{page}/"), passes=frozenset({404}))
        for method, page in (("GET", "report"), ("POST", "take"), ("POST", "discard"))
    ),
    Endpoint(
        "POST /api/places/redrawings/new", "places.edit", BEYOND, lambda w, t: "/api/places/redrawings/new",
        take_json,
    ),
    Endpoint(
        "POST /api/places/redrawings/{number}/undo", "places.edit", ALL,
        lambda w, t: f"/api/places/redrawings/{t.redrawing}/undo", lambda w, t: {}, passes=frozenset({204, 409}),
    ),
    Endpoint("GET /api/places", "places.view", ANYWHERE, lambda w, t: "/api/places"),
    Endpoint(
        "GET /api/places/search", "places.view", PART, lambda w, t: f"/api/places/search?text=楼&under={t.place.code}"
    ),
    Endpoint(
        "GET /api/places/search/doors", "places.view", PART,
        lambda w, t: f"/api/places/search/doors?text=1-1-101&under={t.place.code}",
    ),
    Endpoint(
        "GET /api/places/{code}", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}"
    ),
    Endpoint(
        "GET /api/places/{code}/children", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}/children"
    ),
    Endpoint(
        "GET /api/places/{code}/doors", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}/doors"
    ),
    Endpoint(
        "GET /api/places/{code}/codes", "places.view", PART, lambda w, t: f"/api/places/{t.building.code}/codes"
    ),
    Endpoint(
        "GET /api/places/{code}/outline", "places.view", PART, lambda w, t: f"/api/places/{t.place.code}/outline"
    ),
    Endpoint(
        "GET /api/places/map/shapes", "places.view", PART,
        lambda w, t: f"/api/places/map/shapes?level=compound&under={t.place.code}",
    ),
    Endpoint(
        "POST /api/places/map/select", "places.view", PART, lambda w, t: "/api/places/map/select",
        lambda w, t: {"area": "111.6, 40.8\n111.7, 40.8\n111.7, 40.9", "under": t.place.code}, only_reads=True,
    ),
    Endpoint("POST /api/places", "places.edit", ALL, lambda w, t: "/api/places", add_json),
    Endpoint(
        "PATCH /api/places/{code}", "places.edit", ALL, lambda w, t: f"/api/places/{t.place.code}",
        lambda w, t: {"name": "新名字"},
    ),
    Endpoint(
        "POST /api/places/{code}/move", "places.edit", BEYOND, lambda w, t: f"/api/places/{mover(t).code}/move",
        move_away,
    ),
    Endpoint(
        "POST /api/places/{code}/doors", "places.edit", ALL, lambda w, t: f"/api/places/{unit(t).code}/doors",
        lambda w, t: {"numbers": ["901", "902"]},
    ),
]  # fmt: skip
