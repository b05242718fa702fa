"""A phone's session over the API: signing in and out, its key."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import translation
from ninja import Schema
from ninja.responses import Status
from pydantic import AwareDatetime, Field

from linli.accounts.entry import address_of
from linli.core import db
from linli.core.api import ApiRequest, authenticate, for_strangers, permission
from linli.duty import queries as duty
from linli.field import keys, queries, services
from linli.field.api.router import router
from linli.field.errors import KeyUnknown, SessionUnknown
from linli.field.terms import CONTACT, GRACE, Device, PhoneActor, SessionView

HOUR = timedelta(hours=1)


class DeviceIn(Schema):
    name: str = Field("", max_length=200)
    now: AwareDatetime | None = Field(None, description="The phone's clock, however wrong.")
    tz: str = Field("", max_length=60)


class PhoneSignInIn(Schema):
    username: str = Field("", max_length=150, description="Empty: whoever is signed in on the page that asks.")
    password: str = Field("", max_length=1_000)
    code: str = Field("", max_length=40, description="Six digits of the app or a recovery code, where there is one.")
    device: DeviceIn = Field(default_factory=lambda: DeviceIn(name="", now=None, tz=""))


class PublicKeyOut(Schema):
    id: str
    spki: str = Field(description="DER of the public key, base64.")


class PhoneAccountOut(Schema):
    id: int
    name: str


class PhonePostOut(Schema):
    role: str
    label: str
    place: str
    code: str


class PhoneSessionOut(Schema):
    session: UUID
    account: PhoneAccountOut
    posts: list[PhonePostOut]
    permissions: list[str] = Field(description="What may be offered on the screen; the server judges each command.")
    server_time: datetime
    offset_ms: int = Field(description="To be added to the phone's clock, as of when the session began.")
    public_key: PublicKeyOut
    has_key: bool = Field(description="Whether the session's key has been registered.")
    grace_hours: int
    contact_hours: int
    lang: str


class NewPhoneSessionOut(PhoneSessionOut):
    token: str = Field(description="Told this once.")


class KeyIn(Schema):
    key_id: str = Field(max_length=20)
    sealed: str = Field(max_length=4_000, description="The 32 bytes of the key, sealed with RSA-OAEP-256, base64.")


class SessionKeyIn(KeyIn):
    session: UUID


@router.post(
    "/session", response={201: NewPhoneSessionOut}, auth=None, summary="Sign a phone in",
    description="By password, with a code where the account has a second factor; or, without a username, for whoever is"
    " signed in on the page that asks. Wrong attempts count, and lock.",
)  # fmt: skip
@for_strangers
def sign_in(request: ApiRequest, body: PhoneSignInIn) -> Status[NewPhoneSessionOut]:
    device = Device(body.device.name, body.device.now, body.device.tz)
    origin: dict[str, Any] = {"address": address_of(request), "agent": request.headers.get("User-Agent", "")}
    if body.username:
        made = services.sign_in(
            username=body.username, password=body.password, code=body.code, device=device, at=request.at, **origin
        )
    else:
        with db.atomic():
            made = services.sign_in_from_page(
                device=device, page_key=str(request.session.session_key), actor=authenticate(request, request.at),
                at=request.at, **origin,
            )  # fmt: skip
    described = _describe(made.view, made.actor, request.at)
    return Status(201, NewPhoneSessionOut(token=made.token, **described))


@router.get("/session", response=PhoneSessionOut, summary="This phone's session, the server's key and time")
@permission(None)
def get_session(request: ApiRequest) -> PhoneSessionOut:
    return PhoneSessionOut(**_describe(queries.own_session(request.actor), request.actor, request.at))


@router.delete("/session", response={204: None}, summary="Sign this phone out")
@permission(None)
def sign_out(request: ApiRequest) -> Status[None]:
    services.sign_out(view=queries.own_session(request.actor), actor=request.actor, at=request.at)
    return Status(204, None)


class SessionEndIn(Schema):
    session: UUID
    proof: str = Field(description="SHA-256 of the token, base64.")


@router.post(
    "/session/end", response={204: None}, auth=None, summary="Sign a phone out that has forgotten its token",
    description="For who signed out without a signal: the token is destroyed at once, its digest is sent when there is"
    " one. Answers 204 whatever it finds.",
)  # fmt: skip
@for_strangers
def end_session(request: ApiRequest, body: SessionEndIn) -> Status[None]:
    try:
        proof = read_base64(body.proof)
    except KeyUnknown:
        return Status(204, None)  # proves nothing, as a wrong one does
    services.sign_out_from_afar(session_id=body.session, proof=proof, at=request.at)
    return Status(204, None)


@router.post(
    "/session/key", response={204: None}, summary="Register the key under which this phone seals its work",
    description="Once a session; the same again changes nothing.",
)  # fmt: skip
@permission(None)
def register_key(request: ApiRequest, body: SessionKeyIn) -> Status[None]:
    view = queries.own_session(request.actor)
    if view.id != body.session:
        raise SessionUnknown
    keys.register_session_key(view=view, key_id=body.key_id, sealed=read_base64(body.sealed))
    return Status(204, None)


def read_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise KeyUnknown from None


def _describe(view: SessionView, actor: Any, at: datetime) -> dict[str, Any]:
    public = keys.ensure_public_key(at)
    posts = duty.list_own_appointments(actor=actor, at=at)
    held = {name for grant in actor.grants for name in grant.permissions}
    return {
        "session": view.id,
        "account": PhoneAccountOut(id=view.account_id, name=view.account_name),
        "posts": [
            PhonePostOut(role=one.role, label=one.role_label, place=one.place_name, code=one.place_code)
            for one in posts
            if one.since <= at
        ],
        "permissions": sorted(held & (actor.scopes or held)) if isinstance(actor, PhoneActor) else [],
        "server_time": at,
        "offset_ms": view.offset_ms,
        "public_key": PublicKeyOut(id=public.id, spki=base64.b64encode(public.spki).decode()),
        "has_key": view.has_key,
        "grace_hours": GRACE // HOUR,
        "contact_hours": CONTACT // HOUR,
        "lang": translation.get_language() or settings.LANGUAGE_CODE,
    }
