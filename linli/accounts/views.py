"""My account: password, second factor, passkeys, sign-ins. What changes the locks asks for the password again when it
was given long ago; codes and keys are shown on the page that made them, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from linli.accounts import entry, queries, services
from linli.accounts.errors import WaitFirst, WrongPair
from linli.accounts.forms import CodeForm, ConfirmForm, PasskeyForm
from linli.accounts.terms import Way
from linli.core import qr
from linli.core.access import Actor
from linli.core.errors import Problem
from linli.core.models import Account
from linli.core.requests import ActingRequest

SAFE = {"GET", "HEAD"}


View = Callable[..., HttpResponse]


def fresh(view: View) -> View:
    """Ask for the password first, when it was not given lately."""

    @wraps(view)
    def wrapped(request: ActingRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if entry.is_fresh(request, request.at):
            return view(request, *args, **kwargs)
        target = request.get_full_path() if request.method in SAFE else reverse("accounts:index")
        return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': target})}")

    return wrapped


def crumbs(*last: str) -> list[tuple[str, str]]:
    return [(_("My account"), reverse("accounts:index") if last else ""), *((label, "") for label in last)]


@never_cache
@require_safe
def index(request: ActingRequest) -> HttpResponse:
    """Everything that opens this account, and what is open."""
    actor, at = request.actor, request.at
    if entry.SEEN not in request.session:  # begun before sessions were noted
        entry.note_session(request, actor.account_id, way=Way.PASSWORD, at=at)
    sessions = queries.list_sessions(account_id=actor.account_id, at=at, this_key=str(request.session.session_key))
    context = {
        "factors": queries.get_factors(account_id=actor.account_id),
        "deadline": entry.refresh_deadline(request, actor, at),
        "overdue": entry.is_overdue(request, at),
        "passkeys": queries.list_passkeys(account_id=actor.account_id),
        "takes_passkeys": entry.site_of(request).takes_passkeys,
        "sessions": sessions,
        "others": sum(not line.is_this for line in sessions),
        "username": _username(actor),
        "crumbs": crumbs(),
    }
    return render(request, "accounts/index.html", context)


@never_cache
@sensitive_post_parameters()
def confirm(request: ActingRequest) -> HttpResponse:
    """The password again, before something that opens the account is changed."""
    form = ConfirmForm(request.POST or None)
    status = 200
    target = request.POST.get("next", request.GET.get("next", ""))
    host, secure = {request.get_host()}, request.is_secure()
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=host, require_https=secure):
        target = reverse("accounts:index")
    if request.method == "POST" and form.is_valid():
        try:
            services.prove_password(
                username=_username(request.actor),
                password=form.cleaned_data["password"],
                address=entry.address_of(request),
                at=request.at,
            )
        except WrongPair:
            form.add_error("password", _("This is not your password."))
        except WaitFirst as problem:
            form.add_error(None, str(problem))
            status = problem.status
        else:
            request.session[entry.FRESH] = request.at.timestamp()
            return redirect(target)
    context = {"form": form, "next": target, "crumbs": crumbs(_("Your password once more"))}
    return render(request, "accounts/confirm.html", context, status=status)


# --- authenticator app -----------------------------------------------------------------------------------------------


@require_POST
@fresh
def start_app(request: ActingRequest) -> HttpResponse:
    services.start_app(actor=request.actor, at=request.at)
    return redirect("accounts:app")


@never_cache
@fresh
def app(request: ActingRequest) -> HttpResponse:
    """The QR code to scan, and the code that proves it was."""
    actor = request.actor
    new = services.get_new_app(actor=actor, username=_username(actor))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = services.confirm_app(code=form.cleaned_data["code"], actor=actor, at=request.at)
        except Problem as problem:
            form.add_error("code", str(problem))
        else:
            return _done(request, codes, _("The authenticator app is set up. From now on you are asked for its code."))
    context = {
        "form": form,
        "picture": qr.draw_svg(new.uri),
        "secret": " ".join(new.secret[start : start + 4] for start in range(0, len(new.secret), 4)),
        "uri": new.uri,
        "crumbs": crumbs(_("Authenticator app")),
    }
    return render(request, "accounts/app.html", context)


@require_POST
@fresh
def remove_app(request: ActingRequest) -> HttpResponse:
    services.remove_app(actor=request.actor, at=request.at)
    return _done(request, [], _("The authenticator app is removed."))


@never_cache
@require_POST
@fresh
def renew_codes(request: ActingRequest) -> HttpResponse:
    codes = services.renew_codes(actor=request.actor, at=request.at)
    return _done(request, codes, _("The old recovery codes are not valid any more."))


# --- passkeys --------------------------------------------------------------------------------------------------------


@never_cache
@fresh
def add_passkey(request: ActingRequest) -> HttpResponse:
    """A name, and what the browser made of the challenge."""
    form = PasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = services.add_passkey(
                name=form.cleaned_data["name"],
                response=_json(form.cleaned_data["credential"]),
                state=entry.take_challenge(request, request.at),
                site=entry.site_of(request),
                actor=request.actor,
                at=request.at,
            )
        except Problem as problem:
            form.add_error(None, str(problem))
        else:
            return _done(request, codes, _("The passkey is added. Next time you can sign in with it alone."))
    site = entry.site_of(request)
    context = {"form": form, "site": site, "crumbs": crumbs(_("Add a passkey"))}
    return render(request, "accounts/passkey.html", context)


@never_cache
@require_POST
@fresh
def passkey_options(request: ActingRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    options, state = services.begin_passkey(
        username=_username(request.actor), site=entry.site_of(request), actor=request.actor
    )
    entry.put_challenge(request, state, request.at)
    return JsonResponse(options)


@require_POST
@fresh
def remove_passkey(request: ActingRequest, passkey_id: int) -> HttpResponse:
    services.remove_passkey(passkey_id=passkey_id, actor=request.actor, at=request.at)
    return _done(request, [], _("The passkey is removed. Delete it on your device too."))


# --- sign-ins --------------------------------------------------------------------------------------------------------


@require_POST
def end_session(request: ActingRequest, session_id: int) -> HttpResponse:
    services.end_session(session_id=session_id, actor=request.actor, at=request.at)
    return _done(request, [], _("That device is signed out."))


@require_POST
def end_others(request: ActingRequest) -> HttpResponse:
    services.end_other_sessions(keep=str(request.session.session_key), actor=request.actor, at=request.at)
    return _done(request, [], _("All other devices are signed out."))


def _done(request: ActingRequest, codes: list[str], message: str) -> HttpResponse:
    """Back to My account; by way of the new recovery codes, where there are some."""
    entry.refresh_deadline(request, request.actor, request.at)
    if codes:
        context = {"codes": codes, "message": message, "crumbs": crumbs(_("Recovery codes"))}
        return render(request, "accounts/codes.html", context)
    messages.success(request, message)
    return redirect("accounts:index")


def _username(actor: Actor) -> str:
    return Account.objects.get(pk=actor.account_id).username


def _json(text: str) -> object:
    """What the page's script sent; None for what is no JSON, which no passkey is."""
    try:
        return json.loads(text)
    except ValueError:
        return None
