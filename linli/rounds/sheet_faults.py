"""What can be wrong with a row of a sheet of marks, and what to do about it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.sheets import CellFault

FAULTS: dict[str, tuple[Text, Text]] = {
    "nobody": (
        _("The row does not say whom it means."),
        _("Give the number from the exported list, the ID number, or compound, building, unit, door and name."),
    ),
    "code": (
        _("This is not a number from an exported list."),
        _("Numbers look like P1024 or H512; copy it from the list."),
    ),
    "code_kind": (
        _("The number is of a household, but the round counts people; or the other way round."),
        _("Export the list of this round, and fill in that one."),
    ),
    "name_differs": (
        _("The number belongs to somebody of another name."),
        _("The columns may have been sorted apart. Export the list again, or correct number or name."),
    ),
    "not_in_round": (
        _("This person or household is not in the round, or not in your places."),
        _("Check that they are registered as present and that this is the right round."),
    ),
    "unknown_id": (
        _("Nobody with this ID number lives in your places."),
        _("Check the number, or register the person first."),
    ),
    "unknown_door": (
        _("There is no such door in the round."),
        _("Check compound, building, unit and door as the list of places writes them."),
    ),
    "unknown_name": (
        _("Nobody of this name lives behind this door."),
        _("Check name and door, or register the person first."),
    ),
    "name_twice": (
        _("Several people or households there fit this row."),
        _("Give the number from the exported list, or the ID number."),
    ),
    "others_live_there": (
        _("The round counts households, and others still live in the household of this person."),
        _("Note in the register that this person has left. If all have left, write 空户 vacant."),
    ),
    "result": (
        _("This result is not known."),
        _("Write one of: 完成 done, 不在 absent, 拒绝 refused, 豁免 exempt, 搬走 moved out, 空户 vacant."),
    ),
    "reason_missing": (_("An exemption needs a reason."), _("Write it into the column 原因.")),
    "reason_long": (_("The reason is longer than 400 characters."), _("Shorten it.")),
    "time": (_("This is not a time."), _("Write 14:30 for today, or 2022-10-04 14:30.")),
    "time_of_day": (_("There is a day but no time of day."), _("Write both, such as 2022-10-04 14:30.")),
    "time_future": (_("This time has not come yet."), _("Correct the day, the year or the time.")),
    "time_ahead": (
        _("This time of today has not come yet."),
        _("If it was another day, write the day as well: 2022-10-04 14:30."),
    ),
}


def fault(code: str) -> CellFault:
    """The fault of this code, with its words."""
    message, advice = FAULTS[code]
    return CellFault(code, message, advice)
