"""One place for a form's field, in a real browser: on the map, from the list by keyboard alone, or typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from linli.core import db
from tests.browser.conftest import DESK, PHONE, enter
from tests.browser.looks import find_sideways, measure_large, run_axe
from tests.browser.walk import TABLET
from tests.builders.duty import make_account
from tests.builders.outlines import draw, draw_compounds
from tests.builders.places import District, make_district

pytestmark = pytest.mark.django_db(transaction=True)
DRAWN = "#appoint [data-map][data-drawn]"
# Where on the canvas the label of a place lies.
AT = """code => {
  const section = document.querySelector('#appoint [data-map]');
  const { map, shapes } = window.linliMaps.of(section);
  const { x, y } = map.project(shapes.features.find((one) => one.properties.code === code).properties.label);
  return { x, y };
}"""


@pytest.fixture
def district() -> District:
    with db.owner():
        made = make_district(communities=2, compounds=2, buildings=1, units=1, floors=1, a_floor=1)
        draw_compounds(made, without=[3])
        draw(made.communities[0], 0, 2)
        draw(made.communities[1], 2, 2)
        make_account(username="office", name="区指挥部", role="office", place=made.district)
        make_account(username="new", name="王敏")
    return made


def expect_code(page: Page, code: str) -> None:
    expect(page.locator("#id_place")).to_have_value(code)


def test_picked_on_the_map(page: Page, district: District) -> None:
    enter(page, "office")
    page.goto("/duty/appointments/")
    page.locator("#appoint summary").click()
    page.wait_for_selector(DRAWN)
    second = district.communities[1]
    page.locator("#appoint canvas").click(position=page.evaluate(AT, second.code))
    expect_code(page, second.code)
    expect(page.locator("#appoint [data-choose-words]")).to_contain_text(second.name)
    page.locator("#appoint [data-choose-inside]").click()
    page.wait_for_selector(f'#appoint [data-choose-take][value="{district.compounds[2].code}"]')
    page.wait_for_selector(DRAWN)
    page.locator("#appoint canvas").click(position=page.evaluate(AT, district.compounds[2].code))
    expect_code(page, district.compounds[2].code)
    page.fill("#id_account", "new")
    page.select_option("#id_role", "supervisor")
    page.locator("#appoint button[type=submit]").click()
    expect(page.locator("body")).to_contain_text("王敏")
    expect(page.locator(f'a[href="/places/{district.compounds[2].code}/"]').first).to_be_visible()


def test_picked_by_keyboard_alone_where_there_is_no_outline(page: Page, district: District) -> None:
    enter(page, "office")
    page.goto("/duty/appointments/")
    page.locator("#appoint summary").focus()
    page.keyboard.press("Enter")
    way = [district.communities[1], district.compounds[3]]
    inside = page.locator(f'#appoint .mp-choices [data-choose-open][value="{way[0].code}"]')
    inside.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#appoint [data-choose-here]")).to_be_focused()
    wanted = page.locator(f'#appoint .mp-choices [data-choose-take][value="{way[1].code}"]')
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Space")
    expect_code(page, way[1].code)
    expect(wanted).to_have_attribute("aria-pressed", "true")
    page.fill("#id_place", district.compounds[0].code)  # typed as before: the choice follows
    expect(wanted).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#appoint [data-choose-words]")).to_have_text("")
    page.locator("#filter_place ~ details summary").click()  # the other form on this page has its own
    page.locator(f'[data-choose="filter_place"] [data-choose-take][value="{way[0].code}"]').click()
    expect(page.locator("#filter_place")).to_have_value(way[0].code)
    expect_code(page, district.compounds[0].code)


@pytest.mark.parametrize(
    ("viewport", "dark", "locale", "large"),
    [(PHONE, True, "en-US", False), (DESK, False, "zh-CN", False), (PHONE, False, "zh-CN", True)],
)
def test_is_right_at_every_width(
    open_page: Callable[..., Page], district: District, viewport: dict[str, int], dark: bool, locale: str, large: bool
) -> None:
    page = open_page(dark=dark, locale=locale, viewport=viewport)
    page.emulate_media(reduced_motion="reduce")
    enter(page, "office")
    page.goto("/duty/appointments/")
    if large:
        page.evaluate("(one => one.form.requestSubmit(one))(document.querySelector('button[name=size]'))")
        page.wait_for_selector("html[data-size=large]")
    page.locator("#appoint summary").click()
    page.wait_for_selector(DRAWN)
    page.locator("#appoint .mp-choices [data-choose-take]").first.click()
    faults = [*find_sideways(page), *run_axe(page)]
    if large:
        faults += measure_large(page)
    assert faults == []


def test_english_words_fit_a_tablet(open_page: Callable[..., Page], district: District) -> None:
    page = open_page(locale="en-US", viewport=TABLET)
    page.emulate_media(reduced_motion="reduce")
    enter(page, "office")
    page.goto("/duty/cadres/")
    assert find_sideways(page) == []
    page.goto("/duty/teams/")
    assert find_sideways(page) == []
    for name, value in (("team", "第一专班"), ("place", district.compounds[0].code), ("name", "赵敏")):
        page.fill(f"#id_{name}", value)
    page.fill("#id_phone", "15412340009")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").last.click()
    page.goto("/journal/")
    expect(page.locator("tbody tr").first).to_be_visible()
    assert [*find_sideways(page), *run_axe(page)] == []
