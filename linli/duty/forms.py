"""Forms of duty's pages. They check shapes; what may be done is decided in `services`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core.forms import set_choices
from linli.duty.terms import NAME_LENGTH, PERMISSION_LABELS, USERNAME_LENGTH, OfficerKind, Role, Standing
from linli.places.terms import PLACE_CODE

TOKEN_DAYS = ((7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (366, _("one year")))


def moment_field(label: Any, help_text: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(
        label=label, help_text=help_text, required=False, widget=widget, input_formats=["%Y-%m-%dT%H:%M"]
    )


def place_field(label: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=40, required=required, widget=forms.TextInput(attrs=PLACE_CODE),
        help_text=_("The code of the place, or choose it on the map."),
    )  # fmt: skip


class AccountForm(forms.Form):
    username = forms.CharField(
        label=_("Account name"), max_length=USERNAME_LENGTH, help_text=_("Letters, digits and . @ - _, no blanks.")
    )
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH, help_text=_("The name people know them by."))


def phone_field(
    label: Any, help_text: Any = "", *, required: bool = True, autocomplete: str = "off"
) -> forms.CharField:
    widget = forms.TextInput(attrs={"inputmode": "tel", "autocomplete": autocomplete})
    return forms.CharField(label=label, help_text=help_text, max_length=30, required=required, widget=widget)


class PhoneForm(forms.Form):
    phone = phone_field(_("Phone on duty"), _("A mobile number, or an area code and number such as 0471-6912345."))


class AppointForm(forms.Form):
    account = forms.CharField(label=_("Account name"), max_length=USERNAME_LENGTH)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    place = place_field(_("Place"))
    since = moment_field(_("From"), _("Empty: from now on."))
    until = moment_field(_("Until"), _("Empty: until it is ended."))
    is_deputy = forms.BooleanField(
        label=_("As deputy"),
        required=False,
        help_text=_("Stands in for whoever holds the post, with the same authority."),
    )
    phone = phone_field(_("Phone on duty"), _("Empty: it stays what it is."), required=False)
    organisation = forms.CharField(label=_("Organisation"), max_length=NAME_LENGTH, required=False)
    officer_kind = forms.ChoiceField(
        label=_("Kind of information officer"), choices=[("", "–"), *OfficerKind.choices], required=False
    )


class FilterForm(forms.Form):
    place = place_field(_("Code of a place"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=[("", _("All roles")), *Role.choices], required=False)
    # First what is shown where nothing was chosen.
    standing = forms.ChoiceField(
        label=_("Standing"), required=False,
        choices=[
            *sorted(Standing.choices, key=lambda choice: choice[0] != Standing.IN_FORCE), ("all", _("all")),
        ],
    )  # fmt: skip


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What it is for"), max_length=NAME_LENGTH)
    days = forms.TypedChoiceField(label=_("Valid for"), choices=TOKEN_DAYS, coerce=int, initial=90)
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})
    )

    def __init__(self, *args: Any, permissions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "scopes", [(name, PERMISSION_LABELS[name]) for name in permissions])
