"""What can be wrong with a sheet file or its headers, each with what to do about it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem


class SheetProblem(Problem):
    """A sheet that cannot be read as it is; nothing of it was used."""

    code = "core.sheet"
    status = 422
    title = _("The sheet cannot be read.")


class SheetType(SheetProblem):
    code = "core.sheet_type"
    status = 415
    title = _("This is not an Excel workbook or a CSV file.")
    advice_text = _("Open it in Excel or WPS, choose Save As, Excel workbook (.xlsx), and send that file.")


class SheetPassword(SheetProblem):
    code = "core.sheet_password"
    title = _("The workbook is protected by a password.")
    advice_text = _("Open it in Excel or WPS, remove the password (File, Info, Encrypt), save, and send it again.")


class SheetBomb(SheetProblem):
    code = "core.sheet_bomb"
    title = _("The file unpacks to far more than a sheet holds; it was not opened.")
    advice_text = _("Copy the rows you need into a new workbook and send that one.")


class SheetCorrupt(SheetProblem):
    code = "core.sheet_corrupt"
    title = _("The file is damaged or incomplete.")
    advice_text = _("Open it in Excel or WPS to see whether it is whole, save it under a new name, and send it again.")


class SheetQuotes(SheetProblem):
    code = "core.sheet_quotes"
    title = _("The CSV file has a quotation mark that is not closed, near line %(line)s.")
    advice_text = _("Correct the quotation marks on that line, or save the sheet as an Excel workbook (.xlsx).")


class SheetCell(SheetProblem):
    code = "core.sheet_cell"
    status = 413
    title = _("A cell of the row that begins on line %(line)s has more than %(limit)s characters.")
    advice_text = _(
        "Look whether a quotation mark on that line is not closed, shorten the text, and send the file again."
    )


class SheetEncoding(SheetProblem):
    code = "core.sheet_encoding"
    title = _("The text of the CSV file is neither UTF-8 nor GBK.")
    advice_text = _("Save it again as an Excel workbook (.xlsx) or as CSV UTF-8.")


class SheetEmpty(SheetProblem):
    code = "core.sheet_empty"
    title = _("The file holds no rows.")
    advice_text = _("Check that you sent the right file, and that its sheet is not hidden.")


class SheetFileSize(SheetProblem):
    code = "core.sheet_file_size"
    status = 413
    title = _("The file is larger than %(limit)s MB.")
    advice_text = _("Remove pictures and unused sheets, or split it into several files.")


class SheetRows(SheetProblem):
    code = "core.sheet_rows"
    status = 413
    title = _("The sheet has more than %(limit)s rows.")
    advice_text = _("Split it into several files.")


class SheetColumns(SheetProblem):
    code = "core.sheet_columns"
    status = 413
    title = _("The sheet has more than %(limit)s columns.")
    advice_text = _("Delete the columns to the right that are not needed.")


class SheetMemory(SheetProblem):
    code = "core.sheet_memory"
    status = 413
    title = _("Reading the file took more memory than is allowed.")
    advice_text = _("Copy the rows you need into a new workbook (empty cells far below or to the right count too).")


class SheetTime(SheetProblem):
    code = "core.sheet_time"
    status = 413
    title = _("Reading the file took longer than is allowed.")
    advice_text = _("Copy the rows you need into a new workbook, or split it into several files.")


class HeaderNotFound(SheetProblem):
    code = "core.sheet_header"
    title = _("No header row was found in the first %(rows)s rows. Titles needed: %(wanted)s. Seen: %(seen)s.")
    advice_text = _("Put the column titles in one row above the data.")


class HeaderMissing(SheetProblem):
    code = "core.sheet_header_missing"
    title = _("Sheet “%(sheet)s”, row %(row)s: the column %(missing)s is missing. Seen: %(seen)s.")
    advice_text = _("Add the column, or rename its title to one of these names; or say which column it is.")


class HeaderTwice(SheetProblem):
    code = "core.sheet_header_twice"
    title = _("Sheet “%(sheet)s”: %(first)s and %(second)s are both headed %(field)s.")
    advice_text = _("Delete or rename one of the two columns, or say which of them counts.")


class MappingWrong(SheetProblem):
    code = "core.sheet_mapping"
    title = _("The given columns do not fit the sheet: %(what)s.")
    advice_text = _("Choose for each field one column of the sheet, by its letter.")


BY_CODE: dict[str, type[SheetProblem]] = {
    kind.code.removeprefix("core."): kind
    for kind in (
        SheetType,
        SheetPassword,
        SheetBomb,
        SheetCorrupt,
        SheetQuotes,
        SheetCell,
        SheetEncoding,
        SheetEmpty,
        SheetFileSize,
        SheetRows,
        SheetColumns,
        SheetMemory,
        SheetTime,
    )
}

_FOUND = {
    "html": _("It is a web page that only bears the name of a workbook."),
    "xml": _("It is an XML file that only bears the name of a workbook."),
    "pdf": _("It is a PDF file."),
    "text": _("It is plain text that only bears the name of a workbook; if it is a CSV file, name it .csv."),
    "zip": _("It is a compressed archive or another kind of document, not an .xlsx workbook."),
    "ole": _("It is an old Office document, but not an .xls workbook."),
}


def problem_from_child(code: str, params: dict[str, Any]) -> SheetProblem:
    """The Problem for a fault that the child reported."""
    kind = BY_CODE.get(code, SheetCorrupt)
    if kind is SheetType:
        found = str(params.get("found", ""))
        return SheetType(_FOUND.get(found), found=found)
    if kind is SheetCell:
        params = {**params, "limit": f"{params['limit']:,}"}
    return kind(None, **params)
