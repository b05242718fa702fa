"""Every page in large type, with its sizes of type and targets. The other look: test_every_page.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.walk import OpenPage, walk_every_page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def test_every_page_in_large_type(open_page: OpenPage, settings: Any, tmp_path: Path) -> None:
    settings.LINLI_HOME = tmp_path
    faults = walk_every_page(open_page, tmp_path, large=True)
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)
