"""What can go wrong with a round."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem


class RoundNotFound(NotFound):
    code = "rounds.not_found"
    title = _("There is no round %(round)s.")
    advice_text = _("Look for it in the list of rounds.")


class RoundClosed(Problem):
    code = "rounds.closed"
    status = 409
    title = _("The round %(round)s is closed; its figures do not change any more.")
    advice_text = _("Reopen the round if the mark belongs to it, or mark in a later round.")


class FiguresFrozen(Conflict):
    code = "rounds.figures_frozen"
    title = _("The round %(round)s was closed after that moment; its figures by place would change.")
    advice_text = _("Let the new boundaries begin after the round was closed.")


class RoundNotOpen(Problem):
    code = "rounds.not_open"
    status = 409
    title = _("The round %(round)s is not open.")
    advice_text = _("Open it first; marks are taken from then on.")


class WrongState(Conflict):
    code = "rounds.wrong_state"
    title = _("The round %(round)s is %(state)s, so this cannot be done.")
    advice_text = _("Load the page again to see how it stands now.")


class NameWrong(Invalid):
    code = "rounds.name_wrong"
    title = _("A round needs a name of at most %(most)s characters.")
    advice_text = _("Say what it is, such as: third round of door knocking.")


class EmptyScope(Invalid):
    code = "rounds.empty_scope"
    title = _("Nobody lives within the scope of this round.")
    advice_text = _("Choose other places, take fewer out, or load the roster first.")


class BadTimes(Invalid):
    code = "rounds.bad_times"
    title = _("The round ends before it starts.")
    advice_text = _("Give an end that is later than the start.")


class NotInRound(Invalid):
    code = "rounds.not_in_round"
    title = _("This person or household is not in the round.")
    advice_text = _("Check the scope of the round, or whether they are registered as present.")


class BadMark(Invalid):
    code = "rounds.bad_mark"
    title = _("This is not a mark that can be given: %(value)s.")
    advice_text = _("Give done, absent, refused, exempt, moved_out or vacant.")


class UndoLate(Conflict):
    code = "rounds.undo_late"
    title = _("This mark cannot be taken back: it is not yours, or too long ago, or it corrected the register.")
    advice_text = _("Mark anew what is right now.")


class TooMany(Invalid):
    code = "rounds.too_many"
    title = _("%(count)s marks in one request are too many.")
    advice_text = _("Send at most %(limit)s at a time.")


class CodeTaken(Conflict):
    code = "rounds.code_taken"
    title = _("There is already a round with the code %(round)s.")
    advice_text = _("Choose another code, or leave it empty to be given one.")


class OthersLiveThere(Invalid):
    code = "rounds.others_live_there"
    title = _("The round counts households, and others still live in the household of this person.")
    advice_text = _("Note in the register that this person has left. If all have left, mark the household.")


class NameDiffers(Invalid):
    code = "rounds.name_differs"
    title = _("What was typed is not the code of this round: %(round)s.")
    advice_text = _("Nothing was changed. Type the code as it stands on the page, and press the button again.")


FIELD_WORDS = {
    "reason": _("An exemption needs a reason."),
    "back": _("The time of return is not a time of day."),
    "until": _("The day until which the exemption holds is no day to come."),
    "id": _("The page is out of date."),
}
FIELD_ADVICE = {
    "reason": _("Write why, in a few words."),
    "back": _("Write it as 18:30, or leave it empty."),
    "until": _("Choose today or a later day, or leave it empty for the whole round."),
    "id": _("Load it again, and press once more."),
}


class FieldWrong(Invalid):
    """A field of a mark's form; `field` is one of FIELD_WORDS."""

    code = "rounds.field_wrong"

    def __init__(self, field: str) -> None:
        super().__init__(FIELD_WORDS[field], advice=FIELD_ADVICE[field], field=field)


class AddressWrong(Invalid):
    code = "rounds.address_wrong"
    title = _("The address of this page is not complete, or was changed by hand.")
    advice_text = _("Go back to the round and start from its buttons.")


class ListTooLong(Invalid):
    code = "rounds.list_too_long"
    title = _("The list has more than %(limit)s names.")
    advice_text = _("Choose a smaller place: a street, a community or a compound.")


class PurposeMissing(Invalid):
    code = "rounds.purpose_missing"
    title = _("Names leave the system only for a purpose, and none was chosen.")
    advice_text = _("Choose what the list is for.")


class BeyondPlaces(Forbidden):
    code = "rounds.beyond_places"
    title = _("%(place)s is not, or not wholly, among the places where you may open a round.")
    advice_text = _("Take it out, or ask the office above you to open the round.")


class NoCertificate(NotFound):
    code = "rounds.no_certificate"
    title = _("The round %(round)s has not been closed, so it has no certificate.")
    advice_text = _("Read its figures as they stand, or close it first.")


class ReasonUnknown(Invalid):
    code = "rounds.reason_unknown"
    title = _("%(reason)s is no reason for being open still.")
    advice_text = _("Give one of: %(reasons)s.")


class StateUnknown(Invalid):
    code = "rounds.state_unknown"
    title = _("A round is never %(state)s.")
    advice_text = _("Give one of: %(states)s.")


class KindUnknown(Invalid):
    code = "rounds.kind_unknown"
    title = _("There is no kind of place %(kind)s.")
    advice_text = _("Give one of: %(kinds)s.")


class NeedUnknown(Invalid):
    code = "rounds.need_unknown"
    title = _("There is no mark of need %(need)s.")
    advice_text = _("Give one of: %(needs)s.")


class NotJson(Problem):
    code = "rounds.not_json"
    status = 400
    title = _("What was sent is not JSON.")
    advice_text = _('Send one mark as an object, or several as {"marks": [...]}; nothing was marked.')


class MarkFieldWrong(Invalid):
    """A field of a mark sent to the API; `field` names it."""

    code = "rounds.mark_field"
    title = _("%(field)s: %(why)s")
    advice_text = _("Correct the field and send this mark again, under the same id.")
