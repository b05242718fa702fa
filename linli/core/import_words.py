"""What the account of an import says in words, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from linli.core.errors import Text
from linli.core.sheets import Rejection
from linli.core.spoken import hear, hear_all, keep

SHOWN_CELLS = 5  # of each reason
SPOKEN = frozenset({"reasons", "rejections", "facts", "notes"})
"""The parts of a result that `keep_words` made; in the others stand titles and names, as they were sent."""


def count_reasons(rejections: Sequence[Rejection]) -> list[dict[str, Any]]:
    """What is wrong, by kind and column, the most frequent first, each with its first cells."""
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for one in rejections:
        group = groups.setdefault(
            (one.code, one.column_title),
            {
                "code": one.code, "column_title": one.column_title, "message": one.message, "advice": one.advice,
                "count": 0, "cells": [],
            },
        )  # fmt: skip
        group["count"] += 1
        if len(group["cells"]) < SHOWN_CELLS:
            group["cells"].append(one.cell)
    return sorted(groups.values(), key=lambda group: -group["count"])


def keep_words(
    rejections: Sequence[Rejection],
    reasons: list[dict[str, Any]],
    facts: Sequence[tuple[Text, int]],
    notes: Sequence[Text],
) -> dict[str, Any]:
    """The parts of a result that are read, in every language: whoever reads them later may use another one."""
    return {
        "reasons": _keep_both(reasons),
        "rejections": _keep_both([one.as_dict() for one in rejections]),
        "facts": [
            [label, value]
            for [label], (_name, value) in zip(keep([[one] for one, _value in facts]), facts, strict=True)
        ],
        "notes": [note for [note] in keep([[note] for note in notes])],
    }


def _keep_both(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    said = keep([[one["message"], one["advice"]] for one in entries])
    return [one | {"message": what, "advice": advice} for one, [what, advice] in zip(entries, said, strict=True)]


def hear_result(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A job's result, as `core.importers.as_result` kept it, its words in the language of whoever reads."""
    return None if result is None else {name: hear_all(one) if name in SPOKEN else one for name, one in result.items()}


def list_notes(result: Mapping[str, Any]) -> list[str]:
    """What whoever sent the file should know though nothing was refused for it: sheets that were not read come first.

    `result`: a job's, as `core.importers.as_result` gives it.
    """
    return [*say_unread_sheets(result.get("sheets") or {}), *map(hear, result.get("notes", []))]


def say_unread_sheets(sheets: Mapping[str, Any], *, file: str = "") -> list[str]:
    """`sheets`: as `Columns.describe_sheets` gives it; `file`: its name, where there are several."""
    said = []
    about = {"read": sheets.get("read", "")}
    if others := sheets.get("others"):
        about["sheets"] = "、".join(others)
        said.append(
            _("Only the sheet “%(read)s” was read. Not read: %(sheets)s. What is to come in too, send as a file each.")
            % about
        )
    if hidden := sheets.get("hidden"):
        about["sheets"] = "、".join(hidden)
        said.append(_("Hidden sheets were not read: %(sheets)s. Unhide in the workbook what is to come in.") % about)
    return [f"{file}: {one}" if file else one for one in said]
