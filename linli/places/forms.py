"""Forms of the room's pages. They check shapes; what may be done is decided in `services`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from linli.places.terms import DIVISIONS, NAME_LENGTH, OVERLAYS, Kind


class AddForm(forms.Form):
    """A new place under a given one; which fields there are depends on the kinds that may stand there."""

    kind = forms.TypedChoiceField(label=_("Kind"), coerce=lambda value: Kind(int(value)))
    name = forms.CharField(label=_("Place name"), max_length=NAME_LENGTH, help_text=_("As it is written on the sign."))
    code = forms.CharField(
        label=_("Place code"), max_length=40, required=False,
        help_text=_(
            "The official code of a division. Left empty for compounds, buildings, units, areas and grids, one is made."
        ),
    )  # fmt: skip
    holds = forms.CharField(
        label=_("What belongs to it"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Of an area or grid: codes of compounds, buildings or units, one a line."),
    )  # fmt: skip

    def __init__(self, *args: Any, kinds: list[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        if not set(kinds) & {*DIVISIONS}:
            del self.fields["code"]
        if not set(kinds) & {*OVERLAYS}:
            del self.fields["holds"]

    @property
    def codes(self) -> list[str]:
        return str(self.cleaned_data.get("holds", "")).split()


class RenameForm(forms.Form):
    name = forms.CharField(
        label=_("New name"), max_length=NAME_LENGTH, help_text=_("Under its old name the place is still found.")
    )


class MoveForm(forms.Form):
    to = forms.CharField(
        label=_("Code of the place it goes to"), max_length=40,
        help_text=_("A compound goes to a community, a community to a street, a street to a district."),
    )  # fmt: skip


class DoorsForm(forms.Form):
    numbers = forms.CharField(
        label=_("Door numbers"), widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("As they are written on the doors, with blanks or line ends between: 101 102 201 202."),
    )  # fmt: skip

    @property
    def given(self) -> list[str]:
        return str(self.cleaned_data["numbers"]).split()


class EndForm(forms.Form):
    name = forms.CharField()

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = name
        self.fields["name"].label = format_lazy("{} {}", _("To end it, write its name:"), name)
        self.fields["name"].help_text = _("It cannot be taken back; codes and keys are never given again.")

    def clean_name(self) -> str:
        if self.cleaned_data["name"].strip() != self.wanted:
            raise forms.ValidationError(_("This is not the name of the place."))
        return self.wanted
