"""Sending work and asking for receipts: the operations, and the short road of a token (linli/core/shortcut.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Schema
from pydantic import AwareDatetime, Field

from linli.core.access import Knock
from linli.core.api import ApiRequest, permission
from linli.core.field import read_uuid
from linli.core.shortcut import shortcut
from linli.core.turns import Turns
from linli.field import queries, sync
from linli.field.api.router import router
from linli.field.api.sessions import KeyIn
from linli.field.errors import NotJson
from linli.field.reading import expand
from linli.field.terms import BATCHES_AT_ONCE, BATCHES_IN_LINE, MOST_COMMANDS, MOST_RECEIPTS


class CommandIn(Schema):
    """Work done at a door, frozen when it was done."""

    id: UUID
    kind: str
    at: AwareDatetime | int = Field(description="By the phone's own clock. A number: milliseconds since 1970.")
    device_seq: int = Field(0, ge=0, lt=2**53)
    offset_ms: int | None = Field(None, description="To be added to `at`, as far as known then.")
    pack_at: AwareDatetime | int | None = Field(None, description="`issued_at` of the pack the phone had then.")
    payload: dict[str, Any]


class BoxIn(Schema):
    """A command in its box: the JSON `[kind, at, payload, offset_ms, pack_at]`, or an object of these names, in
    AES-256-GCM under the session's key, additional data `<session>|<id>|<device_seq>`."""

    id: UUID
    device_seq: int = Field(0, ge=0, lt=2**53)
    nonce: str = Field(description="12 bytes, base64.")
    box: str = Field(description="Base64 of the ciphertext and its tag.")


class ClearBatchIn(Schema):
    device_now: AwareDatetime | None = None
    commands: list[CommandIn] = Field(max_length=MOST_COMMANDS)


class SealedBatchIn(Schema):
    session: UUID
    device_now: AwareDatetime | None = None
    key: KeyIn | None = Field(None, description="Where the session's key has not been registered yet.")
    sealed: list[BoxIn] = Field(max_length=MOST_COMMANDS)


class FieldResultOut(Schema):
    id: Any = Field(description="As it was sent.")
    result: str = Field(description="accepted, known, refused, conflict")
    code: str = ""
    message: str = ""
    advice: str = ""
    retry: bool = Field(False, description="Of refused ones: send it again as it is, after the others.")
    given: dict[str, Any] = Field(default_factory=dict)
    yours: dict[str, Any] = Field(default_factory=dict)
    theirs: dict[str, Any] = Field(default_factory=dict)


class FieldResultsOut(Schema):
    server_time: datetime
    results: list[FieldResultOut]


class FieldReceiptOut(Schema):
    id: UUID
    result: str = Field(description="known, unknown")
    given: dict[str, Any] = Field(default_factory=dict)


class PhoneReceiptsOut(Schema):
    server_time: datetime
    results: list[FieldReceiptOut]


class FieldReceiptsIn(Schema):
    ids: list[UUID] = Field(max_length=MOST_RECEIPTS)


def _body(*schemas: type[Schema]) -> dict[str, Any]:
    """The bodies are read by hand, because this is where phones by the thousand come: described here all the same."""
    options = [inline(schema.model_json_schema()) for schema in schemas]
    schema = options[0] if len(options) == 1 else {"oneOf": options}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def inline(schema: dict[str, Any]) -> dict[str, Any]:
    """The same without references into itself: it is put into a larger document."""
    definitions = schema.pop("$defs", {})

    def resolve(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolve(definitions[value["$ref"].rsplit("/", 1)[1]])
            return {name: resolve(part) for name, part in value.items()}
        return [resolve(part) for part in value] if isinstance(value, list) else value

    found: dict[str, Any] = resolve(schema)
    return found


@router.post(
    "/sync", response=FieldResultsOut, summary="Send work", openapi_extra=_body(ClearBatchIn, SealedBatchIn),
    description="At most 64 kB and 500 commands, also when it comes with `Content-Encoding: gzip`, which is best; on a"
    " poor line at most 20 kB then. Each command has a fate of its own, answered in its place; its id makes it count"
    " once. It is judged by what its author might do when it was done.",
)  # fmt: skip
@permission(None)
def send(request: ApiRequest) -> HttpResponse:
    body = sync.take_batch(_sent(request), caller=request.actor, at=request.at)
    return HttpResponse(body, content_type="application/json")


@router.post(
    "/handed", response=FieldResultsOut, summary="Send work that another session sealed",
    openapi_extra=_body(SealedBatchIn),
    description="One's own of an earlier sign-in, or somebody else's that was handed over: it counts as its author's,"
    " and the journal names both.",
)  # fmt: skip
@permission(None)
def send_handed(request: ApiRequest) -> HttpResponse:
    body = sync.take_batch(_sent(request), caller=request.actor, at=request.at, is_handed=True)
    return HttpResponse(body, content_type="application/json")


def _sent(request: ApiRequest) -> bytes:
    return expand(request.body, request.headers.get("Content-Encoding", ""))


@shortcut("/api/field/(sync|handed)", turns=Turns(BATCHES_AT_ONCE, BATCHES_IN_LINE), expand=expand)
def take_at_once(which: str, body: bytes, knock: Knock) -> bytes:
    """Both outside of any transaction: each set of commands is one of its own."""
    return sync.take_batch(body, caller=knock.actor, at=knock.at, is_handed=which == "handed")


@router.get("/receipts", response=PhoneReceiptsOut, summary="What became of commands")
@permission(None)
def get_receipts(request: ApiRequest, ids: str = "") -> PhoneReceiptsOut:
    """`ids`: UUIDs with commas between them."""
    found = [read_uuid(one) for one in ids.split(",") if one]
    wanted = [one for one in found if one is not None]
    if len(wanted) < len(found) or len(found) > MOST_RECEIPTS:
        raise NotJson
    return _receipts(wanted, request.at)


@router.post("/receipts", response=PhoneReceiptsOut, summary="What became of many commands")
@permission(None)
def list_receipts(request: ApiRequest, body: FieldReceiptsIn) -> PhoneReceiptsOut:
    return _receipts(body.ids, request.at)


def _receipts(ids: list[UUID], at: datetime) -> PhoneReceiptsOut:
    found = queries.find_receipts(ids)
    return PhoneReceiptsOut(
        server_time=at,
        results=[
            FieldReceiptOut(id=id, result="known" if id in found else "unknown", given=dict(found.get(id, {})))
            for id in ids
        ],
    )
