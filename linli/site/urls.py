"""Every address: each room brings its own; this is the only place that knows them all."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"linli.{room}.urls"))
    for room in ("rounds", "duty", "residents", "places", "desk")
    if find_spec(f"linli.{room}.urls")
]
