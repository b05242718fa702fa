"""Forms of the desk's own pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import UsernameField
from django.utils.translation import gettext_lazy as _

from linli.core.forms import PasswordForm, password_field


class SignInForm(forms.Form):
    """Account and password; whether they go together is asked of `accounts`."""

    username = UsernameField(
        label=_("Account"),
        max_length=150,
        widget=forms.TextInput(attrs={"autofocus": True, "autocapitalize": "none", "autocomplete": "username"}),
    )
    password = password_field(_("Password"), "current-password")


class CodeForm(forms.Form):
    """Six digits, or a recovery code."""

    code = forms.CharField(
        label=_("Verification code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True, "autocapitalize": "none"}),
    )


class ChangePasswordForm(PasswordForm):
    """The old password is checked by the service, which counts failures."""

    old_password = password_field(_("Present password"), "current-password")
    field_order = ["old_password", "new_password1", "new_password2"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("Choose a new password")
        self.fields["new_password2"].label = _("The same once more")
        self.fields["new_password2"].help_text = ""
        self.fields["new_password1"].help_text = _(
            "At least ten characters; no name, no word alone, not only digits. Several words in a row are good."
        )
