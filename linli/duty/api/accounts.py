"""Who am I, who is appointed where, accounts, my tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from ninja import Query, Schema
from ninja.responses import Status
from pydantic import Field

from linli.core.api import ApiRequest, Page, PageQuery, cut_page, permission, read_cursor
from linli.duty import queries, services, staff
from linli.duty.api.router import router
from linli.duty.posts import Detail
from linli.duty.terms import (
    AccountLine,
    AppointmentLine,
    NewAccount,
    NewToken,
    OfficerKind,
    Role,
    Standing,
    TokenLine,
)
from linli.places import queries as places


class GrantOut(Schema):
    """What one appointment allows, and where."""

    appointment_id: int
    role: str
    place: str = Field(description="Code of the place.")
    place_name: str
    permissions: list[str]


class MeOut(Schema):
    account_id: int
    name: str
    scopes: list[str] | None = Field(description="What the token is limited to; null: no token.")
    permissions: list[str] = Field(description="What may be done somewhere at least.")
    grants: list[GrantOut]


class AppointmentOut(Schema):
    id: int
    account: str
    name: str
    role: str
    place: str
    place_name: str
    since: datetime
    until: datetime | None
    standing: str
    deputy: bool

    @classmethod
    def of(cls, line: AppointmentLine, at: datetime) -> AppointmentOut:
        return cls(
            id=line.id,
            account=line.username,
            name=line.name,
            role=line.role,
            place=line.place_code,
            place_name=line.place_name,
            since=line.since,
            until=line.until,
            standing=line.standing(at).value,
            deputy=line.is_deputy,
        )


class AppointIn(Schema):
    account: str = Field(description="Account name.")
    role: Role
    place: str = Field(description="Code of the place.")
    since: datetime | None = Field(None, description="Default: now.")
    until: datetime | None = Field(None, description="Default: until ended.")
    deputy: bool = Field(False, description="Stand in for the holder of the post.")
    phone: str = Field("", description="Their phone on duty; left out: it stays what it is.", max_length=30)
    officer_kind: OfficerKind | None = Field(None, description="Of information officers: where they come from.")
    organisation: str = Field("", description="Where they are drawn from.")


class EndIn(Schema):
    until: datetime | None = Field(None, description="Default: now.")


class AppointmentQuery(PageQuery):
    place: str = Field("", description="Code of a place: appointments at it and inside of it.")
    role: Role | None = None
    standing: Standing | None = Field(Standing.IN_FORCE, description="coming, in_force or ended.")


class AccountOut(Schema):
    id: int
    username: str
    name: str
    is_active: bool
    last_login: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, line: AccountLine) -> AccountOut:
        return cls(**vars(line))


class AccountQuery(PageQuery):
    text: str = Field("", description="Part of the account name or the name.")


class AccountIn(Schema):
    username: str
    name: str
    password: str | None = Field(None, description="Left out: one is made up and answered, once.")


class PhoneIn(Schema):
    phone: str | None = Field(
        description="A mobile number, or an area code and number; null takes it away.", max_length=30, min_length=1
    )


class MaskedPhoneOut(Schema):
    phone: str = Field(description="Masked: 154****0001; empty: none is known.")


class NewAccountOut(Schema):
    id: int
    username: str
    name: str
    password: str | None

    @classmethod
    def of(cls, made: NewAccount) -> NewAccountOut:
        return cls(**vars(made))


class TokenOut(Schema):
    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, line: TokenLine) -> TokenOut:
        return cls(**{**vars(line), "scopes": list(line.scopes)})


class TokenIn(Schema):
    name: str
    scopes: list[str] = Field(description="Permissions, among your own.")
    days: int = Field(90, ge=1, le=366)


class NewTokenOut(Schema):
    id: int
    name: str
    scopes: list[str]
    expires_at: datetime
    token: str = Field(description="Shown this once.")

    @classmethod
    def of(cls, made: NewToken) -> NewTokenOut:
        return cls(id=made.id, name=made.name, scopes=list(made.scopes), expires_at=made.expires_at, token=made.raw)


@router.get("/me", response=MeOut, summary="Who am I, and what may I do where")
@permission(None)
def me(request: ApiRequest) -> MeOut:
    actor = request.actor
    named = places.get_places(grant.place_id for grant in actor.grants)
    grants = [
        GrantOut(
            appointment_id=grant.appointment_id,
            role=grant.role,
            place=named[grant.place_id].code,
            place_name=named[grant.place_id].name,
            permissions=sorted(grant.permissions),
        )
        for grant in actor.grants
    ]
    scopes = None if actor.scopes is None else sorted(actor.scopes)
    return MeOut(
        account_id=actor.account_id,
        name=actor.name,
        scopes=scopes,
        permissions=queries.list_permissions(actor),
        grants=grants,
    )


@router.get("/appointments", response=Page[AppointmentOut], summary="Who is appointed where")
@permission("duty.view")
def list_appointments(request: ApiRequest, query: Annotated[AppointmentQuery, Query()]) -> Page[AppointmentOut]:
    after = read_cursor(query.after, int)
    found = queries.list_appointments(
        actor=request.actor,
        at=request.at,
        place_id=places.get_place(query.place).id if query.place else None,
        role=query.role or "",
        standing=query.standing or "",
        after_id=after[0] if after else 0,
        limit=query.limit + 1,
    )
    page, following = cut_page(found, query.limit, lambda line: (line.id,))
    return Page[AppointmentOut](items=[AppointmentOut.of(line, request.at) for line in page], next=following)


@router.post("/appointments", response={201: AppointmentOut}, summary="Appoint an account to a role at a place")
@permission("duty.appoint")
def appoint(request: ApiRequest, body: AppointIn) -> Status[AppointmentOut]:
    account_id = queries.find_account_id(body.account)
    made = services.appoint(
        account_id=account_id,
        role=body.role,
        place_id=places.get_place(body.place).id,
        since=body.since,
        until=body.until,
        detail=Detail(is_deputy=body.deputy, officer_kind=body.officer_kind or "", organisation=body.organisation),
        actor=request.actor,
        at=request.at,
    )
    if body.phone:
        staff.set_phone(account_id=account_id, phone=body.phone, actor=request.actor, at=request.at)
    line = queries.get_appointment(appointment_id=made, actor=request.actor, at=request.at)
    return Status(201, AppointmentOut.of(line, request.at))


@router.post("/appointments/{appointment_id}/end", response={204: None}, summary="End an appointment")
@permission("duty.appoint")
def end_appointment(request: ApiRequest, appointment_id: int, body: EndIn) -> Status[None]:
    services.end_appointment(appointment_id=appointment_id, until=body.until, actor=request.actor, at=request.at)
    return Status(204, None)


@router.get("/accounts", response=Page[AccountOut], summary="Accounts of those you answer for")
@permission("duty.view")
def list_accounts(request: ApiRequest, query: Annotated[AccountQuery, Query()]) -> Page[AccountOut]:
    after = read_cursor(query.after, str)
    found = queries.list_accounts(
        actor=request.actor, at=request.at, text=query.text, after=after[0] if after else "", limit=query.limit + 1
    )
    page, following = cut_page(found, query.limit, lambda line: (line.username,))
    return Page[AccountOut](items=[AccountOut.of(line) for line in page], next=following)


@router.post("/accounts", response={201: NewAccountOut}, summary="Make an account")
@permission("accounts.make")
def make_account(request: ApiRequest, body: AccountIn) -> Status[NewAccountOut]:
    made = services.make_account(**body.dict(), actor=request.actor, at=request.at)
    return Status(201, NewAccountOut.of(made))


@router.post("/accounts/{account_id}/deactivate", response={204: None}, summary="Close an account")
@permission("accounts.make")
def deactivate_account(request: ApiRequest, account_id: int) -> Status[None]:
    services.deactivate_account(account_id=account_id, actor=request.actor, at=request.at)
    return Status(204, None)


@router.put("/accounts/{account_id}/phone", response=MaskedPhoneOut, summary="Set the phone on duty of an account")
@permission(None)
def set_phone(request: ApiRequest, account_id: int, body: PhoneIn) -> MaskedPhoneOut:
    """Of oneself, signed in oneself, or of somebody whom one may appoint to all that they are."""
    kept = staff.set_phone(account_id=account_id, phone=body.phone or "", actor=request.actor, at=request.at)
    return MaskedPhoneOut(phone=kept)


@router.get("/tokens", response=list[TokenOut], summary="My tokens")
@permission("tokens.make")
def list_tokens(request: ApiRequest) -> list[TokenOut]:
    return [TokenOut.of(line) for line in queries.list_tokens(actor=request.actor)]


@router.post("/tokens", response={201: NewTokenOut}, summary="Make a token; its text is answered once")
@permission("tokens.make")
def make_token(request: ApiRequest, body: TokenIn) -> Status[NewTokenOut]:
    made = services.make_token(
        name=body.name,
        scopes=body.scopes,
        expires_at=request.at + timedelta(days=body.days),
        actor=request.actor,
        at=request.at,
    )
    return Status(201, NewTokenOut.of(made))


@router.delete("/tokens/{token_id}", response={204: None}, summary="Revoke one of my tokens")
@permission("tokens.make")
def revoke_token(request: ApiRequest, token_id: int) -> Status[None]:
    services.revoke_token(token_id=token_id, actor=request.actor, at=request.at)
    return Status(204, None)
