"""Sheets in and out: Excel workbooks and CSV files.

*In*: `open_sheet` reads .xlsx, .xls and .csv (UTF-8, UTF-16, GBK; comma, tab, semicolon) row by row
through a child process under memory and time limits, finds the columns of a `SheetSpec` by their many
titles, and gives rows that know the name of every cell. Whatever is wrong with a file is a `SheetProblem`
with a code and advice; whatever is wrong with a cell is a `CellFault`. The `clean_*` functions are pure.
Every import ends with an `Account` that balances.

*Out*: `write_xlsx`, `write_csv`, `iter_csv` stream any number of rows, safe against formula injection;
`give_back` gives the rejected rows back as the same workbook, with a comment on each bad cell.
"""

from __future__ import annotations

from linli.core.sheets.account import Account, AccountOutOfBalance, Rejection
from linli.core.sheets.book import CellTooLong, ExportColumn
from linli.core.sheets.cells import (
    CellFault,
    clean,
    clean_birth_date,
    clean_date,
    clean_id_number,
    clean_integer,
    clean_name,
    clean_phone,
    clean_text,
)
from linli.core.sheets.columns import Columns, column_keys, read_key, signature_of
from linli.core.sheets.errors import (
    HeaderMissing,
    HeaderNotFound,
    HeaderTwice,
    MappingWrong,
    SheetBomb,
    SheetCell,
    SheetColumns,
    SheetCorrupt,
    SheetEmpty,
    SheetEncoding,
    SheetFileSize,
    SheetMemory,
    SheetPassword,
    SheetProblem,
    SheetQuotes,
    SheetRows,
    SheetTime,
    SheetType,
)
from linli.core.sheets.export import csv_cell, iter_csv, write_csv, write_xlsx
from linli.core.sheets.give_back import give_back, write_rejected
from linli.core.sheets.headers import Column, Field, Header, Kind, SheetSpec, column_index, column_letter
from linli.core.sheets.identity import (
    id_number_birth_date,
    id_number_checksum_ok,
    id_number_is_male,
    id_number_looks_rounded,
)
from linli.core.sheets.reader import Sheet, SheetRow, open_sheet
from linli.core.sheets.spool import Limits

__all__ = [
    "Account",
    "AccountOutOfBalance",
    "CellFault",
    "CellTooLong",
    "Column",
    "Columns",
    "ExportColumn",
    "Field",
    "Header",
    "HeaderMissing",
    "HeaderNotFound",
    "HeaderTwice",
    "Kind",
    "Limits",
    "MappingWrong",
    "Rejection",
    "Sheet",
    "SheetBomb",
    "SheetCell",
    "SheetColumns",
    "SheetCorrupt",
    "SheetEmpty",
    "SheetEncoding",
    "SheetFileSize",
    "SheetMemory",
    "SheetPassword",
    "SheetProblem",
    "SheetQuotes",
    "SheetRow",
    "SheetRows",
    "SheetSpec",
    "SheetTime",
    "SheetType",
    "clean",
    "clean_birth_date",
    "clean_date",
    "clean_id_number",
    "clean_integer",
    "clean_name",
    "clean_phone",
    "clean_text",
    "column_index",
    "column_keys",
    "column_letter",
    "csv_cell",
    "give_back",
    "id_number_birth_date",
    "id_number_checksum_ok",
    "id_number_is_male",
    "id_number_looks_rounded",
    "iter_csv",
    "open_sheet",
    "read_key",
    "signature_of",
    "write_csv",
    "write_rejected",
    "write_xlsx",
]
