"""What pages and API share of asking for an import: which one, what it has to know, which column is which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linli.core import importers
from linli.core.access import Actor
from linli.core.errors import Invalid, NotFound, Problem
from linli.core.importers import Importer
from linli.core.sheets import ExportColumn, Field, MappingWrong, SheetSpec, write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
IN_MEMORY = 1 << 20


class NothingSent(Problem):
    code = "core.nothing_sent"
    title = _("No file was sent.")
    advice_text = _("Choose a file first, then press the button again.")


class AnswerMissing(Problem):
    code = "core.answer_missing"
    title = _("“%(label)s” has not been filled in.")
    advice_text = _("Fill it in, choose the file again and send both.")


class AnswerUnknown(Invalid):
    code = "core.answer_unknown"
    title = _("“%(label)s”: “%(said)s” is none of the answers.")
    advice_text = _("Choose one of: %(known)s.")


class ColumnsUnfit(Invalid):
    code = "core.columns_unfit"
    title = _("The columns do not make up what is needed: missing %(missing)s; taken twice %(twice)s.")
    advice_text = _("Choose one column for each field that is needed, and none for two.")


def find_offered(kind: str, actor: Actor) -> Importer:
    """Raises NotFound for what there is not, and for what the actor may not import anywhere."""
    for importer in importers.list_importers(actor):
        if importer.kind == kind:
            return importer
    raise NotFound(_("You cannot import this."), advice=_("Choose one of the imports offered on the import page."))


def read_answers(importer: Importer, given: Mapping[str, Any]) -> dict[str, str]:
    """What the import has to know besides the file. Raises AnswerMissing, AnswerUnknown."""
    answers = {ask.name: str(given.get(ask.name) or "").strip() for ask in importer.asks}
    for ask in importer.asks:
        answer = answers[ask.name]
        if ask.required and not answer:
            raise AnswerMissing(label=str(ask.label))
        known = [value for value, _label in ask.choices]
        if answer and known and answer not in known:
            raise AnswerUnknown(label=str(ask.label), said=answer, known=", ".join(known))
    return answers


def write_template(importer: Importer, at: datetime) -> IO[bytes]:
    """An empty sheet with the right titles and a few rows to show what is meant. Raises NotFound where it is none."""
    if importer.spec is None:
        raise NotFound
    columns = [ExportColumn(one.titles[0]) for one in importer.spec.fields if one.is_offered]
    file = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - handed to the response
    write_xlsx(file, columns, importer.sample, title=importer.label, as_of=timezone.localdate(at).isoformat())
    file.seek(0)
    return file


def settle_columns(spec: SheetSpec, described: Mapping[str, Any], said: Mapping[str, str]) -> dict[str, str]:
    """What has to be remembered of columns as somebody says them: column's key → field, "" for not read.

    `described`: as `Columns.describe` gives it; what is not said stays as it was taken. Nothing has to be remembered
    where titles tell the same by themselves. Raises MappingWrong (an unknown column or field), ColumnsUnfit.
    """
    taken = {one["key"]: one["field"] for one in described["columns"]}
    fields = {one.name for one in spec.fields}
    for key, name in said.items():
        if key not in taken or (name and name not in fields):
            raise MappingWrong(what=name if key in taken else key)
    taken |= said
    missing, twice = find_trouble(spec, taken)
    if missing or twice:
        raise ColumnsUnfit(missing=_named(missing), twice=_named(twice))
    by_title: dict[str, str] = {}
    for one in described["columns"]:
        field = spec.find(one["title"]) if one["title"] else None
        by_title[one["key"]] = field.name if field else ""
    return {} if taken == by_title else taken


def find_trouble(spec: SheetSpec, taken: Mapping[str, str]) -> tuple[list[Field], list[Field]]:
    """Fields that are needed and have no column, and fields that have two."""
    count = Counter(taken.values())
    return [one for one in spec.fields if one.required and not count[one.name]], [
        one for one in spec.fields if count[one.name] > 1
    ]


def _named(fields: list[Field]) -> str:
    return "、".join(one.titles[0] for one in fields) or "-"
