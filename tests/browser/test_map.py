"""Maps in a real browser: outlines have patterns, figures follow the table, an area gives the right compounds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from linli.core import clock, db
from linli.rounds.models import Round
from tests.browser.conftest import PHONE, enter, overflow, pixel
from tests.browser.field import expect_soon
from tests.builders.duty import make_account
from tests.builders.outlines import SIDE, SOUTH, WEST, draw, draw_compounds
from tests.builders.places import make_district
from tests.builders.residents import make_household
from tests.builders.rounds import Walk, mark_homes, open_over

pytestmark = pytest.mark.django_db(transaction=True)
DRAWN = "[data-map][data-drawn]"
LOOKS = """() => {
  const { map } = window.linliMaps.of(document.querySelector('[data-map]'));
  const seen = map.queryRenderedFeatures({ layers: ['fill'] });
  const images = window.linliLooks.images().map((image) => new Set([...new Uint32Array(image.data.buffer)]).size);
  return {
    shades: Object.fromEntries(seen.map((one) => [one.properties.code, one.properties.shade])),
    pattern: JSON.stringify(map.getPaintProperty('fill', 'fill-pattern')),
    labels: map.queryRenderedFeatures({ layers: ['label'] }).map((one) => one.properties.text).sort(),
    colours: images,
  };
}"""


@pytest.fixture
def walk() -> Walk:
    """Four compounds in a row of four homes each: the first done, the second half done, the last without an outline."""
    with db.owner():
        now = clock.now()
        district = make_district(communities=2, compounds=2, buildings=1, units=1, floors=2, a_floor=2)
        draw_compounds(district, without=[3])
        draw(district.communities[0], 0, 2)
        draw(district.communities[1], 2, 2)
        homes = {key: make_household(key) for key in district.keys}
        made = Walk(district, homes, open_over(district.extent(district.district), at=now - timedelta(hours=3)))
        mark_homes(made, district.keys[:6], at=now - timedelta(minutes=30))
        make_account(role="office", place=district.district, username="office", name="区指挥部")
    return made


def test_classes_carry_patterns_and_figures_and_follow_the_round(page: Page, walk: Walk) -> None:
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/map/?level=70")
    page.wait_for_selector(DRAWN)
    first, second, third, fourth = (place.code for place in walk.district.compounds)
    # The first look for news comes when it comes, and puts everything there anew.
    expect_soon(page, lambda: page.evaluate(LOOKS)["shades"], {first: 0, second: 3, third: 4})
    expect_soon(page, lambda: page.evaluate(LOOKS)["labels"], ["0", "4", "8"])
    looks = page.evaluate(LOOKS)
    assert "look-" in looks["pattern"]
    # Every class but the blank one is more than a plain colour, and legend and table use the same pictures.
    assert all(colours > 1 for colours in looks["colours"][:5])
    expect(page.locator(".mp-legend .mp-3")).to_have_css("background-image", re.compile("data:image/png"))
    expect(page.locator(f'tr[data-place="{fourth}"] .mp-bare')).to_be_visible()
    expect(page.locator("[data-map-note]")).to_contain_text("4 个地点中 3 个有轮廓")
    # Pointed at, a place stands in the panel in the words of the table; by keyboard as well.
    page.mouse.move(*pixel(page, 1.5, 0.5))
    expect(page.locator("[data-map-panel]")).to_contain_text(walk.district.compounds[1].name)
    page.mouse.move(2, 2)
    page.locator(f'tr[data-place="{third}"] a').first.focus()
    expect(page.locator("[data-map-panel]")).to_contain_text(walk.district.compounds[2].name)
    with db.owner():
        mark_homes(walk, walk.district.keys[6:8], at=clock.now())
    expect(page.locator(f'tr[data-place="{second}"]')).to_have_attribute("data-figure", "0", timeout=60_000)
    page.wait_for_function(
        "code => window.linliMaps.of(document.querySelector('[data-map]')).map"
        ".queryRenderedFeatures({ layers: ['fill'] }).some((one) => one.properties.code === code"
        " && one.properties.shade === 0)",
        arg=second,
    )


@pytest.mark.parametrize("dark", [False, True])
def test_a_map_fits_a_phone(open_page: Callable[..., Page], walk: Walk, dark: bool) -> None:
    page = open_page(viewport=PHONE, dark=dark)
    enter(page, "office")
    page.goto(f"/rounds/{walk.code}/map/?level=70")
    page.wait_for_selector(DRAWN)
    assert overflow(page) == 0
    expect_soon(page, lambda: len(page.evaluate(LOOKS)["shades"]), 3)


def open_drawing(page: Page) -> None:
    enter(page, "office")
    page.goto("/rounds/new/")
    page.locator("summary", has_text="在地图上画范围").click()
    page.wait_for_selector(DRAWN)
    page.locator("[data-map]").evaluate("one => one.scrollIntoView({ block: 'center' })")
    # The page may glide there: a click before that is a click beside the map.
    page.wait_for_function(
        "() => { const box = document.querySelector('[data-map]').getBoundingClientRect();"
        " return box.top >= 0 && box.bottom <= innerHeight; }"
    )


def test_a_drawn_area_gives_its_compounds_to_a_new_round(page: Page, walk: Walk) -> None:
    open_drawing(page)
    page.click("[data-draw-mode=polygon]")
    # Around the first square and two fifths of the second.
    ring = [(-0.1, -0.04), (1.4, -0.04), (1.4, 1.04), (-0.1, 1.04)]
    for corner in [*ring, ring[0]]:
        at = pixel(page, *corner)
        page.mouse.move(*at)
        page.mouse.click(*at)
    compounds = walk.district.compounds
    answer = page.locator("#drawn")
    expect(answer.locator("fieldset").nth(0)).to_contain_text(compounds[0].name)
    expect(answer.locator("fieldset").nth(1)).to_contain_text(compounds[1].name)
    expect(answer.locator("[data-drawn]:checked")).to_have_count(1)
    assert len(page.locator("#area").input_value().splitlines()) == 4
    page.click("[data-take-drawn]")
    expect(page.locator("[data-chosen=include] li")).to_have_count(1)
    expect(page.locator("#count")).to_contain_text("8")
    page.fill("#id_name", "画出来的一轮")
    page.click("button[value=keep]")
    page.wait_for_url("**/rounds/2*/")
    with db.owner():
        made = Round.objects.get(name="画出来的一轮")
        spans = db.rows("SELECT lo, hi FROM round_span WHERE round_id = %s", [made.pk])
    assert spans == [(compounds[0].lo, compounds[0].hi)]


def test_the_click_that_closes_an_area_picks_no_place_below_it(page: Page, walk: Walk) -> None:
    open_drawing(page)
    page.click("[data-draw-mode=polygon]")
    ring = [(0.5, 0.5), (1.4, 0.5), (1.4, 0.9), (0.5, 0.9)]  # the first, and so the last click, in a compound
    for corner in [*ring, ring[0]]:
        at = pixel(page, *corner)
        page.mouse.move(*at)
        page.mouse.click(*at)
    expect(page.locator("#drawn fieldset").first).to_contain_text(walk.district.compounds[0].name)
    assert len(page.locator("#area").input_value().splitlines()) == 4
    expect(page.locator("[data-chosen=include] li")).to_have_count(0)
    expect(page.locator("[data-draw-mode=pick]")).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(600)  # after a moment, a click picks again
    page.mouse.click(*pixel(page, 2.5, 0.5))
    expect(page.locator("[data-chosen=include] li")).to_have_count(1)
    expect(page.locator("[data-chosen=include]")).to_contain_text(walk.district.compounds[2].name)


def test_typed_corners_do_the_same_and_a_click_picks_a_place(page: Page, walk: Walk) -> None:
    open_drawing(page)
    west, east = WEST - SIDE / 2, WEST + 4.5 * SIDE
    south, north = SOUTH - SIDE / 2, SOUTH + 1.5 * SIDE
    page.fill("#area", f"{west}, {south}\n{east}, {south}\n{east}, {north}\n{west}, {north}")
    page.locator("[data-draw-ask]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#drawn [data-drawn]:checked")).to_have_count(3)
    # The fourth has no outline, and stands in a community that the area covers: it is asked about.
    expect(page.locator("#drawn")).to_contain_text(walk.district.compounds[3].name)
    page.fill("#area", "111.6, 40.8")
    page.locator("[data-draw-ask]").click()
    expect(page.locator("#drawn [role=alert]")).to_contain_text("至少要有三个拐点")
    page.click("[data-draw-clear]")
    page.mouse.click(*pixel(page, 2.5, 0.5))
    expect(page.locator("[data-chosen=include] li")).to_have_count(1)
    expect(page.locator("[data-chosen=include]")).to_contain_text(walk.district.compounds[2].name)
