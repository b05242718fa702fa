"""What can go wrong on the way into an account. None of these tells whether there is such an account."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem


class WrongPair(Problem):
    code = "accounts.wrong_pair"
    status = 401
    title = _("This account and password do not go together. Check capital letters, and try again.")
    advice_text = _("If you have forgotten the password, the office that made your account can invite you again.")


class WaitFirst(Problem):
    """Too many failures. `until`: when attempts are taken again, in local time."""

    code = "accounts.wait"
    status = 429
    title = _("Too many attempts went wrong. You can try again at %(until)s.")
    advice_text = _(
        "Until then nothing is checked, not even the right password. An administrator can unlock it sooner."
    )


class CodeWrong(Invalid):
    code = "accounts.code_wrong"
    title = _("This code is not right, or has been used already.")
    advice_text = _(
        "Type the six digits that the app shows now; wait for the next ones if they have just been used. The clock of"
        " the phone must be right."
    )


class TooLate(Problem):
    code = "accounts.too_late"
    title = _("It took too long.")
    advice_text = _("Begin again with your account and password.")


class PasskeyRefused(Invalid):
    code = "accounts.passkey_refused"
    title = _("This passkey was not taken.")
    advice_text = _("Try again, or sign in with your password. A passkey that was removed here works no more.")


class PasskeyAddressWrong(Invalid):
    code = "accounts.passkey_address"
    title = _("Passkeys work only where this site is opened by a name, not by a number such as %(host)s.")
    advice_text = _("On this machine open http://localhost instead; elsewhere the site needs a name and HTTPS.")


class PasskeyNameWrong(Invalid):
    code = "accounts.passkey_name"
    title = _("A passkey's name has 1 to %(limit)s characters.")
    advice_text = _("For example: my phone.")


class PasskeyTaken(Conflict):
    code = "accounts.passkey_taken"
    title = _("This passkey has been added already.")
    advice_text = _("It is in the list.")


class TooManyPasskeys(Conflict):
    code = "accounts.too_many_passkeys"
    title = _("An account has at most %(limit)s passkeys.")
    advice_text = _("Remove one that is not used any more.")


class PasskeyNotFound(NotFound):
    code = "accounts.passkey_not_found"
    title = _("You have no such passkey.")


class SessionNotFound(NotFound):
    code = "accounts.session_not_found"
    title = _("You have no such sign-in.")
    advice_text = _("It may have ended by itself.")


class AppNotStarted(Conflict):
    code = "accounts.app_not_started"
    title = _("The authenticator app has not been set up yet, or has been set up already.")
    advice_text = _("Begin again on the page My account.")


class NoFactor(Conflict):
    code = "accounts.no_factor"
    title = _("Recovery codes belong to a second factor, and there is none.")
    advice_text = _("Set up the authenticator app or a passkey first.")


class FactorNeeded(Forbidden):
    """The time in which one could go on without a second factor is over."""

    code = "accounts.factor_needed"
    title = _("Your appointment asks for a second factor besides the password.")
    advice_text = _("Set up an authenticator app or a passkey on the page My account; it takes two minutes.")


class InvitationOver(NotFound):
    code = "accounts.invitation_over"
    title = _("This invitation is not valid any more.")
    advice_text = _("It has been used, taken back, or its time is over. Ask whoever sent it for a new one.")


class InvitationNotFound(NotFound):
    code = "accounts.invitation_not_found"
    title = _("There is no such open invitation.")


class InvitesSelf(Conflict):
    code = "accounts.invites_self"
    title = _("You cannot invite yourself.")
    advice_text = _("Change your password on the page My account.")


class DaysWrong(Invalid):
    code = "accounts.days"
    title = _("An invitation is valid for %(days)s days.")
    advice_text = _("Choose one of these.")
