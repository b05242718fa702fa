"""The form of a new round."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from linli.core.import_words import say_unread_sheets
from linli.core.sheets import CellFault, Columns, Field, SheetProblem, SheetSpec, open_sheet
from linli.places import queries as places
from linli.places.terms import PlaceRef
from linli.rounds.terms import CountBy, RoundKind

CODES = SheetSpec(
    fields=(Field("code", ("编码", "代码", "地点编码", "地点代码", "区划代码", "Code", "Place code"), required=True),)
)
NAMED = 8  # unknown codes that a message lists
MANY = 20_000


class RoundForm(forms.Form):
    """Name, kind, times, and the scope: places picked, pasted, or in a sheet, less those taken out.

    `notes`, once cleaned: which sheets of the workbooks were not read, for their sender to know.
    """

    name = forms.CharField(
        label=_("Name of the round"), max_length=120, help_text=_("Such as: third round of door knocking")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=RoundKind.choices)
    count_by = forms.TypedChoiceField(
        label=_("Counts"),
        choices=CountBy.choices,
        coerce=int,
        initial=CountBy.PERSON,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )
    starts_at = forms.DateTimeField(
        label=_("Starts"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    ends_at = forms.DateTimeField(
        label=_("Everyone reached by"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    include_codes = forms.CharField(
        label=_("Codes of places"), required=False, widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One a line, or with commas between."),
    )  # fmt: skip
    exclude_codes = forms.CharField(
        label=_("Codes of places to leave out"), required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("Isolation hotels, schools, a building that was done already ..."),
    )  # fmt: skip
    include_sheet = forms.FileField(
        label=_("A sheet of codes"), required=False, help_text=_("With a column 编码 or Code (.xlsx, .xls, .csv).")
    )
    exclude_sheet = forms.FileField(label=_("A sheet of codes to leave out"), required=False)

    def clean(self) -> dict[str, Any]:
        self.notes: list[str] = []
        cleaned = super().clean() or {}
        start, end = cleaned.get("starts_at"), cleaned.get("ends_at")
        if isinstance(start, datetime) and isinstance(end, datetime) and end <= start:
            self.add_error("ends_at", _("The round ends before it starts."))
        for side in ("include", "exclude"):
            cleaned[side] = self._places(side, cleaned)
        if not cleaned["include"] and not self.errors:
            self.add_error(
                "include_codes", _("Nothing is chosen yet: pick places in the tree, search, or paste codes.")
            )
        return cleaned

    def _places(self, side: str, cleaned: dict[str, Any]) -> list[PlaceRef]:
        """The places picked (posted under the side's name), pasted and in the sheet; unknown codes are named."""
        picked = list(self.data.getlist(side)) if hasattr(self.data, "getlist") else []
        pasted = split_codes(cleaned.get(f"{side}_codes") or "")
        in_sheet = self._codes_in_sheet(f"{side}_sheet", cleaned.get(f"{side}_sheet"))
        codes = list(dict.fromkeys([*picked, *pasted, *in_sheet]))
        found = places.get_places_by_code(codes, or_old=True)
        unknown = [code for code in codes if code not in found]
        if unknown:
            message = _("There is no place with the code %(codes)s. Correct it or take it out.")
            field = f"{side}_sheet" if unknown[0] in in_sheet else f"{side}_codes"
            self.add_error(
                field, message % {"codes": "、".join(unknown[:NAMED]) + (" …" if len(unknown) > NAMED else "")}
            )
        return list(dict.fromkeys(found[code] for code in codes if code in found))

    def _codes_in_sheet(self, name: str, file: UploadedFile[Any] | None) -> list[str]:
        if file is None:
            return []
        codes, columns = [], Columns()
        try:
            with open_sheet(file.file, CODES, name=file.name, columns=columns) as sheet:  # type: ignore[arg-type]
                for row in sheet:
                    if code := row.clean("code"):
                        codes.append(str(code))
            self.notes += say_unread_sheets(columns.describe_sheets() or {}, file=file.name or "")
        except SheetProblem as problem:
            self.add_error(name, str(problem))
        except CellFault as fault:
            self.add_error(name, f"{row.cell('code')}: {fault.message} {fault.advice}")
        return codes


def split_codes(text: str) -> list[str]:
    """Codes from a paste: one a line, or with commas, semicolons or blanks between."""
    return [code for code in re.split(r"[\s,;，；、]+", text) if code]
