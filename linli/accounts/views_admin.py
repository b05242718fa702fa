"""Invitations, and the ways into somebody else's account, for those who answer for it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from linli.accounts import entry, queries, services
from linli.accounts.errors import InvitationOver
from linli.accounts.forms import DaysForm, InviteForm
from linli.accounts.terms import NewInvitation, Way
from linli.core import clock, qr
from linli.core.access import actor_of
from linli.core.errors import Problem
from linli.core.forms import NewPasswordForm
from linli.core.models import Account
from linli.core.requests import ActingRequest
from linli.duty import queries as duty
from linli.places import queries as places


@never_cache
def invitations(request: ActingRequest) -> HttpResponse:
    """Invite a person who has no account yet; what I have sent and is still open."""
    actor, at = request.actor, request.at
    actor.require("accounts.make")
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = services.invite_person(
                username=given["username"],
                name=given["name"],
                days=given["days"],
                role=given["role"],
                place_id=places.get_place(given["place"]).id if given["place"] else None,
                actor=actor,
                at=at,
            )
        except Problem as problem:
            if problem.status in (401, 403):
                raise
            form.add_error(None, str(problem))
        else:
            return _show_invitation(request, made)
    context = {
        "form": form,
        "rows": queries.list_invitations(actor=actor, at=at),
        "crumbs": [(_("Accounts"), reverse("duty:accounts")), (_("Invitations"), "")],
    }
    return render(request, "accounts/invitations.html", context)


@require_POST
def revoke(request: ActingRequest, invitation_id: int) -> HttpResponse:
    services.revoke_invitation(invitation_id=invitation_id, actor=request.actor, at=request.at)
    messages.success(request, _("The invitation is taken back; its link opens nothing any more."))
    return redirect("accounts:invitations")


@never_cache
@require_safe
def access(request: ActingRequest, account_id: int) -> HttpResponse:
    """How an account is entered: locked or not, second factor, sign-ins, invitation."""
    actor, at = request.actor, request.at
    invitation = queries.find_invitation(account_id=account_id, actor=actor, at=at)  # asks for the authority too
    found = duty.get_account(account_id=account_id, actor=actor, at=at)
    context = {
        "account": found,
        "invitation": invitation,
        "locked_until": services.find_lock(username=found.username, at=at),
        "factors": queries.get_factors(account_id=account_id),
        "sessions": queries.list_sessions(account_id=account_id, at=at),
        "form": DaysForm(),
        "crumbs": [
            (_("Accounts"), reverse("duty:accounts")),
            (found.name, reverse("duty:account", args=[account_id])),
            (_("Sign-in"), ""),
        ],
    }
    return render(request, "accounts/access.html", context)


@never_cache
@require_POST
def invite(request: ActingRequest, account_id: int) -> HttpResponse:
    """A link for an account there is: a forgotten password, a first one."""
    form = DaysForm(request.POST)
    days = form.cleaned_data["days"] if form.is_valid() else 0
    return _show_invitation(
        request, services.invite(account_id=account_id, days=days, actor=request.actor, at=request.at)
    )


@require_POST
def unlock(request: ActingRequest, account_id: int) -> HttpResponse:
    services.unlock_account(account_id=account_id, actor=request.actor, at=request.at)
    messages.success(request, _("The account is unlocked."))
    return redirect("accounts:access", account_id)


@require_POST
def end_sessions(request: ActingRequest, account_id: int) -> HttpResponse:
    services.end_all_sessions(account_id=account_id, actor=request.actor, at=request.at)
    messages.success(request, _("The account is signed out everywhere."))
    return redirect("accounts:access", account_id)


@require_POST
def reset_factors(request: ActingRequest, account_id: int) -> HttpResponse:
    services.reset_factors(account_id=account_id, actor=request.actor, at=request.at)
    messages.success(request, _("App, passkeys and recovery codes are removed; the password alone opens the account."))
    return redirect("accounts:access", account_id)


def _show_invitation(request: ActingRequest, made: NewInvitation) -> HttpResponse:
    """The link and its QR code, this once."""
    link = request.build_absolute_uri(reverse("accounts:accept", args=[made.raw]))
    context = {
        "made": made,
        "link": link,
        "picture": qr.draw_svg(link),
        "crumbs": [(_("Accounts"), reverse("duty:accounts")), (_("Invitation"), "")],
    }
    return render(request, "accounts/invitation.html", context)


def goes_to_phone_app(request: HttpRequest, account: Account, at: datetime) -> bool:
    """Whoever marks doors and opened the invitation on a phone goes on in the phone app, signed in already."""
    is_phone = request.headers.get("Sec-CH-UA-Mobile") == "?1" or "Mobi" in request.headers.get("User-Agent", "")
    return is_phone and actor_of(account.pk, account.name, at).may("rounds.mark")


@login_not_required
@never_cache
@sensitive_post_parameters()
def accept(request: HttpRequest, raw: str) -> HttpResponse:
    """Whoever holds the link chooses the password, and is signed in - or asked for the second factor there is."""
    at = clock.now()
    try:
        invited = services.get_invitation(raw=raw, at=at)
    except InvitationOver as problem:
        return render(request, "accounts/over.html", {"problem": problem}, status=problem.status)
    form = NewPasswordForm(Account.objects.get(pk=invited.account_id), request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = services.accept_invitation(raw=raw, password=form.cleaned_data["new_password1"], at=at)
        if queries.get_factors(account_id=account.pk).any:
            messages.success(request, _("The password is chosen. Sign in with it now."))
            return redirect("desk:sign-in")
        entry.begin_session(request, account, way=Way.INVITATION, at=at)
        if goes_to_phone_app(request, account, at):
            return redirect(f"{reverse('field:app')}?joined")
        messages.success(request, _("Welcome. Your password is chosen; next time sign in with it."))
        return redirect("accounts:index" if entry.FACTOR_BY in request.session else "desk:home")
    return render(request, "accounts/accept.html", {"form": form, "invited": invited})
