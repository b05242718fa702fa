"""QR codes as pictures for pages and for the terminal, by the library `segno`."""

from __future__ import annotations

import io

import segno
from django.utils.safestring import SafeString, mark_safe


def draw_svg(text: str) -> SafeString:
    """An inline SVG, dark on light whatever the page's theme, with the quiet margin that cameras need."""
    drawn = segno.make(text, error="m").svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - made by the library from modules alone; the text does not stand in it


def draw_text(text: str) -> str:
    """Half blocks for a terminal."""
    out = io.StringIO()
    segno.make(text, error="m").terminal(out, border=2, compact=True)
    return out.getvalue()
