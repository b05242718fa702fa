"""The pieces that all pages share. `{% load linli %}`

Filters: `num`, `local`, `local_time`, `share`, `percent_of`. Tags: `icon`, `bar`, `legend`, `state`, `stair`,
`need_chips`, `pager`, `empty`, `field`, `figure`, `curve`, `people`, `panels`. Their shapes are in `linli.core.shapes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from django import template
from django.forms import BoundField
from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.faces import find_beside, list_panels
from linli.core.shapes import DoorState, Pager, Stairwell

register = template.Library()

WORDS: dict[str, Text] = {
    DoorState.DONE: _("Done"),
    DoorState.EXEMPT: _("Exempt"),
    DoorState.ABSENT: _("Absent"),
    DoorState.REFUSED: _("Refused"),
    DoorState.NOT_REACHED: _("Not reached"),
    DoorState.VACANT: _("Vacant"),
    DoorState.OUTSIDE: _("Not in this round"),
    DoorState.PLAIN: "",
}
# A sign in print and for those who see no colour.
SIGNS = {
    DoorState.DONE: "✓",
    DoorState.EXEMPT: "–",
    DoorState.ABSENT: "◷",
    DoorState.REFUSED: "✕",
    DoorState.NOT_REACHED: "○",
}
BAR_STATES = (DoorState.DONE, DoorState.EXEMPT, DoorState.ABSENT, DoorState.REFUSED, DoorState.NOT_REACHED)


class FiveStates(Protocol):
    """What a bar is drawn from; `linli.rounds.terms.Figures` is one."""

    due: int
    done: int
    exempt: int
    absent: int
    refused: int

    @property
    def not_reached(self) -> int: ...


@register.filter
def num(value: float | None) -> str:
    """1234567 -> 1,234,567. Nothing for None: an unknown number is not nought."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


@register.filter
def share(value: float | None) -> str:
    """0.909 -> 90.9%. Never 100% while anything is left, never 0% once something is there."""
    if value is None:
        return "–"
    text = f"{value * 100:.1f}"
    if text == "100.0" and value < 1:
        text = "99.9"
    elif text == "0.0" and value > 0:
        text = "0.1"
    return ("100" if value == 1 else text) + "%"


@register.filter
def percent_of(part: float | None, whole: float | None) -> str:
    """Of two counts: 9 | percent_of:10 -> 90.0%."""
    return share(part / whole) if part is not None and whole else "–"


@register.filter
def local(value: datetime | date | None) -> str:
    """A moment in the jurisdiction's time zone, short: today only the time; this year without the year."""
    if value is None:
        return "–"
    if not isinstance(value, datetime):
        return value.isoformat()
    moment = timezone.localtime(value)
    clock = f"{moment:%H:%M}"
    today = timezone.localdate()
    if moment.date() == today:
        return clock
    if (get_language() or "").startswith("zh"):
        day = f"{moment.month}月{moment.day}日"
        return f"{day} {clock}" if moment.year == today.year else f"{moment.year}年{day} {clock}"
    day = f"{moment.day} {moment:%b}"
    return f"{day}, {clock}" if moment.year == today.year else f"{day} {moment.year}, {clock}"


@register.filter
def local_full(value: datetime | None) -> str:
    """A moment with day and year always: for paper, which is read on other days."""
    if value is None:
        return "–"
    moment = timezone.localtime(value)
    if (get_language() or "").startswith("zh"):
        return f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}"
    return f"{moment.day} {moment:%b} {moment.year}, {moment:%H:%M}"


@register.filter
def local_time(value: datetime | None) -> str:
    """The time of day alone, to the second."""
    return f"{timezone.localtime(value):%H:%M:%S}" if value else "–"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the webfont; decoration only, so words stand beside it: `{% icon "phone" %}`."""
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


@register.inclusion_tag("core/bar.html")
def bar(figures: FiveStates, size: str = "") -> dict[str, Any]:
    """The five states as one bar: `{% bar figures %}`; `{% bar figures "thin" %}` inside tables.

    `figures` has due, done, exempt, absent, refused and not_reached (counts of people or households).
    """
    return {"parts": [part for part in _parts(figures) if part["count"]], "size": size, "due": figures.due}


@register.inclusion_tag("core/legend.html")
def legend(figures: FiveStates | None = None) -> dict[str, Any]:
    """Pattern, word and count of the five states; without figures the words alone: `{% legend figures %}`."""
    if figures is None:
        return {"parts": [{"state": state, "word": WORDS[state], "count": None} for state in BAR_STATES]}
    return {"parts": _parts(figures)}


def _parts(figures: FiveStates) -> list[dict[str, Any]]:
    return [{"state": state, "word": WORDS[state], "count": getattr(figures, state)} for state in BAR_STATES]


@register.simple_tag
def state(value: str, word: Text = "") -> SafeString:
    """A state as pattern and word: `{% state "absent" %}`, `{% state row.state "back 18:00" %}`. Values: DoorState."""
    return format_html(
        '<span class="ln-state"><b class="ln-key s-{}" aria-hidden="true"></b>{}</span>', value, word or WORDS[value]
    )


@register.inclusion_tag("core/stair.html")
def stair(stairwell: Stairwell) -> dict[str, Any]:
    """A unit as it stands, floors from the top: `{% stair stairwell %}` (`shapes.Stairwell`).

    Every door is a link (reached by Tab; arrows move along floors) with number, sign and word of its state, people,
    and a star where somebody is in need. Without floors it is a list.
    """
    floors = [{"label": floor.label, "tiles": [_tile(tile) for tile in floor.doors]} for floor in stairwell.floors]
    return {"stairwell": stairwell, "floors": floors}


def _tile(tile: Any) -> dict[str, Any]:
    word = tile.label or WORDS[tile.state]
    sign = SIGNS.get(tile.state, "")
    return {"tile": tile, "word": word, "sign": sign, "needs": ", ".join(str(need) for need in tile.needs)}


@register.inclusion_tag("core/need_chips.html")
def need_chips(needs: Iterable[Text]) -> dict[str, Any]:
    """Marks of need as chips: a list of labels, see `linli.residents.terms.need_labels`."""
    return {"needs": list(needs)}


@register.inclusion_tag("core/pager.html")
def pager(page: Pager) -> dict[str, Any]:
    """Previous, next and which rows these are: `{% pager page %}`."""
    return {"page": page}


@register.inclusion_tag("core/empty.html")
def empty(icon_name: str, title: Text, advice: Text = "", url: str = "", action: Text = "") -> dict[str, Any]:
    """Nothing is here: what that means and what to do. `{% empty "checks" title advice url action %}`.

    Inside a `{% for %}` it would be taken for the loop's own `{% empty %}`: use it after that one, or outside.
    """
    return {"icon_name": icon_name, "title": title, "advice": advice, "url": url, "action": action}


@register.inclusion_tag("core/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """A form's field with its label, help and errors, tied together for screen readers: `{% field form.name %}`."""
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "")
    style = {"checkbox": "form-check-input", "select": "form-select"}.get(kind, "form-control")
    attrs: dict[str, str | bool] = {
        "class": f"{widget.attrs.get('class', '')} {style}{' is-invalid' if bound.errors else ''}".strip()
    }
    told = [f"{bound.auto_id}-help"] * bool(bound.help_text) + [f"{bound.auto_id}-error"] * bool(bound.errors)
    if told:
        attrs["aria-describedby"] = " ".join(told)
    return {
        "bound": bound, "control": bound.as_widget(attrs=attrs), "is_check": kind == "checkbox",
        "beside": find_beside(widget.attrs),
    }  # fmt: skip


@register.inclusion_tag("core/figure.html")
def figure(label: Text, value: Any, unit: Text = "", kind: str = "") -> dict[str, Any]:
    """A number under its name: `{% figure label figures.due %}`; kind "gap" for the hero of what is missing."""
    text = num(value) if isinstance(value, int | float) else value
    return {"label": label, "value": text, "unit": unit, "kind": kind}


@register.inclusion_tag("core/curve.html")
def curve(label: Text, points: Sequence[tuple[datetime, int]], element_id: str = "curve") -> dict[str, Any]:
    """A curve of the day as bars, with the same figures as a table: `{% curve label points %}`.

    `points`: (start of the step, count) in order. The page loads vendor/echarts.min.js and desk/curve.js in its block
    `scripts`.
    """
    rows = [(f"{timezone.localtime(moment):%H:%M}", count) for moment, count in points]
    data = {"name": str(label), "labels": [moment for moment, _n in rows], "values": [count for _m, count in rows]}
    return {"id": element_id, "label": label, "data": data, "rows": rows}


@register.simple_tag(takes_context=True)
def panels(context: Context, where: str, subject: int) -> SafeString:
    """What other rooms add to this page: `{% panels "place" place.id %}`, `{% panels "door" door.key %}`."""
    request = context["request"]
    found = ((panel, panel.context(request.actor, request.at, subject)) for panel in list_panels(where))
    return format_html_join(
        "", "{}", ((render_to_string(panel.template, filled, request=request),) for panel, filled in found if filled)
    )


@register.simple_tag
def people(count: int) -> str:
    """How many people, in words: "3 people", "3 人"."""
    # Chinese has one form; English needs two.
    return (pgettext("count", "%s person") if count == 1 else pgettext("count", "%s people")) % num(count)
