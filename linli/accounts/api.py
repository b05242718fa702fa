"""HTTP API of accounts: my sign-ins; invitations, locks and second factors of those one answers for."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import Field

from linli.accounts import queries, services
from linli.accounts.terms import InvitationLine, NewInvitation, SessionLine
from linli.core.api import ApiRequest, permission
from linli.duty import queries as duty
from linli.places import queries as places

router = Router(tags=["accounts"])


class SessionOut(Schema):
    id: int
    device: str
    address: str
    way: str
    started_at: datetime
    seen_at: datetime = Field(description="Right to five minutes.")
    is_this: bool

    @classmethod
    def of(cls, line: SessionLine) -> SessionOut:
        return cls(**{**vars(line), "device": str(line.device.label)})


class EndedOut(Schema):
    ended: int


class InvitationOut(Schema):
    id: int
    account_id: int
    username: str
    name: str
    created_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, line: InvitationLine) -> InvitationOut:
        return cls(**vars(line))


class InvitePersonIn(Schema):
    username: str
    name: str
    role: str = Field("", description="Appoint them at once to this role ...")
    place: str = Field("", description="... at the place with this code.")
    days: int = Field(3, description="Valid for 1, 3, 7 or 14 days.")


class InviteIn(Schema):
    days: int = Field(3, description="Valid for 1, 3, 7 or 14 days.")


class NewInvitationOut(Schema):
    id: int
    account_id: int
    username: str
    name: str
    expires_at: datetime
    link: str = Field(description="Shown this once.")


class AccessOut(Schema):
    """How an account is entered."""

    locked_until: datetime | None
    has_app: bool
    passkeys: int
    codes_left: int
    sessions: list[SessionOut]


@router.get("/sessions", response=list[SessionOut], summary="Where I am signed in")
@permission(None)
def list_sessions(request: ApiRequest) -> list[SessionOut]:
    services.require_in_person(request.actor)
    key = str(request.session.session_key)
    found = queries.list_sessions(account_id=request.actor.account_id, at=request.at, this_key=key)
    return [SessionOut.of(line) for line in found]


@router.delete("/sessions/{session_id}", response={204: None}, summary="Sign one of my devices out")
@permission(None)
def end_session(request: ApiRequest, session_id: int) -> Status[None]:
    services.end_session(session_id=session_id, actor=request.actor, at=request.at)
    return Status(204, None)


@router.get("/invitations", response=list[InvitationOut], summary="Open invitations that I made")
@permission("accounts.make")
def list_invitations(request: ApiRequest) -> list[InvitationOut]:
    return [InvitationOut.of(line) for line in queries.list_invitations(actor=request.actor, at=request.at)]


@router.post("/invitations", response={201: NewInvitationOut}, summary="Make an account and invite its owner")
@permission("accounts.make")
def invite_person(request: ApiRequest, body: InvitePersonIn) -> Status[NewInvitationOut]:
    made = services.invite_person(
        username=body.username,
        name=body.name,
        days=body.days,
        role=body.role,
        place_id=places.get_place(body.place).id if body.place else None,
        actor=request.actor,
        at=request.at,
    )
    return Status(201, _new(request, made))


@router.delete("/invitations/{invitation_id}", response={204: None}, summary="Take an invitation back")
@permission("accounts.make")
def revoke_invitation(request: ApiRequest, invitation_id: int) -> Status[None]:
    services.revoke_invitation(invitation_id=invitation_id, actor=request.actor, at=request.at)
    return Status(204, None)


@router.get("/{account_id}/access", response=AccessOut, summary="How an account is entered: lock, factors, sign-ins")
@permission("accounts.make")
def get_access(request: ApiRequest, account_id: int) -> AccessOut:
    queries.find_invitation(account_id=account_id, actor=request.actor, at=request.at)  # asks for the authority
    found = duty.get_account(account_id=account_id, actor=request.actor, at=request.at)
    sessions = queries.list_sessions(account_id=account_id, at=request.at)
    return AccessOut(
        locked_until=services.find_lock(username=found.username, at=request.at),
        **vars(queries.get_factors(account_id=account_id)),
        sessions=[SessionOut.of(line) for line in sessions],
    )


@router.post("/{account_id}/invitation", response={201: NewInvitationOut}, summary="Invite the owner of an account")
@permission("accounts.make")
def invite(request: ApiRequest, account_id: int, body: InviteIn) -> Status[NewInvitationOut]:
    made = services.invite(account_id=account_id, days=body.days, actor=request.actor, at=request.at)
    return Status(201, _new(request, made))


@router.post("/{account_id}/unlock", response={204: None}, summary="Unlock an account after wrong attempts")
@permission("accounts.make")
def unlock(request: ApiRequest, account_id: int) -> Status[None]:
    services.unlock_account(account_id=account_id, actor=request.actor, at=request.at)
    return Status(204, None)


@router.post("/{account_id}/end-sessions", response=EndedOut, summary="Sign an account out everywhere")
@permission("accounts.make")
def end_sessions(request: ApiRequest, account_id: int) -> EndedOut:
    return EndedOut(ended=services.end_all_sessions(account_id=account_id, actor=request.actor, at=request.at))


@router.post("/{account_id}/reset-factors", response={204: None}, summary="Remove an account's second factor")
@permission("accounts.make")
def reset_factors(request: ApiRequest, account_id: int) -> Status[None]:
    services.reset_factors(account_id=account_id, actor=request.actor, at=request.at)
    return Status(204, None)


def _new(request: ApiRequest, made: NewInvitation) -> NewInvitationOut:
    link = request.build_absolute_uri(reverse("accounts:accept", args=[made.raw]))
    return NewInvitationOut(
        id=made.id, account_id=made.account_id, username=made.username, name=made.name, expires_at=made.expires_at,
        link=link,
    )  # fmt: skip
