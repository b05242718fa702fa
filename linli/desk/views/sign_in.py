"""Signing in, step by step, and out; changing one's own password. What is proved and counted is in `accounts`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from linli.accounts import entry, passkeys, queries, services
from linli.accounts.errors import PasskeyRefused, TooLate, WaitFirst, WrongPair
from linli.accounts.terms import Way
from linli.core import clock
from linli.core.errors import Problem
from linli.core.models import Account
from linli.core.requests import ActingRequest
from linli.desk.forms import ChangePasswordForm, CodeForm, SignInForm
from linli.desk.shell import LANGUAGES, LARGE, SIZE_COOKIE, set_cookie


@login_not_required
@never_cache
@sensitive_post_parameters()
def sign_in(request: HttpRequest) -> HttpResponse:
    """Account and password; then on to where one was going, or to the second step."""
    going = request.POST.get("next", request.GET.get("next", ""))
    if request.user.is_authenticated:
        return redirect(_safe(request, going))
    form = SignInForm(request.POST or None)
    problem: Problem | None = None
    if request.method == "POST" and form.is_valid():
        at, address = clock.now(), entry.address_of(request)
        try:
            account = services.prove_password(**form.cleaned_data, address=address, at=at)
        except (WrongPair, WaitFirst) as refused:
            problem = refused
        else:
            if queries.get_factors(account_id=account.pk).any:
                entry.put_pending(request, account, going, at)
                return redirect("desk:second-step")
            return _enter(request, account, Way.PASSWORD, going, at)
    return _sign_in_page(request, form, going, problem)


@login_not_required
@never_cache
@sensitive_post_parameters()
def second_step(request: HttpRequest) -> HttpResponse:
    """After the password: the code of the app, a recovery code, or a passkey."""
    at = clock.now()
    pending = entry.find_pending(request, at)
    if pending is None:
        return _again(request)
    form = CodeForm(request.POST or None)
    problem: Problem | None = None
    if request.method == "POST" and form.is_valid():
        try:
            code, address = form.cleaned_data["code"], entry.address_of(request)
            way = services.prove_code(account=pending.account, code=code, address=address, at=at)
        except Problem as refused:
            problem = refused
        else:
            if way == Way.RECOVERY:
                messages.info(request, _("This recovery code is used up. New ones are on the page My account."))
            return _enter(request, pending.account, way, pending.next, at)
    return _second_page(request, pending, form, problem)


@login_not_required
@never_cache
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """A challenge for any passkey of this site."""
    options, state = passkeys.begin_sign_in(entry.site_of(request))
    entry.put_challenge(request, state, clock.now())
    return JsonResponse(options)


@login_not_required
@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """A passkey's answer: instead of the password, or as the second step after it."""
    at = clock.now()
    pending = entry.find_pending(request, at)
    try:
        account = services.prove_passkey(
            response=_read(request.POST.get("credential", "")),
            state=entry.take_challenge(request, at),
            site=entry.site_of(request),
            address=entry.address_of(request),
            at=at,
            expected=pending.account.pk if pending else None,
        )
    except (PasskeyRefused, WaitFirst) as problem:
        if pending is not None:
            return _second_page(request, pending, CodeForm(), problem)
        return _sign_in_page(request, SignInForm(), request.POST.get("next", ""), problem)
    way, going = (Way.SECOND_PASSKEY, pending.next) if pending else (Way.PASSKEY, request.POST.get("next", ""))
    return _enter(request, account, way, going, at)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    entry.end_own_session(request, clock.now())
    logout(request)
    return redirect("desk:sign-in")


@never_cache
@sensitive_post_parameters()
def change_password(request: ActingRequest) -> HttpResponse:
    """Who knows the old password chooses a new one; every other session ends."""
    actor, at = request.actor, request.at
    form = ChangePasswordForm(Account.objects.get(pk=actor.account_id), request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        key = str(request.session.session_key)
        try:
            account = services.change_password(
                old=form.cleaned_data["old_password"],
                new=form.cleaned_data["new_password1"],
                address=entry.address_of(request),
                keep=key,
                actor=actor,
                at=at,
            )
        except WrongPair:
            form.add_error("old_password", _("This is not your present password."))
        except WaitFirst as problem:
            form.add_error(None, str(problem))
            status = problem.status
        else:
            update_session_auth_hash(request, account)
            services.move_session(account_id=account.pk, old_key=key, new_key=str(request.session.session_key))
            messages.success(request, _("The password has been changed. Other devices are signed out."))
            return redirect("accounts:index")
    crumbs = [(_("My account"), reverse("accounts:index")), (_("Change password"), "")]
    return render(request, "desk/password.html", {"form": form, "crumbs": crumbs}, status=status)


def _enter(request: HttpRequest, account: Account, way: Way, going: str, at: datetime) -> HttpResponse:
    """Signed in. The account's language and type size come along."""
    entry.begin_session(request, account, way=way, at=at)
    response = HttpResponseRedirect(_safe(request, going))
    if account.language in LANGUAGES:
        set_cookie(response, settings.LANGUAGE_COOKIE_NAME, account.language)
    if account.large_type:
        set_cookie(response, SIZE_COOKIE, LARGE)
    return response


def _sign_in_page(request: HttpRequest, form: SignInForm, going: str, problem: Problem | None) -> HttpResponse:
    site = entry.site_of(request)
    context = {"form": form, "next": going, "problem": problem, "takes_passkeys": site.takes_passkeys}
    return _answer(request, "desk/sign_in.html", context, problem)


def _second_page(request: HttpRequest, pending: entry.Pending, form: CodeForm, problem: Problem | None) -> HttpResponse:
    context = {
        "form": form,
        "account": pending.account,
        "factors": queries.get_factors(account_id=pending.account.pk),
        "takes_passkeys": entry.site_of(request).takes_passkeys,
        "problem": problem,
    }
    return _answer(request, "desk/second_step.html", context, problem)


def _answer(request: HttpRequest, template: str, context: dict[str, Any], problem: Problem | None) -> HttpResponse:
    """A wrong entry is a page to try again on; being told to wait is an error that machines understand too."""
    if not isinstance(problem, WaitFirst):
        return render(request, template, context)
    response = render(request, template, context, status=problem.status)
    response["Retry-After"] = str(problem.params["seconds"])
    return response


def _again(request: HttpRequest) -> HttpResponse:
    return _sign_in_page(request, SignInForm(), "", TooLate() if request.method == "POST" else None)


def _safe(request: HttpRequest, going: str) -> str:
    """Where one was going, if it is one of ours; else home."""
    allowed = url_has_allowed_host_and_scheme(
        going, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return going if allowed else reverse("desk:home")


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
