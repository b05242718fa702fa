"""Suggestions while one types: places and doors, inside what the actor may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from linli.core.requests import ActingRequest
from linli.places import queries

SUGGESTED = 8
LONGEST = 120  # characters of a search


@require_safe
def suggest(request: ActingRequest) -> HttpResponse:
    """The options of a combobox, for htmx. Nothing for an empty box."""
    actor, at = request.actor, request.at
    actor.require("places.view")
    text = request.GET.get("text", "").strip()[:LONGEST]
    found = queries.search(text, actor=actor, at=at, limit=SUGGESTED)
    paths = queries.paths_of([place.id for place in found.places], at)
    options: list[dict[str, Any]] = [
        {
            "url": reverse("places:place", args=[door.unit_code]), "name": door.label,
            "kind": "", "where": "",
        }
        for door in found.doors
    ] + [
        {
            "url": reverse("places:place", args=[place.code]), "name": place.name, "kind": place.kind_label,
            "where": " › ".join(one.name for one in paths[place.id][-3:]),
        }
        for place in found.places
    ]  # fmt: skip
    return render(request, "places/_suggest.html", {"options": options[:SUGGESTED], "text": text})
