"""docs/access.md prints the table that the code goes by."""

from __future__ import annotations

from pathlib import Path

from django.utils import translation

from linli.duty.tables import write_permission_table
from linli.duty.terms import ALL_PERMISSIONS, PERMISSION_LABELS, PERMISSIONS, Role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "access.md"


def test_the_page_prints_the_table_of_the_code() -> None:
    with translation.override("en"):
        table = write_permission_table()
    assert table in PAGE.read_text(encoding="utf-8"), f"replace the table in docs/access.md by:\n{table}"


def test_every_permission_has_a_name_and_every_role_its_permissions() -> None:
    assert set(PERMISSION_LABELS) == ALL_PERMISSIONS
    assert set(PERMISSIONS) == set(Role)
