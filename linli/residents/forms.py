"""Forms of the room's pages. They check shapes; what may be done is decided in `services` and `policies`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linli.core.forms import set_choices
from linli.residents.policies import LABEL_CHARS, NAME_CHARS, NOTE_CHARS, RELATION_CHARS
from linli.residents.terms import (
    NEED_LABELS,
    NO_NEED,
    SAID,
    STORED_NEEDS,
    Need,
    PersonInput,
    PersonView,
    Presence,
    Purpose,
    Secret,
    Sex,
)

# ISO, whatever the language: a date field shows nothing else, and would send nothing back.
_DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class SearchForm(forms.Form):
    text = forms.CharField(
        label=_("Whole name, phone number or ID number"), max_length=80, help_text=_("Only exact values are found.")
    )


class HouseholdForm(forms.Form):
    label = forms.CharField(
        label=_("Household label"), max_length=LABEL_CHARS, required=False,
        help_text=_("Tells households behind one door apart, such as 租户."),
    )  # fmt: skip
    note = forms.CharField(
        label=_("Note"), max_length=NOTE_CHARS, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class PersonForm(forms.Form):
    """Who somebody is. For a person on record, ID number and phone stay as they are when left empty."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARS)
    relation = forms.CharField(label=_("Relation to the head"), max_length=RELATION_CHARS, required=False)
    id_number = forms.CharField(label=_("ID number"), max_length=40, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    sex = forms.TypedChoiceField(label=_("Sex"), choices=Sex.choices, coerce=lambda value: Sex(int(value)), initial=0)
    born_on = forms.DateField(
        label=_("Date of birth"),
        required=False,
        widget=_DAY,
        help_text=_("Follows from the ID number where there is one."),
    )
    needs = forms.TypedMultipleChoiceField(
        label=_("Marks of need"), required=False, coerce=lambda value: Need(int(value)),
        choices=[(int(need), label) for need, label in NEED_LABELS.items() if need in STORED_NEEDS],
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
    )  # fmt: skip
    note = forms.CharField(label=_("Note"), max_length=NOTE_CHARS, required=False)

    @classmethod
    def of(cls, person: PersonView, data: Any = None) -> PersonForm:
        """The form of a person on record; personal numbers are not shown, only asked for anew."""
        initial = {
            "name": person.name, "relation": person.relation, "sex": int(person.sex), "born_on": person.born_on,
            "needs": [int(need) for need in Need if need in person.needs & STORED_NEEDS], "note": person.note,
        }  # fmt: skip
        form = cls(data, initial=initial, prefix=f"p{person.id}")
        form.fields["id_number"].help_text = _("On record: %(masked)s. Left empty it stays.") % {
            "masked": person.id_masked or "—"
        }
        form.fields["phone"].help_text = _("On record: %(masked)s. Left empty it stays.") % {
            "masked": person.phone_masked or "—"
        }
        return form

    def _needs(self) -> Need:
        needs = NO_NEED
        for need in self.cleaned_data["needs"]:
            needs |= need
        return needs

    def entered(self) -> PersonInput:
        data = self.cleaned_data
        return PersonInput(**{**data, "needs": self._needs()})

    def changes(self) -> dict[str, Any]:
        data = {**self.cleaned_data, "needs": self._needs()}
        return {name: value for name, value in data.items() if value or name not in ("id_number", "phone")}


class PresenceForm(forms.Form):
    presence = forms.TypedChoiceField(
        label=_("Presence"), choices=[(one.value, one.label) for one in SAID], coerce=lambda value: Presence(int(value))
    )
    back_on = forms.DateField(label=_("Back on"), required=False, widget=_DAY, help_text=_("Only for who is away."))

    def without_deceased(self) -> PresenceForm:
        """For those who may register, but not edit."""
        set_choices(self, "presence", [(one.value, one.label) for one in SAID if one != Presence.DECEASED])
        return self


class MoveForm(forms.Form):
    door = forms.CharField(
        label=_("To which door"), max_length=120,
        help_text=_("Compound, building, unit and number: 阳光小区 3号楼 2单元 501, or 阳光小区 3-2-501."),
    )  # fmt: skip
    alone = forms.BooleanField(label=_("As a household of their own"), required=False)


class UnmaskForm(forms.Form):
    secret = forms.TypedChoiceField(label=_("Which number"), choices=Secret.choices, coerce=Secret)
    purpose = forms.TypedChoiceField(label=_("What for"), choices=Purpose.choices, coerce=Purpose)
