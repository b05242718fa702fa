"""Forms of the chain, of volunteers and of work teams."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.duty.claims import REASON_LENGTH
from linli.duty.forms import moment_field, place_field
from linli.duty.terms import NAME_LENGTH, USERNAME_LENGTH

HOME_HINT = _("Compound, building and unit: 阳光小区 3号楼 2单元")


class WhenForm(forms.Form):
    at = moment_field(_("At this time"), _("Empty: now."))


class PersonForm(forms.Form):
    """Somebody: an account name, or a name and a phone."""

    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, required=False)
    phone = forms.CharField(
        label=_("Phone"), max_length=30, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"}),
        help_text=_("One phone is one person: whoever is known by it keeps their account."),
    )  # fmt: skip
    account = forms.CharField(
        label=_("Account name"), max_length=USERNAME_LENGTH, required=False,
        help_text=_("Instead of name and phone, if you know it."),
    )  # fmt: skip

    def person(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("account", "name", "phone")}


class HandOverForm(PersonForm):
    pass


class MemberForm(PersonForm):
    organisation = forms.CharField(label=_("Organisation"), max_length=NAME_LENGTH, required=False)
    until = moment_field(_("Until"), _("Empty: until it is ended."))


class TeamForm(MemberForm):
    field_order = ("team", "place", "name", "phone", "account", "organisation", "until")
    team = forms.CharField(label=_("Name of the team"), max_length=NAME_LENGTH)
    place = place_field(_("Place"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Leader")


class CadreForm(MemberForm):
    field_order = ("place", "name", "phone", "account", "organisation", "until")
    place = place_field(_("Place"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].required = True


class HomeForm(forms.Form):
    home = forms.CharField(label=_("Where you live"), max_length=200, help_text=HOME_HINT)


class JoinForm(HomeForm):
    field_order = ("name", "phone", "home", "username", "password")
    name = forms.CharField(
        label=_("Name"), max_length=NAME_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=30, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "tel"})
    )
    username = forms.CharField(
        label=_("Account name"), max_length=USERNAME_LENGTH, help_text=_("Letters, digits and . @ - _, no blanks."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password"), max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip


class DeclineForm(forms.Form):
    reason = forms.CharField(max_length=REASON_LENGTH, required=False)
