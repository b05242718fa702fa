"""Forms of the desk's own pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm, UsernameField
from django.utils.translation import gettext_lazy as _

from linli.core.models import Account

LONGEST_PASSWORD = 4096  # more would only keep the hasher busy
if TYPE_CHECKING:  # generic for the type checker alone
    PasswordForm = SetPasswordForm[Account]
else:
    PasswordForm = SetPasswordForm


def _password(label: Any, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, max_length=LONGEST_PASSWORD)


class SignInForm(forms.Form):
    """Account and password; whether they go together is asked of `accounts`."""

    username = UsernameField(
        label=_("Account"),
        max_length=150,
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none", "autocomplete": "username"}),
    )
    password = _password(_("Password"), "current-password")


class CodeForm(forms.Form):
    """Six digits, or a recovery code."""

    code = forms.CharField(
        label=_("Verification code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none"}),
    )


class ChangePasswordForm(PasswordForm):
    """The old password is checked by the service, which counts failures."""

    old_password = _password(_("Present password"), "current-password")
    field_order = ["old_password", "new_password1", "new_password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("Choose a new password")
        self.fields["new_password2"].label = _("The same once more")
        self.fields["new_password2"].help_text = ""
        self.fields["new_password1"].help_text = _(
            "At least ten characters; no name, no word alone, not only digits. Several words in a row are good."
        )
