"""What can go wrong with places, each with what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Invalid, NotFound


class PlaceUnknown(NotFound):
    code = "places.unknown"
    title = _("There is no place %(place)s.")
    advice_text = _("Check the code, or search for the place by its name.")


class PlaceEnded(Conflict):
    code = "places.ended"
    title = _("%(place)s was dissolved.")
    advice_text = _("Choose the place that took over from it.")


class WrongParent(Invalid):
    code = "places.wrong_parent"
    title = _("A place of the kind “%(kind)s” cannot stand under one of the kind “%(parent_kind)s”.")
    advice_text = _("Choose a parent of the right kind.")


class KindUnknown(Invalid):
    code = "places.kind"
    title = _("There is no kind of place named %(kind)s.")
    advice_text = _("Kinds: %(kinds)s.")


class NameWrong(Invalid):
    code = "places.name"
    title = _("The name is empty or longer than %(limit)s characters.")
    advice_text = _("Give a short name, as it is written on the sign.")


class CodeWrong(Invalid):
    code = "places.code"
    title = _("“%(place)s” is not a code of a place.")
    advice_text = _("A code has up to 40 letters, digits and hyphens.")


class CodeMissing(CodeWrong):
    title = _("A division needs its official code.")
    advice_text = _("Give it as the official list has it: six digits for a district, nine for a street, twelve below.")


class CodeTaken(Conflict):
    code = "places.code_taken"
    title = _("The code %(place)s already stands for another place.")
    advice_text = _("Check the code; codes are never used twice, not even after a place was dissolved.")


class NameTaken(Conflict):
    code = "places.name_taken"
    title = _("There is already a place named %(name)s under %(parent)s.")
    advice_text = _("Use the one that is there, or give the new one a name that tells the two apart.")


class BlockFull(Conflict):
    """The reserved block of keys has no room for another child."""

    code = "places.block_full"
    title = _("%(place)s is full: no more than %(limit)s fit under it.")
    advice_text = _("Add another building or unit (or, for a community, another compound block) beside it.")


class JurisdictionFull(Conflict):
    code = "places.jurisdiction_full"
    title = _("All blocks of door keys are given out.")
    advice_text = _("Run the next city as a jurisdiction of its own.")


class NumberWrong(Invalid):
    code = "places.number"
    title = _("“%(number)s” is not a door number.")
    advice_text = _("A door number has 1 to 20 characters, as it is written on the door.")


class NumberTaken(Conflict):
    code = "places.number_taken"
    title = _("There is already a door %(number)s in %(place)s.")
    advice_text = _("Use the door that is there.")


class OutsideParent(Invalid):
    code = "places.outside_parent"
    title = _("Part of what is given does not belong to %(parent)s.")
    advice_text = _("Leave out what lies outside, or choose a wider parent.")


class Overlapping(Conflict):
    code = "places.overlapping"
    title = _("Part of it already belongs to %(place)s, and no door is in two places of one kind.")
    advice_text = _("Take it out of %(place)s first, or leave it out here.")


class CutsUnit(Invalid):
    code = "places.cuts_unit"
    title = _("A boundary would run through the middle of a unit.")
    advice_text = _("Give whole units, buildings or compounds.")


class NothingInside(Invalid):
    code = "places.nothing_inside"
    title = _("An area or grid needs at least one compound, building or unit.")
    advice_text = _("Choose what belongs to it.")


class SamePlace(Invalid):
    code = "places.same_place"
    title = _("%(place)s already belongs there.")
    advice_text = _("Choose another place to move it to.")


class LaterChange(Conflict):
    """A change dated before one that is already recorded."""

    code = "places.later_change"
    title = _("The boundaries of %(place)s were changed later than the moment given.")
    advice_text = _("Make the change as of now.")


class NotEmpty(Conflict):
    code = "places.not_empty"
    title = _("%(place)s still holds other places.")
    advice_text = _("Move or dissolve what is under it first.")


class Split(Conflict):
    code = "places.split"
    title = _("%(place)s does not lie in one community.")
    advice_text = _("Move its parts one by one.")


class OtherCity(Invalid):
    code = "places.other_city"
    title = _("%(place)s lies in another city.")
    advice_text = _("Places are moved inside one city only.")


class NotOfLayer(Invalid):
    code = "places.not_of_layer"
    title = _("%(place)s cannot be part of a change of boundaries of this kind.")
    advice_text = _("Give compounds, buildings or units, or whole places of the kind whose boundaries change.")


class PieceTwice(Invalid):
    code = "places.piece_twice"
    title = _("%(place)s is to go to two places at once.")
    advice_text = _("Leave it out of one of them.")


class NothingChanges(Invalid):
    code = "places.nothing_changes"
    title = _("Everything chosen is already there.")
    advice_text = _("Choose other parts, or another place to take them.")


class PastMoment(Invalid):
    code = "places.past_moment"
    title = _("The moment given has passed.")
    advice_text = _(
        "Take now or a later moment; if boundaries were in truth redrawn earlier, say so by choosing “as of a past"
        " moment”."
    )


class OnlyFromNow(Invalid):
    code = "places.only_from_now"
    title = _("This change can only begin now.")
    advice_text = _(
        "Communities, and areas whose grids go along, change at once. Come back at that moment, or change the grids"
        " alone."
    )


class StalePlan(Conflict):
    code = "places.stale_plan"
    title = _("The boundaries changed while you looked at the preview.")
    advice_text = _("Nothing was done. Look at the new preview and confirm it again.")


class RegridUnknown(NotFound):
    code = "places.regrid_unknown"
    title = _("There is no change of boundaries numbered %(number)s.")
    advice_text = _("Choose one from the list of changes.")


class RegridUndone(Conflict):
    code = "places.regrid_undone"
    title = _("This change has been taken back already.")
    advice_text = _("Make a new change if the boundaries should be otherwise.")


class ChangedSince(Conflict):
    code = "places.changed_since"
    title = _("The boundaries of %(place)s changed again since.")
    advice_text = _("Take back the later change first, or make a new one.")


class MomentWrong(Invalid):
    code = "places.moment"
    title = _("“%(text)s” is no date and time.")
    advice_text = _("Write it as 2022-10-05 or 2022-10-05T08:00.")
