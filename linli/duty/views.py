"""Pages of duty: accounts, appointments, my account. A secret that was made up is shown on the page that made it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core import db
from linli.core.access import Actor
from linli.core.forms import try_in
from linli.core.requests import ActingRequest
from linli.core.shapes import Pager
from linli.duty import queries, services, staff
from linli.duty.forms import AccountForm, AppointForm, FilterForm, PhoneForm, TokenForm
from linli.duty.terms import Standing
from linli.places import queries as places

PAGE_ROWS = 100


@never_cache
def accounts(request: ActingRequest) -> HttpResponse:
    """The list of accounts, and the form that makes one."""
    actor = request.actor
    actor.require("duty.view")
    form = AccountForm(request.POST or None)
    made = None
    if request.method == "POST":
        actor.require("accounts.make")
        if form.is_valid():
            made = try_in(form, lambda: services.make_account(**form.cleaned_data, actor=actor, at=request.at))
            form = AccountForm() if made else form
    text, after = request.GET.get("text", ""), request.GET.get("after", "")
    rows = queries.list_accounts(actor=actor, at=request.at, text=text, after=after, limit=PAGE_ROWS + 1)
    following = {"text": text, "after": rows[PAGE_ROWS - 1].username} if len(rows) > PAGE_ROWS else None
    context = {
        "rows": rows[:PAGE_ROWS],
        "form": form,
        "made": made,
        "text": text,
        "can_make": actor.may("accounts.make"),
        "pager": _pager(following),
        "crumbs": [(_("Accounts"), "")],
    }
    return render(request, "duty/accounts.html", context)


@require_safe
def account(request: ActingRequest, account_id: int) -> HttpResponse:
    return _account_page(request, account_id)


@never_cache
@require_POST
def new_password(request: ActingRequest, account_id: int) -> HttpResponse:
    made_up = services.set_password(account_id=account_id, actor=request.actor, at=request.at)
    return _account_page(request, account_id, password=made_up)


@require_POST
def close_account(request: ActingRequest, account_id: int) -> HttpResponse:
    services.deactivate_account(account_id=account_id, actor=request.actor, at=request.at)
    messages.success(request, _("The account is closed; its sessions, tokens and appointments have ended."))
    return redirect("duty:accounts")


@never_cache
@require_http_methods(["GET", "POST"])
def phone(request: ActingRequest, account_id: int) -> HttpResponse:
    """Set or take away the phone on duty: of oneself, or of somebody whom one may appoint."""
    actor, at = request.actor, request.at
    found = queries.get_account(account_id=account_id, actor=actor, at=at)
    staff.require_phone_of(account_id=account_id, actor=actor, at=at)
    taken_away = request.method == "POST" and "remove" in request.POST
    form = PhoneForm(None if taken_away else request.POST or None)
    if taken_away or form.is_valid():
        number = "" if taken_away else form.cleaned_data["phone"]
        act = partial(staff.set_phone, account_id=account_id, phone=number, actor=actor, at=at)
        if try_in(form, act) is not None:
            messages.success(request, _("The phone is taken away.") if taken_away else _("The phone is set."))
            return redirect("duty:me") if account_id == actor.account_id else redirect("duty:account", account_id)
    above = (_("My account"), reverse("duty:me")) if account_id == actor.account_id else (
        found.name, reverse("duty:account", args=[account_id])
    )  # fmt: skip
    context = {
        "account": found,
        "form": form,
        "phone": staff.list_masked_phones([account_id]).get(account_id, ""),
        "crumbs": [above, (_("Phone on duty"), "")],
    }
    return render(request, "duty/set_phone.html", context, status=422 if form.errors else 200)


def _account_page(request: ActingRequest, account_id: int, *, password: str | None = None) -> HttpResponse:
    actor, at = request.actor, request.at
    found = queries.get_account(account_id=account_id, actor=actor, at=at)
    lines = queries.list_appointments(actor=actor, at=at, account_id=account_id, standing="")
    context = {
        "account": found,
        "password": password,
        "can_make": actor.may("accounts.make"),
        "can_appoint": actor.may("duty.appoint"),
        "phone": staff.list_masked_phones([account_id]).get(account_id, ""),
        "rows": _with_standing(lines, at),
        "crumbs": [(_("Accounts"), reverse("duty:accounts")), (found.name, "")],
    }
    return render(request, "duty/account.html", context)


def appointments(request: ActingRequest) -> HttpResponse:
    """Who is appointed where, and the form that appoints."""
    actor, at = request.actor, request.at
    actor.require("duty.view")
    form = AppointForm(
        request.POST or None, initial={name: request.GET.get(name, "") for name in ("account", "place", "role")}
    )
    if request.method == "POST":
        actor.require("duty.appoint")
        if form.is_valid() and try_in(form, lambda: _appoint(form.cleaned_data, actor, at)) is not None:
            messages.success(request, _("The appointment has been made."))
            return redirect("duty:appointments")
    chosen = FilterForm(request.GET or None, auto_id="filter_%s")  # two forms with a place on one page
    wanted = chosen.cleaned_data if chosen.is_valid() else {}
    standing = wanted.get("standing") or Standing.IN_FORCE.value
    after = request.GET.get("after", "")
    rows = queries.list_appointments(
        actor=actor,
        at=at,
        place_id=places.get_place(wanted["place"]).id if wanted.get("place") else None,
        role=wanted.get("role", ""),
        standing="" if standing == "all" else standing,
        after_id=int(after) if after.isdecimal() else 0,
        limit=PAGE_ROWS + 1,
    )
    following = None
    if len(rows) > PAGE_ROWS:
        following = {**wanted, "standing": standing, "after": str(rows[PAGE_ROWS - 1].id)}
    context = {
        "rows": _with_standing(rows[:PAGE_ROWS], at),
        "form": form,
        "chosen": chosen,
        "pager": _pager(following),
        "can_appoint": actor.may("duty.appoint"),
        "crumbs": [(_("Appointments"), "")],
    }
    return render(request, "duty/appointments.html", context)


def _appoint(given: dict[str, Any], actor: Actor, at: datetime) -> int:
    account_id = queries.find_account_id(given["account"])
    with db.atomic():  # what is wrong with the phone takes the appointment back
        made = services.appoint(
            account_id=account_id,
            role=given["role"],
            place_id=places.get_place(given["place"]).id,
            since=given["since"],
            until=given["until"],
            detail=services.Detail(
                is_deputy=given["is_deputy"], officer_kind=given["officer_kind"], organisation=given["organisation"]
            ),
            actor=actor,
            at=at,
        )
        if given["phone"]:
            staff.set_phone(account_id=account_id, phone=given["phone"], actor=actor, at=at)
    return made


@require_POST
def end_appointment(request: ActingRequest, appointment_id: int) -> HttpResponse:
    services.end_appointment(appointment_id=appointment_id, actor=request.actor, at=request.at)
    messages.success(request, _("The appointment has ended."))
    return redirect("duty:appointments")


@never_cache
def me(request: ActingRequest) -> HttpResponse:
    """What I may do where, and my tokens."""
    actor, at = request.actor, request.at
    permissions = queries.list_permissions(actor)
    form = TokenForm(request.POST or None, permissions=permissions)
    made = None
    if request.method == "POST":
        actor.require("tokens.make")
        if form.is_valid():
            given = form.cleaned_data
            until = at + timedelta(days=given["days"])
            made = try_in(
                form,
                lambda: services.make_token(
                    name=given["name"], scopes=given["scopes"], expires_at=until, actor=actor, at=at
                ),
            )
            form = TokenForm(permissions=permissions) if made else form
    tokens = [(token, token.is_valid(at)) for token in queries.list_tokens(actor=actor)]
    context = {
        "rows": _with_standing(queries.list_own_appointments(actor=actor, at=at), at),
        "account_id": actor.account_id,
        "phone": staff.list_masked_phones([actor.account_id]).get(actor.account_id, ""),
        "tokens": tokens,
        "form": form,
        "made": made,
        "can_make": actor.may("tokens.make"),
        "crumbs": [(_("My account"), "")],
    }
    return render(request, "duty/me.html", context)


@require_POST
def revoke_token(request: ActingRequest, token_id: int) -> HttpResponse:
    services.revoke_token(token_id=token_id, actor=request.actor, at=request.at)
    messages.success(request, _("The token is revoked."))
    return redirect("duty:me")


def _with_standing(lines: list[Any], at: datetime) -> list[tuple[Any, Standing]]:
    return [(line, line.standing(at)) for line in lines]


def _pager(following: dict[str, str] | None) -> Pager:
    return Pager(next_url=f"?{urlencode(following)}" if following else "")
