"""Codes of doors on paper: a sheet a unit, to be cut up and stuck to the doors, or kept in the guard's folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.core import qr
from linli.core.requests import ActingRequest
from linli.places import queries
from linli.places.errors import PlaceUnknown
from linli.places.terms import Kind, PlaceRef
from linli.places.views import crumbs_of, get_seen

# Read by the phone app (linli/field/app/src/work/codes.ts). Once printed they hang on doors for years: never changed.
DOOR, UNIT = "/field/#/d/", "/field/#/u/"


@require_safe
def codes(request: ActingRequest, code: str) -> HttpResponse:
    """The codes of a unit's doors, or of a building's, in walking order. A code holds the address of a door in the
    phone app, by its key: nothing of who lives there. Raises PlaceUnknown.
    """
    found = get_seen(request, code)
    if found.kind not in (Kind.BUILDING, Kind.UNIT) or found.ended_at is not None:
        raise PlaceUnknown(place=code)
    units = [found] if found.kind == Kind.UNIT else queries.list_children(found.id, request.at)
    site = request.build_absolute_uri("/").rstrip("/")
    context = {
        "place": found,
        "sheets": list(_sheets(units, site)),
        "site": site,
        "where": " ".join(one.name for one in queries.path_of(found.id, request.at) if one.is_physical),
        "crumbs": crumbs_of(found, request.at, _("Door codes")),
    }
    return render(request, "places/codes.html", context)


def _sheets(units: list[PlaceRef], site: str) -> Iterator[dict[str, Any]]:
    for unit in units:
        doors = queries.list_doors(unit.id)
        if doors:
            yield {
                "unit": unit,
                "picture": qr.draw_svg(f"{site}{UNIT}{quote(unit.code)}"),
                "doors": [(door, qr.draw_svg(f"{site}{DOOR}{door.key}")) for door in doors],
            }
