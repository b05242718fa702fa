"""Codes of doors on paper: a sheet a unit, to be cut up and stuck to the doors, or kept in the guard's folder."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linli.core import qr
from linli.core.requests import ActingRequest
from linli.places import queries
from linli.places.codes import list_code_sheets
from linli.places.errors import PlaceUnknown
from linli.places.terms import Kind
from linli.places.views import crumbs_of, get_seen


@require_safe
def codes(request: ActingRequest, code: str) -> HttpResponse:
    """The codes of a unit's doors, or of a building's, in walking order. Raises PlaceUnknown."""
    found = get_seen(request, code)
    if found.kind == Kind.COMPOUND:  # too much for one page: `linli places codes` makes a file of it
        raise PlaceUnknown(place=code)
    site = request.build_absolute_uri("/").rstrip("/")
    context = {
        "place": found,
        "sheets": [
            {
                "unit": sheet.unit,
                "picture": qr.draw_svg(sheet.link),
                "doors": [(each.door, qr.draw_svg(each.link)) for each in sheet.doors],
            }
            for sheet in list_code_sheets(found, site=site, at=request.at)
        ],
        "site": site,
        "where": " ".join(one.name for one in queries.path_of(found.id, request.at) if one.is_physical),
        "crumbs": crumbs_of(found, request.at, _("Door codes")),
    }
    return render(request, "places/codes.html", context)
