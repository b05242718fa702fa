"""An empty roster to fill in, with a second sheet of example rows and the words that may be used."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from linli.core.sheets import SheetSpec

TITLES = (
    *(
        "社区",
        "小区",
        "楼栋",
        "单元",
        "房号",
        "户号",
        "姓名",
        "与户主关系",
        "身份证号",
        "手机号",
        "性别",
        "出生日期",
        "状态",
    ),
    *("返回日期", "重点人群", "备注"),
)
WIDTHS = (14, 16, 9, 8, 9, 7, 10, 12, 22, 15, 6, 13, 8, 13, 18, 24)
REQUIRED = {"小区", "房号", "姓名"}
# Invented people: the area code 999 does not exist and the numbers of segment 154 belong to nobody.
EXAMPLES = (
    (
        "东街社区",
        "阳光小区",
        "3号楼",
        "2单元",
        "501",
        "",
        "张三",
        "户主",
        "999101194203150018",
        "15400000001",
        "男",
        "",
        "在家",
        "",
        "慢病、用药",
        "",
    ),
    (
        "东街社区",
        "阳光小区",
        "3号楼",
        "2单元",
        "501",
        "",
        "李四",
        "配偶",
        "999101194507220026",
        "",
        "女",
        "",
        "在家",
        "",
        "",
        "",
    ),
    (
        "东街社区",
        "阳光小区",
        "3号楼",
        "2单元",
        "502",
        "",
        "王五",
        "户主",
        "999101198811030033",
        "15400000002",
        "男",
        "",
        "外出",
        "2022-10-20",
        "",
        "出差",
    ),
    ("东街社区", "阳光小区", "3号楼", "2单元", "601", "", "", "", "", "", "", "", "空户", "", "", ""),
)


def example_for(spec: SheetSpec, row: tuple[str, ...]) -> list[str]:
    """An example row in the order of the spec's fields."""
    by_field = {spec.find(title): value for title, value in zip(TITLES, row, strict=True)}
    return [by_field.get(field, "") for field in spec.fields]


def write_template(target: Path | IO[bytes] | None = None) -> bytes:
    """Write the workbook to `target`; returns its bytes. ID numbers, phones and doors are columns of text."""
    import xlsxwriter  # here: not every command, nor every start, writes a workbook

    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_numbers": False}) as book:
        text = book.add_format({"num_format": "@"})
        head = book.add_format({"bold": True, "bg_color": "#E8EDF2", "bottom": 1, "num_format": "@"})
        must = book.add_format({"bold": True, "bg_color": "#FFE8B8", "bottom": 1, "num_format": "@"})
        # The one to fill in comes first: an import reads the first sheet that has the titles.
        for name, rows in (("花名册", ()), ("填写示例", EXAMPLES)):
            sheet = book.add_worksheet(name)
            for index, (title, width) in enumerate(zip(TITLES, WIDTHS, strict=True)):
                sheet.set_column(index, index, width, text)
                sheet.write_string(0, index, title, must if title in REQUIRED else head)
            for line, row in enumerate(rows, 1):
                for index, value in enumerate(row):
                    sheet.write_string(line, index, value, text)
            sheet.freeze_panes(1, 0)
            sheet.data_validation(
                1, 12, 5000, 12, {"validate": "list", "source": ["在家", "外出", "搬走", "去世", "空户"]}
            )
        help_sheet = book.add_worksheet(_("How to fill in"))
        help_sheet.set_column(0, 0, 100)
        for line, words in enumerate(_help()):
            help_sheet.write_string(line, 0, words)
    data = buffer.getvalue()
    if isinstance(target, Path):
        target.write_bytes(data)
    elif target is not None:
        target.write(data)
    return data


def _help() -> list[str]:
    return [
        _("Compound, door number and name are needed; all other columns may be left out or left empty."),
        _("Building 3 may be written 3号楼, 3#, 3栋, 三号楼 or 3; unit 2 may be written 2单元, 二单元 or 2."),
        _("ID numbers and phone numbers are text: format the column as text before you paste."),
        _(
            "People behind one door are one household; a second 户主 begins another, and 户号 tells them apart"
            " for certain."
        ),
        _("State: 在家, 外出, 搬走, 去世; 空户 with no name for a home in which nobody lives."),
        _("Marks of need: 独居, 残疾, 孕妇, 慢病, 用药, 无智能手机, 卧床, 困难, with 、 between them."),
        _("An empty cell leaves what is known as it is. Sending the sheet again doubles nobody."),
    ]
