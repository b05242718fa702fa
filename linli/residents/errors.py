"""What can go wrong with households and people, each with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Invalid, NotFound, Text


class DoorUnknown(NotFound):
    code = "residents.door_unknown"
    title = _("There is no such door.")
    advice_text = _("Look for the door in its building, or add it there first.")


class DoorLivedIn(Conflict):
    code = "residents.door_lived_in"
    title = _("%(count)s households still live there.")
    advice_text = _("Move them, or record that they have left, before the place ends.")


class HouseholdUnknown(NotFound):
    code = "residents.household_unknown"
    title = _("There is no such household here.")
    advice_text = _("Search for one of its people by name, phone or ID number.")


class PersonUnknown(NotFound):
    code = "residents.person_unknown"
    title = _("There is no such person here.")
    advice_text = _("Search by name, phone or ID number.")


class HouseholdEnded(Conflict):
    code = "residents.household_ended"
    title = _("Everyone of this household has left.")
    advice_text = _("Register the people who live there now as a new household.")


class LabelTaken(Conflict):
    """Two households behind one door bear one label."""

    code = "residents.label_taken"
    title = _("There is already a household with the label “%(label)s” behind this door.")
    advice_text = _("Add the people to that household, or give the new one another label.")


class HouseholdUnclear(Conflict):
    code = "residents.household_unclear"
    title = _("%(count)s households live behind this door.")
    advice_text = _("Choose the household, or begin a new one.")


class PersonInTwoHomes(Conflict):
    """The same ID number lives at another door. `door` is named only to those who may see it."""

    code = "residents.two_homes"
    title = _("A person with this ID number is registered behind another door.")
    advice_text = _("Check the ID number. If the person has moved, ask the office of the other place to record it.")


class PersonKnownAt(PersonInTwoHomes):
    title = _("A person with this ID number is registered at %(door)s.")
    advice_text = _("Check the ID number. If the person has moved here, move them instead of adding them.")


class PersonTwice(Conflict):
    code = "residents.person_twice"
    title = _("A person with this ID number is already in this household.")
    advice_text = _("Correct the entry that is there.")


class FieldWrong(Invalid):
    """A field of a person or household that cannot be used; `field` names it."""

    code = "residents.field"
    title = _("%(label)s: the value cannot be used.")


class EnteredSince(Conflict):
    """What a phone saw without signal is older than what the register has been told since, by somebody else."""

    code = "residents.entered_since"
    title = _("Since you saw this, somebody else has entered that they live here.")
    advice_text = _("Nothing was changed. Look again; if they have left, note it once more.")


class NothingChanged(Invalid):
    code = "residents.nothing_changed"
    title = _("There is nothing to change.")
    advice_text = _("Change a value, then save.")


@dataclass(frozen=True)
class Dispute:
    """A field that two people changed: what it is now, and what the second wanted; personal numbers masked."""

    field: str
    label: Text
    theirs: str
    yours: str


class ChangedMeanwhile(Conflict):
    """Somebody else saved first. `disputes`: both values of each field; `updated_at` is what has been seen with them:
    sent as `seen_at`, the second insists.
    """

    code = "residents.changed_meanwhile"
    title = _("Somebody else changed this in the meantime. Now it is: %(theirs)s. You wanted: %(yours)s.")
    advice_text = _("Choose field by field which value is right, and save once more.")

    def __init__(self, disputes: Sequence[Dispute], updated_at: datetime) -> None:
        self.disputes = tuple(disputes)
        self.updated_at = updated_at
        super().__init__(
            fields=", ".join(one.field for one in disputes),
            theirs="; ".join(f"{one.label} “{one.theirs}”" for one in disputes),
            yours="; ".join(f"{one.label} “{one.yours}”" for one in disputes),
            updated_at=updated_at.isoformat(),
        )


class EntryMerged(Conflict):
    code = "residents.entry_merged"
    title = _("This entry has been merged into another.")
    advice_text = _("Change the entry that stands for it, or undo the merging first.")


class NotMergeable(Conflict):
    """`why` is said in the detail."""

    code = "residents.not_mergeable"
    title = _("These two cannot be merged.")
    advice_text = _("Choose two different entries.")


class SurvivorGone(NotMergeable):
    code = "residents.survivor_gone"
    title = _("Somebody who lives here cannot be merged into an entry that has left.")
    advice_text = _("Merge the other way round: keep the entry of who lives here.")


class HouseholdsApart(NotMergeable):
    code = "residents.households_apart"
    title = _("The two households are behind different doors.")
    advice_text = _("Move one of them to the door where they really live, then merge.")


class MergerUnknown(NotFound):
    code = "residents.merger_unknown"
    title = _("There is no such merging here.")
    advice_text = _("Look for it in the list of mergings.")


class MergerUndone(Conflict):
    code = "residents.merger_undone"
    title = _("This merging has been undone already.")


class UndoLaterFirst(Conflict):
    """A later merger has to be undone before. `merger` is its number."""

    code = "residents.undo_later_first"
    title = _("Something was merged on top of this since.")
    advice_text = _("Undo merging no. %(merger)s first.")


class DuplicateUnknown(NotFound):
    code = "residents.duplicate_unknown"
    title = _("There is no such pair here.")
    advice_text = _("Go back to the list; somebody may have decided it.")


class BackTooEarly(Invalid):
    code = "residents.back_too_early"
    title = _("The day of return lies before today.")
    advice_text = _("Give a day from today on, or leave it empty when it is not known.")


class SameHousehold(Invalid):
    code = "residents.same_household"
    title = _("They already live there.")
    advice_text = _("Choose another door or household.")


class NobodyChosen(Invalid):
    code = "residents.nobody_chosen"
    title = _("Nobody is chosen, or somebody of another household.")
    advice_text = _("Choose people of this household.")


class WordUnknown(Invalid):
    code = "residents.word_unknown"
    title = _("“%(word)s” is not one of: %(known)s.")
    advice_text = _("Use one of these words.")


class SearchEmpty(Invalid):
    code = "residents.search_empty"
    title = _("Nothing to search for was given.")
    advice_text = _("Give a whole name, phone number or ID number.")


class RosterCollision(Conflict):
    """Somebody registered one of the sheet's people while the import ran; nothing of the import was kept."""

    code = "residents.roster_collision"
    title = _("Somebody else registered one of these people while the sheet was being imported. Nothing was kept.")
    advice_text = _("Send the sheet again.")
