"""Forms of the desk's own pages."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Account and password. One message for both kinds of wrong, so that nobody can ask which accounts exist."""

    error_messages = {
        "invalid_login": _("This account and password do not go together. Check capital letters, and try again."),
        "inactive": _("This account has been closed. Ask the office that made it."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("Account")
        self.fields["password"].label = _("Password")
