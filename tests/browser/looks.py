"""What is measured on a page: axe's verdict, sideways scrolling, sizes of type and targets. measure.js does it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, expect

HERE = Path(__file__).parent
AXE = HERE.parents[1] / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SMALLEST_TYPE, SMALLEST_TARGET = 18, 60  # CSS pixels, in large type


@cache
def read_scripts() -> str:
    assert AXE.is_file(), "axe-core is not here: run 'npm ci' (make setup does)"
    return AXE.read_text() + "\n" + (HERE / "measure.js").read_text()


def _measure(page: Page, name: str, given: Any = None) -> list[str]:
    if not page.evaluate("'measure' in window"):
        page.evaluate(read_scripts())
    found: list[str] = page.evaluate(f"(given) => window.measure.{name}(given)", given)
    return found


def run_axe(page: Page, *rules: str) -> list[str]:
    """Violations of WCAG 2.2 A and AA, one line each; of the given rules alone if there are any."""
    return _measure(page, "axe", [TAGS, list(rules) or None])


def measure_large(page: Page) -> list[str]:
    """Type below 18 px and targets below 60 px."""
    return _measure(page, "large", [SMALLEST_TYPE, SMALLEST_TARGET])


def find_sideways(page: Page) -> list[str]:
    """How far the page can be scrolled sideways, and because of what; nothing if it cannot."""
    return _measure(page, "sideways")


def use_theme(page: Page, theme: Literal["light", "dark"]) -> None:
    """As if the system had been switched."""
    page.emulate_media(color_scheme=theme)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", theme)
