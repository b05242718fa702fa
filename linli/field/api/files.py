"""The bytes of photos and voice notes over the API: in pieces, each as often as it takes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Query, Schema
from pydantic import Field

from linli.core.access import Actor
from linli.core.api import ApiRequest, permission
from linli.core.field import FileStand, Piece, get_file_store
from linli.core.turns import Turns
from linli.field import keys, queries
from linli.field.api.router import router
from linli.field.errors import KeyMissing, NotJson, OtherAuthor
from linli.field.terms import FILES_AT_ONCE

_turns = Turns(FILES_AT_ONCE)  # photos can wait, marks and pages cannot
_BODY = {
    "requestBody": {
        "required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    }
}  # fmt: skip


class FileStandOut(Schema):
    have: int = Field(description="Bytes that are there, of those that are sent: go on from here.")
    size: int = Field(description="Of the file itself; sealed, 28 more are sent.")
    whole: bool = Field(description="All of it is there, and it is what was announced.")
    server_time: datetime


class PieceQuery(Schema):
    start: int = Field(0, ge=0, lt=2**31, description="Where in what is sent the piece begins.")
    session: UUID | None = Field(None, description="The session under whose key the file was sealed.")
    anew: bool = Field(False, description="Forget what came before.")


@router.get("/files/{file_id}", response=FileStandOut, summary="How much of a photo or voice note is there")
@permission(None)
def get_file_stand(request: ApiRequest, file_id: UUID) -> FileStandOut:
    return _out(get_file_store().find(file_id), request.at)


@router.post(
    "/files/{file_id}", response=FileStandOut, summary="Send a piece of a photo or voice note", openapi_extra=_BODY,
    description="Announced by a command first. At most 64 kB a piece; 20 kB is best. A piece that has come before"
    " changes nothing; one that leaves a gap is 409 and says how much is there. The last one has the whole checked.",
)  # fmt: skip
@permission(None)
def send_piece(request: ApiRequest, file_id: UUID, query: Query[PieceQuery]) -> FileStandOut:
    with _turns.one():
        data = request.body
        length = request.headers.get("Content-Length", "")
        if length.isdecimal() and len(data) < int(length):
            raise NotJson  # cut on the way
        piece = _piece(file_id, query, data, request.actor)
        return _out(get_file_store().take(piece, request.at), request.at)


def _piece(file_id: UUID, query: PieceQuery, data: bytes, caller: Actor) -> Piece:
    """Sealed ones open under their author's key alone, so anybody may bring them; in the clear only the author may.

    Raises OtherAuthor, SessionUnknown, KeyMissing.
    """
    author = get_file_store().find(file_id).account_id
    if query.session is None:
        if author != caller.account_id:
            raise OtherAuthor
        return Piece(file_id, query.start, data, is_anew=query.anew)
    view = queries.get_session(query.session)
    if view.account_id != author:
        raise OtherAuthor
    if not view.has_key:
        raise KeyMissing
    opener = keys.Opener(view)
    return Piece(
        file_id, query.start, data, view.id, lambda sent: opener.open_file(str(file_id), sent), is_anew=query.anew
    )


def _out(stand: FileStand, at: datetime) -> FileStandOut:
    return FileStandOut(have=stand.have, size=stand.size, whole=stand.is_whole, server_time=at)
