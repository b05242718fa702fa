"""Every address: each room brings its own; this is the only place that knows them all."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

ROOMS = {
    "field/": "linli.field.urls",
    "rounds/": "linli.rounds.urls",
    "account/": "linli.accounts.urls",
    "specials/": "linli.notices.urls",
    "duty/": "linli.duty.urls",
    "residents/": "linli.residents.urls",
    "places/": "linli.places.urls",
    "": "linli.desk.urls",
}

urlpatterns: list[URLPattern | URLResolver] = [
    path(prefix, include(module)) for prefix, module in ROOMS.items() if find_spec(module)
]
if find_spec("linli.site.api"):
    from linli.site.api import api

    urlpatterns.insert(0, path("api/", api.urls))

handler400 = "linli.desk.errors.bad_request"
handler403 = "linli.desk.errors.forbidden"
handler404 = "linli.desk.errors.not_found"
handler500 = "linli.desk.errors.server_error"
