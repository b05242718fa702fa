"""Roster sheets as bytes, and what importing them gives."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from linli.core.access import SYSTEM, Actor
from linli.residents.imports import RosterReport, import_roster

TITLES = ("小区", "楼栋", "单元", "房号", "姓名", "与户主关系", "身份证号", "手机号")
WHEN = datetime(2022, 10, 4, 2, 0, tzinfo=UTC)


def make_csv(rows: Sequence[Sequence[Any]], titles: Sequence[str] = TITLES) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(titles)
    writer.writerows(rows)
    return buffer.getvalue().encode()


def row(name: str, door: str = "101", **more: Any) -> dict[str, Any]:
    """A row at 阳光小区 1号楼 1单元; `more` by title."""
    return {"小区": "阳光小区", "楼栋": "1号楼", "单元": "1单元", "房号": door, "姓名": name, **more}


def roster(*rows: dict[str, Any], actor: Actor = SYSTEM, at: datetime = WHEN) -> RosterReport:
    """Import rows given as title → cell."""
    titles = list(dict.fromkeys(title for one in rows for title in one))
    data = make_csv([[one.get(title, "") for title in titles] for one in rows], titles)
    return import_roster(data, name="花名册.csv", actor=actor, at=at)


def figures(report: RosterReport) -> tuple[int, int, int, int]:
    """created, updated, unchanged, rejected"""
    account = report.account
    return account.created, account.updated, account.unchanged, account.rejected
