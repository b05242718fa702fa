"""The HTTP API: the rooms' routers under /api/, one way in, one error shape, documentation that needs no internet."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.security import HttpBearer

from linli import __version__
from linli.core.api import PROBLEM_TYPE, FastParser, FastRenderer, act, handle_errors, is_signed_in
from linli.core.imports_api import router as imports_router
from linli.core.jobs_api import router as jobs_router
from linli.core.journal_api import router as journal_router
from linli.places.api_map import router as map_router
from linli.residents.duplicates.api import router as duplicates_router

ROOMS = ("places", "residents", "duty", "accounts", "notices", "rounds", "field")
PROBLEM_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, with a stable code and what to do now.",
    "required": ["type", "title", "status", "detail", "code", "advice", "params"],
    "properties": {
        "type": {"type": "string", "example": "urn:linli:problem:core.forbidden"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "advice": {"type": "string"},
        "params": {"type": "object"},
    },
}


class Bearer(HttpBearer):
    """A token made on the page My account, or by `linli accounts token`. A signed-in page needs none."""

    def __call__(self, request: Any) -> bool:
        return is_signed_in(request)

    def authenticate(self, request: Any, token: str) -> bool:
        return is_signed_in(request)


class LinliAPI(NinjaAPI):
    """Says of every operation in the documentation how it fails: all in one shape.

    The documentation is made once a language: that takes most of a second, and anybody may ask for it.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._schemas: dict[str, OpenAPISchema] = {}
        self._making = Lock()

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        wanted = f"{get_language()} {sorted((name, value) for name, value in options.items() if value)}"
        with self._making:
            if wanted not in self._schemas:
                self._schemas[wanted] = self._make_schema(options)
            return self._schemas[wanted]

    def _make_schema(self, options: dict[str, Any]) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        failure = {
            "description": "A problem",
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].setdefault("default", failure)
        return schema


def build_api() -> NinjaAPI:
    api = LinliAPI(
        title=str(_("Linli")),
        version=__version__,
        urls_namespace="api",
        description=str(_("Reach every household, miss nobody, account for every door.")),
        auth=Bearer(),
        renderer=FastRenderer(),
        parser=FastParser(),
    )
    api.add_decorator(act, mode="view")
    handle_errors(api)
    for room in ROOMS:
        if find_spec(f"linli.{room}.api"):
            api.add_router(f"/{room}", import_module(f"linli.{room}.api").router)
    api.add_router("/residents/duplicates", duplicates_router)
    api.add_router("/places/map", map_router)
    api.add_router("/imports", imports_router)
    api.add_router("/jobs", jobs_router)
    api.add_router("/journal", journal_router)
    return api


api = build_api()
