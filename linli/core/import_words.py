"""What the account of an import says in words, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _


def list_notes(result: Mapping[str, Any]) -> list[str]:
    """What whoever sent the file should know though nothing was refused for it: sheets that were not read come first.

    `result`: a job's, as `core.importers.as_result` gives it.
    """
    return [*say_unread_sheets(result.get("sheets") or {}), *result.get("notes", [])]


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
