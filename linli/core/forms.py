"""What forms of several rooms share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem
from linli.core.models import Account

LONGEST_PASSWORD = 4096  # more would only keep the hasher busy
T = TypeVar("T")
if TYPE_CHECKING:  # generic for the type checker alone
    PasswordForm = SetPasswordForm[Account]
else:
    PasswordForm = SetPasswordForm


class NewPasswordForm(PasswordForm):
    """A new password, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = _("Choose a new password")
        self.fields["new_password2"].label = _("The same once more")
        self.fields["new_password2"].help_text = ""
        self.fields["new_password1"].help_text = _(
            "At least ten characters; no name, no word alone, not only digits. Several words in a row are good."
        )


def password_field(label: Any, autocomplete: str) -> forms.CharField:
    """`autocomplete`: "current-password" or "new-password", for whatever keeps passwords in the browser."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, widget=widget, max_length=LONGEST_PASSWORD)


def set_choices(form: forms.Form, name: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """What may be chosen in the field `name`, (value, label), where that depends on who asks or on what there is."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"nothing is chosen in the field {name}")
    field.choices = list(choices)


def try_in(form: forms.Form, act: Callable[[], T]) -> T | None:
    """What `act` returns; None when it raised a problem with what was entered, which then stands in the form.

    Problems of who somebody is and what they may do (401, 403) are raised on.
    """
    try:
        return act()
    except Problem as problem:
        if problem.status in (401, 403):
            raise
        form.add_error(None, str(problem))
        return None
