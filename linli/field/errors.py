"""What can go wrong between a phone and the server, each with what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, Problem, Unavailable


class SignedOut(NotSignedIn):
    code = "field.signed_out"
    title = _("This phone is signed out.")
    advice_text = _("Sign in again. What has not been sent stays on the phone and is sent then.")


class CodeNeeded(Problem):
    code = "field.code_needed"
    status = 401
    title = _("This account has a second factor.")
    advice_text = _(
        "Type the six digits of the authenticator app, or a recovery code. With a passkey: sign in on the page, then"
        " open the app there."
    )


class NoPhone(Forbidden):
    code = "field.no_phone"
    title = _("Only a phone's own session can do this.")
    advice_text = _("Sign in with POST /api/field/session, and use its token.")


class KeyUnknown(Invalid):
    code = "field.key_unknown"
    title = _("The key was not sealed to a key of this server, or is not one of 256 bits.")
    advice_text = _("Fetch the server's public key anew, seal the session's key to it, and send it again.")


class KeyRegistered(Conflict):
    code = "field.key_registered"
    title = _("This session has another key already.")
    advice_text = _("Use the key that was registered first, or sign in again.")


class KeyMissing(Conflict):
    code = "field.key_missing"
    title = _("The key of this session has not been registered.")
    advice_text = _("Send it along, sealed to the server's public key, and then the work again.")


class SessionUnknown(NotFound):
    code = "field.session_unknown"
    title = _("There never was such a session here.")
    advice_text = _("Keep the work on the phone, and ask the office which server it belongs to.")


class OtherAuthor(Forbidden):
    code = "field.other_author"
    title = _("This work was sealed by somebody else's phone.")
    advice_text = _("Send it as work handed to you: it counts as theirs.")


class NotJson(Problem):
    code = "field.not_json"
    title = _("What was sent is not what this address takes, or was cut on the way.")
    advice_text = _("Send it again, as docs/sync.md says. Nothing was changed.")


class BatchTooLarge(Problem):
    code = "field.batch_too_large"
    status = 413
    title = _("A batch has at most %(bytes)s bytes and %(commands)s commands.")
    advice_text = _("Send it in several parts.")


class EncodingUnknown(Problem):
    code = "field.encoding_unknown"
    status = 415
    title = _("This address does not take the encoding %(encoding)s.")
    advice_text = _("Send it with Content-Encoding: gzip, or as it is and without that header. Nothing was changed.")


class KindUnknown(Invalid):
    code = "field.kind_unknown"
    title = _("The server does not know this kind of work: %(kind)s.")
    advice_text = _("Keep it, update the app, and send it again. If it stays, tell the office.")


class BoxUnreadable(Invalid):
    code = "field.box_unreadable"
    title = _("This work cannot be opened: it was altered, or sealed under another key.")
    advice_text = _("Enter it again, and tell the office.")


class NoAuthority(Forbidden):
    code = "field.no_authority"
    title = _("When this was done you held no post for it, or it ended more than %(days)s days ago.")
    advice_text = _("Tell the office that answers for this place what you found: it can enter it.")


class Busy(Unavailable):
    code = "field.busy"
    title = _("Others are at work at the same doors just now.")
    advice_text = _("It is sent again by itself.")


class TooManyPeople(Invalid):
    code = "field.too_many_people"
    title = _("%(count)s people live in your places; a phone carries at most %(limit)s.")
    advice_text = _("Choose one place to work in: a community, a grid or a compound.")


class PlaceBeyond(Forbidden):
    code = "field.place_beyond"
    title = _("None of the doors of this place are yours to see.")
    advice_text = _("Choose a place within your posts.")


class AppNotBuilt(Unavailable):
    code = "field.app_not_built"
    title = _("The phone app has not been built on this server.")
    advice_text = _("Run 'make setup' on the server, and load this page again.")
