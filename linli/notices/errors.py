"""What can go wrong with reports."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Forbidden, Invalid, NotFound


class SpecialNotFound(NotFound):
    code = "notices.special_not_found"
    title = _("There is no such special situation here.")
    advice_text = _("Look for it in the list.")


class SettledAlready(Conflict):
    code = "notices.settled_already"
    title = _("%(name)s has settled this already.")
    advice_text = _("Load the page again to see how.")


class OutcomeMissing(Invalid):
    code = "notices.outcome_missing"
    title = _("It was not said how this was settled.")
    advice_text = _("Write in a few words what was done.")


class PlaceBeyond(Forbidden):
    code = "notices.place_beyond"
    title = _("This place is not among yours.")
    advice_text = _("Report it at a door or place where you are appointed, and say in words where it is.")
