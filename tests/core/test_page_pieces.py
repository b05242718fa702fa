"""The pieces that pages share: what they say to eyes, to a keyboard, to a screen reader."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from django import forms
from django.http import HttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import translation

from linli.core import clock
from linli.core.errors import Problem
from linli.core.live import AS_OF, render_live
from linli.core.shapes import DoorState, Floor, Pager, Stairwell, Tile
from linli.core.templatetags import linli

NOON = datetime(2026, 10, 4, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@dataclass
class Figures:
    due: int = 100
    done: int = 60
    exempt: int = 5
    absent: int = 3
    refused: int = 0
    not_reached: int = 32


def draw(text: str, **context: object) -> str:
    with translation.override("en"):
        return Template("{% load linli %}" + text).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (1234567, "1,234,567"), (12.34, "12.3"), (-5000, "-5,000")],
)
def test_numbers_are_separated_and_unknown_is_not_nought(value: float | None, text: str) -> None:
    assert linli.num(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0.0%"), (1, "100%"), (0.909, "90.9%"), (0.99999, "99.9%"), (0.000001, "0.1%")],
)
def test_a_share_is_never_all_while_anything_is_left(value: float | None, text: str) -> None:
    assert linli.share(value) == text


def test_moments_are_short_and_in_the_jurisdictions_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *_a: date(2026, 10, 4))
    with translation.override("zh-hans"):
        assert linli.local(NOON) == "12:00"
        assert linli.local(NOON.replace(day=3)) == "10月3日 12:00"
        assert linli.local(NOON.replace(year=2025)) == "2025年10月4日 12:00"
    with translation.override("en"):
        assert linli.local(NOON.replace(day=3)) == "3 Oct, 12:00"
    assert linli.local_time(NOON) == "12:00:00"
    assert linli.local(None) == "–"


def test_the_bar_leaves_out_nothing_but_noughts_and_says_it_all_in_words() -> None:
    page = draw("{% bar figures %}", figures=Figures())
    assert re.findall(r'class="s-(\w+)" style="flex-grow:(\d+)"', page) == [
        ("done", "60"),
        ("exempt", "5"),
        ("absent", "3"),
        ("not_reached", "32"),
    ]
    assert 'aria-label="Done 60, Exempt 5, Absent 3, Not reached 32"' in page
    assert "Refused" in draw("{% legend figures %}", figures=Figures())
    assert "ln-bar-thin" in draw('{% bar figures "thin" %}', figures=Figures())


def test_a_stairwell_says_number_state_people_and_need_of_every_door() -> None:
    doors = [
        Tile("301", DoorState.NOT_REACHED, 3, ["lives alone", "over 80"], url="/door/301/", selected=True),
        Tile("302", DoorState.VACANT),
    ]
    page = draw("{% stair s %}", s=Stairwell("Unit 2", [Floor("3F", doors), Floor("2F", [Tile("201")])]))
    assert '<a href="/door/301/" class="ln-door d-not_reached" aria-current="true">' in page
    assert "Not reached" in page
    assert "3 people" in page
    assert "lives alone, over 80" in page
    assert page.index("3F") < page.index("2F")
    assert '<div class="ln-door d-vacant">' in page
    assert "--ln-doors:2" in page


def test_without_floors_a_stairwell_is_a_list() -> None:
    page = draw("{% stair s %}", s=Stairwell("Yard", [Floor("", [Tile("East 1"), Tile("East 2")])]))
    assert "ln-stair-list" in page
    assert "ln-floor-label" not in page


def test_what_people_typed_is_escaped() -> None:
    page = draw(
        "{% stair s %}{% need_chips needs %}{% empty 'x' title %}",
        s=Stairwell("<b>", [Floor("", [Tile("<script>", label="<i>")])]),
        needs=["<u>"],
        title="<em>",
    )
    for tag in ("<script>", "<u>", "<em>", "<i>"):
        assert tag not in page


def test_a_field_is_tied_to_its_help_and_errors() -> None:
    class Form(forms.Form):
        name = forms.CharField(help_text="As on the card.")
        agreed = forms.BooleanField(required=False)

    form = Form({"name": ""})
    page = draw("{% field form.name %}{% field form.agreed %}", form=form)
    assert 'aria-describedby="id_name-help id_name-error"' in page
    assert "is-invalid" in page
    assert 'id="id_name-error"' in page
    assert "form-check-input" in page


def test_a_pager_names_its_rows() -> None:
    page = draw("{% pager p %}", p=Pager("?page=1", "?page=3", 51, 100, 1204))
    assert "51 to 100 of 1,204" in page
    assert 'rel="prev" href="?page=1"' in page
    assert 'rel="next" href="?page=3"' in page
    assert "of" not in draw("{% pager p %}", p=Pager(first=1, last=2)).split("span")[1]


def test_a_curve_is_also_a_table() -> None:
    page = draw("{% curve 'Done' points %}", points=[(NOON, 412)])
    assert '<script id="curve" type="application/json">' in page
    assert re.search(r">12:00</td><td[^>]*>412<", page)


class TestLive:
    def answer(self, version: object, etag: str = "", language: str = "en") -> HttpResponse:
        request = RequestFactory().get("/", headers={"if-none-match": etag} if etag else {})
        with translation.override(language), clock.stopped(NOON):
            return render_live(request, "core/need_chips.html", {"needs": [str(version)]}, version=version)

    def test_an_unchanged_part_is_not_sent_again(self) -> None:
        first = self.answer(1)
        again = self.answer(1, first["ETag"])
        assert (first.status_code, again.status_code) == (200, 304)
        assert again[AS_OF] == first[AS_OF] == "12:00:00"
        assert again.content == b""

    def test_a_changed_part_or_another_language_is(self) -> None:
        first = self.answer(1)
        assert self.answer(2, first["ETag"]).status_code == 200
        assert self.answer(1, first["ETag"], "zh-hans").status_code == 200

    def test_without_a_version_the_text_decides(self) -> None:
        first = render_live(RequestFactory().get("/"), "core/need_chips.html", {"needs": ["a"]})
        request = RequestFactory().get("/", headers={"if-none-match": first["ETag"]})
        assert render_live(request, "core/need_chips.html", {"needs": ["a"]}).status_code == 304
        assert render_live(request, "core/need_chips.html", {"needs": ["b"]}).status_code == 200


def test_counts_have_thousands_in_sentences_too() -> None:
    with translation.override("zh-hans"):
        assert linli.people(19329) == "19,329 人"
    with translation.override("en"):
        assert (linli.people(1), linli.people(1200)) == ("1 person", "1,200 people")
    problem = Problem("%(count)s of %(number)s", count=12345, number=20221)
    assert problem.detail == "12,345 of 20221"
    assert problem.as_dict()["params"] == {"count": 12345, "number": 20221}
