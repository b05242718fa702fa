"""The phone's colours are the desk's. The app is built by itself, so its stylesheet says them again: here they are held
together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DESK = ROOT / "linli/desk/static/desk/linli.css"
PHONE = ROOT / "linli/field/app/src/styles/tokens.css"
OTHERWISE_NAMED = {"--ln-top": "--ln-side", "--ln-top-ink": "--ln-side-ink"}
PHONE_ALONE = {"--ln-on-accent", "--ln-absent-stripe", "--ln-refused-stripe"}
"""What only the phone draws: words on the accent, and stripes of its door tiles."""


def read_colours(path: Path, block: str) -> dict[str, str]:
    """Name -> value of the colours that the first rule beginning with `block` sets."""
    rule = path.read_text().partition(block)[2].partition("}")[0]
    return dict(re.findall(r"(--ln-[\w-]+): (#[0-9a-f]+);", rule))


@pytest.mark.parametrize(
    ("phone", "desk"),
    [("\n:root {", "\n:root {"), ("prefers-color-scheme: dark) {\n  :root {", '\n[data-bs-theme="dark"] {')],
)
def test_they_are_the_desks(phone: str, desk: str) -> None:
    here, there = read_colours(PHONE, phone), read_colours(DESK, desk)
    shared = {name: value for name, value in here.items() if name not in PHONE_ALONE}
    assert len(shared) > 20
    assert shared == {name: there.get(OTHERWISE_NAMED.get(name, name)) for name in shared}
