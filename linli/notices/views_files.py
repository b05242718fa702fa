"""Photos and voice notes on the desk: lists on the pages of doors, people, special situations; the file itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from linli.core.access import Actor
from linli.core.requests import ActingRequest
from linli.notices import file_queries, files
from linli.notices.terms import FileContent

# Browsers show a picture or recording in a small page of their own making.
POLICY = (
    "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)


def door_panel(actor: Actor, _at: datetime, key: int) -> dict[str, object] | None:
    found = file_queries.list_files_at(key, actor=actor)
    return {"files": found} if found else None


def person_panel(actor: Actor, _at: datetime, person_id: int) -> dict[str, object] | None:
    found = file_queries.list_files_of(person_id, actor=actor)
    return {"files": found} if found else None


@never_cache
@require_safe
def show(request: ActingRequest, file_id: UUID) -> HttpResponse:
    """The file itself. Looking at it is journalled."""
    return answer_file(files.look_at_file(file_id=file_id, actor=request.actor, at=request.at))


def answer_file(found: FileContent) -> HttpResponse:
    return HttpResponse(
        found.data,
        content_type=found.media_type,
        headers={
            "Content-Disposition": str(content_disposition_header(False, found.name)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Accept-Ranges": "none",
            "Cache-Control": "no-store, private",
        },
    )
