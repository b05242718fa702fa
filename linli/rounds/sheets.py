"""Sheets of marks: the gap list as it goes out, with columns to be filled in, and the words with which it comes back.

The number in the first column (P12 a person, H7 a household) makes the way back certain, whatever becomes of the order
of rows and columns. How a filled-in sheet is taken in is in `sheet_marks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from linli.core.sheets import ExportColumn, Field, Kind, SheetSpec, iter_csv, write_xlsx
from linli.places.queries import DoorLabel
from linli.places.terms import PlaceRef
from linli.residents.terms import need_labels
from linli.rounds.gaps import Gap
from linli.rounds.queries import RoundView
from linli.rounds.terms import Mark

IN_MEMORY = 4 << 20

MARKS = SheetSpec(
    fields=(
        Field("code", ("编号", "Number")),
        Field(
            "id_number",
            ("身份证号", "身份证号码", "证件号码", "身份证", "公民身份号码", "ID number"),
            kind=Kind.ID_NUMBER,
        ),
        Field("compound", ("小区", "小区名称", "院落", "Compound")),
        Field("building", ("楼栋", "楼号", "栋", "幢", "Building")),
        Field("unit", ("单元", "单元号", "Unit")),
        Field("room", ("房号", "门牌号", "室", "门户", "Door")),
        Field("name", ("姓名", "名字", "Name"), kind=Kind.NAME),
        Field("result", ("结果", "入户结果", "标记", "Result"), required=True),
        Field("time", ("时间", "入户时间", "采样时间", "Time")),
        Field("reason", ("原因", "备注", "说明", "Reason")),
    ),
    ignored=(
        "序号", "需要照顾", "现状", "上次标记", "约定再访",
        "No.", "Needs", "Stands at", "Last mark", "Back at",
    ),
)  # fmt: skip
SAMPLE = (
    ("P1024", "", "中华家园", "6号楼", "3单元", "703", "王小明", "完成", "2022-10-04 14:30", ""),
    ("", "", "中华家园", "6号楼", "3单元", "902", "李红", "不在", "2022-10-04 14:35", ""),
    ("", "", "中华家园", "6号楼", "3单元", "203", "赵强", "豁免", "2022-10-04 14:40", "住院"),
)

RESULTS: dict[Mark, tuple[str, ...]] = {
    Mark.DONE: ("完成", "已完成", "已入户", "已采样", "已检测", "已发放", "已核", "是", "√", "✓", "done", "yes"),
    Mark.ABSENT: ("不在", "不在家", "家中无人", "未开门", "absent", "not at home"),
    Mark.REFUSED: ("拒绝", "拒检", "拒访", "不配合", "refused"),
    Mark.EXEMPT: ("豁免", "免检", "暂缓", "exempt"),
    Mark.MOVED_OUT: ("搬走", "已搬走", "迁出", "搬离", "moved out", "moved_out"),
    Mark.VACANT: ("空户", "空房", "空置", "无人居住", "vacant"),
}
WORD_OF = {word: mark for mark, words in RESULTS.items() for word in words}


def column_titles() -> tuple[Any, ...]:
    """In the reader's language; both languages are known to the way back."""
    return (
        pgettext_lazy("sheet", "Number"),
        pgettext_lazy("sheet", "Compound"),
        pgettext_lazy("sheet", "Building"),
        pgettext_lazy("sheet", "Unit"),
        pgettext_lazy("sheet", "Door"),
        pgettext_lazy("sheet", "Name"),
        pgettext_lazy("sheet", "Needs"),
        pgettext_lazy("sheet", "Stands at"),
        pgettext_lazy("sheet", "Last mark"),
        pgettext_lazy("sheet", "Back at"),
        pgettext_lazy("sheet", "Result"),
        pgettext_lazy("sheet", "Time"),
        pgettext_lazy("sheet", "Reason"),
    )


WIDTHS = (10, 18, 10, 10, 8, 12, 20, 9, 17, 17, 12, 17, 20)
HOW = gettext_lazy(
    "Fill in Result (done, absent, refused, exempt, moved out, vacant), Time and, when exempt, Reason; then import it."
)


def gap_columns() -> list[ExportColumn]:
    return [ExportColumn(title, width) for title, width in zip(column_titles(), WIDTHS, strict=True)]


def gap_rows(round_: RoundView, found: Iterable[Gap], labels: dict[int, DoorLabel]) -> Iterator[Sequence[Any]]:
    """The rows of the sheet. No ID number and no phone: who walks does not need them."""
    letter = "P" if round_.per_person else "H"
    for gap in found:
        label = labels[gap.key]
        yield (
            f"{letter}{gap.subject_id}", label.compound, label.building, label.unit, label.number, gap.name,
            "、".join(need_labels(gap.needs)), str(gap.state.label), _clock(gap.event_at), _clock(gap.back_at),
            "", "", "",
        )  # fmt: skip


def _clock(moment: datetime | None) -> datetime | None:
    return timezone.localtime(moment) if moment else None


def file_name(round_: RoundView, place_code: str) -> str:
    """ASCII alone: the codes of the round and of the place."""
    return "-".join(re.sub("[^0-9A-Za-z-]", "", part) for part in ("gaps", round_.code, place_code) if part)


def _lines(round_: RoundView, place: PlaceRef | None, at: datetime) -> tuple[str, str]:
    title = f"{round_.name} · {place.name}" if place else round_.name
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return title, _("As of %(time)s. %(how)s") % {"time": moment, "how": HOW}


def gap_csv(round_: RoundView, place: PlaceRef | None, rows: Iterable[Sequence[Any]], at: datetime) -> Iterator[bytes]:
    title, as_of = _lines(round_, place, at)
    return iter_csv(gap_columns(), rows, title=title, as_of=as_of)


def gap_xlsx(round_: RoundView, place: PlaceRef | None, rows: Iterable[Sequence[Any]], at: datetime) -> IO[bytes]:
    """A workbook, at its beginning. The caller closes it."""
    title, as_of = _lines(round_, place, at)
    target = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - handed to the response
    write_xlsx(target, gap_columns(), rows, title=title, as_of=as_of, sheet=_("Who is missing"))
    target.seek(0)
    return target
