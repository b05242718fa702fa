"""What commands print."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

from linli.core import terminal


def test_a_table_cuts_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    advice = "请改正此单元格，或先添加该小区，再重新导入被退回的各行；其余各行已经写入，不会重复。"
    terminal.print_table("", ["单元格", "怎么改"], [("G4", advice)])
    shown = capsys.readouterr().out
    assert "…" not in shown
    lines = [line.split("│")[2].strip() for line in shown.splitlines() if line.startswith("│")]
    assert "".join(lines) == advice


def test_a_number_is_not_broken_where_words_can_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = ["地点编码", "地点", "片区长", "网格长", "楼栋长", "单元长", "信息员", "空缺岗位", "无人负责的单元"]
    row = ("630121", "大通回族土族自治县", "47/47", "188/188", "967/967", "2,899/2,899", 4101, 0, 0)
    terminal.print_table("", columns, [row], numbers=[*range(2, len(columns))])
    shown = capsys.readouterr().out
    assert all(text in shown for text in (*row[2:6], "4,101"))
    assert all(line[-1] in "┓┃┩│┘" for line in shown.splitlines())  # nothing is cut off at the right


def test_moments_and_days_are_printed_as_the_api_says_them(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_json({"at": datetime(2022, 10, 4, 2, 0, tzinfo=UTC), "on": date(2022, 10, 4)})
    assert json.loads(capsys.readouterr().out) == {"at": "2022-10-04T02:00:00+00:00", "on": "2022-10-04"}


def test_a_long_table_is_printed_at_once_and_in_columns(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_table("名册", ["姓名", "人"], [(f"居民{n}", n) for n in range(600)], numbers=[1])
    title, head, *lines = capsys.readouterr().out.splitlines()
    assert (title, head) == ("名册", "姓名      人")
    assert (len(lines), lines[0], lines[599]) == (600, "居民0      0", "居民599  599")
