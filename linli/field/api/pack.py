"""The work pack over the API: tagged, compressed."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import parse_etags
from ninja import Query, Schema
from pydantic import Field

from linli.core.api import ApiRequest, permission
from linli.field import pack
from linli.field.api.router import router

SMALL = 600  # bytes, below which compressing saves nothing
LEVEL = 6


class PackQuery(Schema):
    cursor: str = Field("", description="That of the last pack: only what changed since.")
    place: str = Field("", max_length=40, description="Code of a place: only the doors of it.")


class SectionOut(Schema):
    all: bool = Field(description="The rows replace all there are.")
    within: list[list[int]] = Field(description="Spans of doors whose rows are replaced.")
    drop: list[Any] = Field(description="Ids of rows that go.")
    put: list[dict[str, Any]]


class PackOut(Schema):
    cursor: str
    issued_at: datetime
    server_time: datetime
    until: datetime = Field(description="When the phone forgets what is personal, unless it has heard from us.")
    full: bool = Field(description="Everything there is; else what changed since the cursor.")
    extent: list[list[int]] = Field(description="The caller's doors: spans of keys.")
    gone: list[list[int]] = Field(description="Spans of doors that are no longer the caller's.")
    sections: dict[str, SectionOut]
    personal: dict[str, list[str]] = Field(description="Fields that are kept encrypted on the phone, by section.")


@router.get(
    "/pack", response={200: PackOut, 304: None}, summary="The work pack: everything, or what changed",
    description="At most 5,000 people. Sent gzipped to whoever takes it. With the cursor of the last pack and its ETag"
    " in If-None-Match: 304 when nothing changed.",
)  # fmt: skip
@permission("residents.view")
def get_pack(request: ApiRequest, query: Query[PackQuery]) -> HttpResponseBase:
    found = pack.read_pack(cursor=query.cursor, place=query.place, actor=request.actor, at=request.at)
    response: HttpResponse
    had = pack.etag_of(query.cursor)
    if not found.is_new and had in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
        response["ETag"] = had
    else:
        response = _compressed(request, found.body)
        response["ETag"] = found.etag
    patch_cache_control(response, private=True, no_cache=True)
    patch_vary_headers(response, ["Authorization", "Cookie", "Accept-Language", "Accept-Encoding"])
    return response


def _compressed(request: ApiRequest, body: bytes) -> HttpResponse:
    if len(body) < SMALL or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return HttpResponse(body, content_type="application/json")
    response = HttpResponse(gzip.compress(body, LEVEL, mtime=0), content_type="application/json")
    response["Content-Encoding"] = "gzip"
    return response
