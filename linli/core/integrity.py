"""What the database refused, in words: the name of a constraint -> a problem with advice. The only place that knows.

Services check what they can and raise their own errors; this is what remains when two people do the same thing in
the same second, or a rule was forgotten above. The constraints themselves are in the rooms' models and migrations.
"""

from __future__ import annotations

from typing import NamedTuple

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Invalid, Problem, Text


class Broken(Conflict):
    """A rule that the database keeps. `params["constraint"]` names it."""

    code = "core.rule"
    title = _("This would break a rule that the register keeps.")
    advice_text = _("Load the page again and check what you entered; nothing was changed.")


class BrokenValue(Invalid):
    code = "core.rule"
    title = _("A value breaks a rule that the register keeps.")
    advice_text = Broken.advice_text


class Words(NamedTuple):
    detail: Text
    advice: Text


_LOAD_AGAIN = _("Load it again: somebody may have entered it a moment ago.")
_CONFLICTS: dict[str, Words] = {
    "account_username_key": Words(_("This account name is in use."), _("Choose another name.")),
    "api_token_digest_key": Words(_("This token exists already."), _("Make a new one.")),
    "appointment_once": Words(
        _("This account already holds this role at this place in that time."),
        _("End the earlier appointment first, or choose a time after it."),
    ),
    "appointment_post": Words(
        _("Somebody else holds this post in that time."), _("Hand the post over, or end that appointment first.")
    ),
    "staff_phone_once": Words(
        _("This phone belongs to another account."), _("Check the number; appoint the account there is.")
    ),
    "claim_once": Words(_("You already asked for this post."), _("Wait for the answer, or withdraw the first claim.")),
    "place_code_key": Words(_("This code already stands for a place."), _("Check the code.")),
    "place_alias_once": Words(_("The place already has this other name."), _LOAD_AGAIN),
    "place_block_once": Words(_("Somebody else added a place here in the same second."), _("Try again.")),
    "place_span_apart": Words(
        _("Part of these doors already belongs to another place of this kind."),
        _("Take it out of the other place first, or leave it out here."),
    ),
    "place_span_once": Words(_("A compound, building or unit holds its doors once."), _LOAD_AGAIN),
    "place_span_parent_is": Words(_("The boundaries of the place above were changed in the meantime."), _LOAD_AGAIN),
    "door_number_once": Words(_("There is already a door with this number in this unit."), _LOAD_AGAIN),
    "door_pkey": Words(_("Somebody else added a door here in the same second."), _("Try again.")),
    "household_label_once": Words(
        _("There is already a household with this name at this door."),
        _("Use that household, or give the new one a name that tells the two apart."),
    ),
    "household_at_door": Words(_("There is no such door."), _("Check the door's number; add the door first.")),
    "household_client_id_key": Words(_("This household was already entered."), _LOAD_AGAIN),
    "person_client_id_key": Words(_("This person was already entered."), _LOAD_AGAIN),
    "person_id_once": Words(
        _("Somebody with this ID number is already registered."),
        _("Look the number up; move the person there is instead of adding them again."),
    ),
    "round_code_key": Words(_("This code already stands for a round."), _("Choose another code.")),
}
_INVALID: dict[str, Words] = {
    "api_token_expires": Words(_("The token ends before it begins."), _("Choose a later end.")),
    "appointment_time": Words(_("The appointment ends before it begins."), _("Choose a later end.")),
    "person_named": Words(_("A person needs a name."), _("Enter the name as it is on the identity card.")),
    "person_back": Words(
        _("A day of return belongs to somebody who is away."), _("Set them as away, or clear the day.")
    ),
    "place_name_said": Words(_("A place needs a name and a code."), _("Enter both.")),
    "place_parent_kind": Words(_("A place of this kind cannot stand there."), _("Choose a parent of the right kind.")),
    "place_span_units": Words(
        _("A boundary would run through the middle of a unit."), _("Give whole units, buildings or compounds.")
    ),
    "door_number_said": Words(_("A door needs a number."), _("Enter it as it is written on the door.")),
    "place_outline_box": Words(
        _("The outline lies outside of the world."), _("Give longitude and latitude in degrees, WGS-84.")
    ),
}


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that was violated, "" when the server named none."""
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None) or ""


def explain(error: IntegrityError) -> Problem:
    """The problem that a refused write stands for; for a constraint nobody put into words, a general one."""
    name = constraint_of(error)
    if name in _CONFLICTS:
        detail, advice = _CONFLICTS[name]
        return Broken(detail, advice=advice, constraint=name)
    if name in _INVALID:
        detail, advice = _INVALID[name]
        return BrokenValue(detail, advice=advice, constraint=name)
    is_value = getattr(error.__cause__, "sqlstate", "") in {"23514", "23502"}  # check, not null
    return (BrokenValue if is_value else Broken)(constraint=name)
