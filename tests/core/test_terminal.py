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


def test_moments_and_days_are_printed_as_the_api_says_them(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_json({"at": datetime(2022, 10, 4, 2, 0, tzinfo=UTC), "on": date(2022, 10, 4)})
    assert json.loads(capsys.readouterr().out) == {"at": "2022-10-04T02:00:00+00:00", "on": "2022-10-04"}
