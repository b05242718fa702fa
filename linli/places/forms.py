"""Forms of the room's pages. They check shapes; what may be done is decided in `services`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from linli.core.forms import set_choices
from linli.places.terms import DIVISIONS, NAME_LENGTH, OVERLAYS, PLACE_CODE, Kind, PlaceRef


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
        label=_("What belongs to it"), required=False, widget=forms.Textarea(attrs={"rows": 3, "data-draw-codes": ""}),
        help_text=_("Of an area or grid: codes of compounds, buildings or units, one a line."),
    )  # fmt: skip

    def __init__(self, *args: Any, kinds: list[Kind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "kind", [(kind.value, kind.label) for kind in kinds])
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
        label=_("Code of the place it goes to"), max_length=40, widget=forms.TextInput(attrs=PLACE_CODE),
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


class RedrawForm(forms.Form):
    """How boundaries change. What is ticked (`piece`, `merge`) the view reads itself: it is drawn as a tree."""

    how = forms.ChoiceField(
        label=_("What is to happen?"),
        choices=[
            ("new", _("What is ticked becomes a new one")),
            ("move", _("What is ticked goes to another")),
            ("merge", _("Others are merged into this one")),
        ],
    )
    name = forms.CharField(label=_("Name of the new one"), max_length=NAME_LENGTH, required=False)
    code = forms.CharField(
        label=_("Code of the new one"), max_length=40, required=False, help_text=_("Left empty, one is made.")
    )
    to = forms.TypedChoiceField(
        label=_("To which one"), coerce=lambda value: int(value) if value else None, empty_value=None, required=False
    )
    since = forms.DateTimeField(
        label=_("From when"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Left empty: now."),
    )  # fmt: skip
    backdated = forms.BooleanField(
        label=_("as of a past moment"), required=False,
        help_text=_("The boundaries were in truth redrawn earlier: what is read of that time will read otherwise."),
    )  # fmt: skip
    token = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, siblings: Sequence[PlaceRef], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "to", [("", _("Please choose")), *((one.id, f"{one.name} {one.code}") for one in siblings)])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("how") == "new" and not given.get("name"):
            self.add_error("name", _("Give the new one a name."))
        if given.get("how") == "move" and not given.get("to"):
            self.add_error("to", _("Choose which one takes it."))
        return given


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
