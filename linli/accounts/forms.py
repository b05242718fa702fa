"""Forms of accounts' pages. They check shapes; what may be done is decided in `services`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from linli.accounts.terms import INVITATION_DAYS, NAME_LENGTH
from linli.core.forms import password_field
from linli.duty import terms as duty
from linli.duty.terms import Role
from linli.places.terms import PLACE_CODE

DAYS = [(days, ngettext_lazy("%(days)s day", "%(days)s days", days) % {"days": days}) for days in INVITATION_DAYS]
USUAL_DAYS = 3


class ConfirmForm(forms.Form):
    password = password_field(_("Password"), "current-password")


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Verification code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )


class PasskeyForm(forms.Form):
    name = forms.CharField(
        label=_("What this passkey is called"),
        max_length=NAME_LENGTH,
        help_text=_("So that you know it again, for example: my phone, computer in the office."),
    )
    credential = forms.CharField(widget=forms.HiddenInput, max_length=20_000)


class DaysForm(forms.Form):
    days = forms.TypedChoiceField(label=_("The invitation is valid for"), choices=DAYS, coerce=int, initial=USUAL_DAYS)


class InviteForm(forms.Form):
    """A person who has no account yet."""

    name = forms.CharField(label=_("Name"), max_length=duty.NAME_LENGTH, help_text=_("The name people know them by."))
    username = forms.CharField(
        label=_("Account name"),
        max_length=duty.USERNAME_LENGTH,
        help_text=_("What they type to sign in: letters, digits and . @ - _, no blanks."),
    )
    role = forms.ChoiceField(label=_("Role"), choices=[("", _("no role yet")), *Role.choices], required=False)
    place = forms.CharField(
        label=_("Place"), max_length=40, required=False, widget=forms.TextInput(attrs=PLACE_CODE),
        help_text=_("The code of the place, or choose it on the map."),
    )  # fmt: skip
    days = forms.TypedChoiceField(label=_("The invitation is valid for"), choices=DAYS, coerce=int, initial=USUAL_DAYS)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if bool(given.get("role")) != bool(given.get("place")):
            raise forms.ValidationError(_("Give both role and place, or neither."))
        return given
