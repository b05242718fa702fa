"""Forms of the desk's own pages."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import UsernameField
from django.utils.translation import gettext_lazy as _

from linli.core.forms import NewPasswordForm, password_field


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


class ChangePasswordForm(NewPasswordForm):
    """The old password is checked by the service, which counts failures."""

    old_password = password_field(_("Present password"), "current-password")
    field_order = ["old_password", "new_password1", "new_password2"]
