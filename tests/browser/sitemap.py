"""Every page there is, from the addresses that the access matrix declares: what is not declared fails there.

A GET address is a page when it answers a whole HTML document; parts of pages, downloads and redirects are left out.
An address that needs something the matrix's world does not have (a job, say) is named in NEEDS_MORE, or the walk fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page

from linli.accounts import services as accounts
from linli.core import clock, db, jobs
from linli.core.access import Actor
from linli.core.models import Account, Job
from linli.duty.terms import Role
from linli.notices import services as notices
from linli.notices.terms import About, What
from linli.rounds import services
from tests.browser.conftest import enter
from tests.builders.duty import PASSWORD, actor_for, appoint, make_account
from tests.builders.media import keep_photo
from tests.builders.releases import try_release
from tests.site.access.endpoint import OPEN, Endpoint
from tests.site.access.world import World, build_world
from tests.site.test_access_matrix import ENDPOINTS

USERNAME = "everyone"
# Addresses that answer no page of these, though they answer HTML: the API's own documents; the phone app, whose pages
# are walked in test_field_work.py.
NOT_OURS = {"api:openapi-json", "api:openapi-view", "api:api-root", "field:app"}


@dataclass(frozen=True)
class Spot:
    """One page: its name, its address, and whether it is for those who are not signed in."""

    name: str
    address: str
    for_strangers: bool = False


@dataclass
class Ground:
    """The world of the matrix, somebody who may do everything in it, and what pages of work need."""

    world: World
    account: Account
    import_job: str = ""
    check_job: str = ""
    round_job: str = ""
    release_job: str = ""
    invitation: str = ""
    photo: str = ""
    empty: list[str] = field(default_factory=list)


NEEDS_MORE: dict[str, Callable[[Ground], str]] = {
    "desk:job": lambda g: f"/imports/{g.import_job}/",
    "desk:rejected": lambda g: f"/imports/{g.import_job}/rejected/",
    "desk:import-columns": lambda g: f"/imports/{g.check_job}/columns/",
    "desk:import-template": lambda g: "/imports/template/residents.import_roster/",
    "places:release-job": lambda g: f"/places/release/{g.release_job}/",
    "places:release-report": lambda g: f"/places/release/{g.release_job}/report/",
    "notices:file": lambda g: f"/specials/files/{g.photo}/",
    "accounts:accept": lambda g: f"/account/invitation/{g.invitation}/",
    "rounds:work": lambda g: f"/rounds/{g.world.targets['own'].draft_code}/work/{g.round_job}/",
}
# Pages in further states, and those that have no address of their own.
FURTHER: dict[str, Callable[[Ground], str]] = {
    "no such page": lambda g: "/nothing-here/",
    "board of a draft": lambda g: f"/rounds/{g.world.targets['own'].draft_code}/",
    "board of a closed round": lambda g: f"/rounds/{g.world.targets['own'].closed_code}/",
    "gap list, filtered to nothing": lambda g: f"/rounds/{g.world.round_code}/gaps/?reason=refused&need=bedridden",
    "journal, filtered to nothing": lambda g: "/journal/?subject=nothing:1",
    "search that finds": lambda g: "/residents/?q=自家人",
    "search that finds nothing": lambda g: "/residents/?q=没有这个人",
    "places, searched": lambda g: "/places/?q=新城",
}


def build_ground() -> Ground:
    """The world, and an account appointed to every role over the whole city. Run as the owner."""
    world = build_world()
    account = make_account(username=USERNAME, name="区指挥部", role=Role.COMMAND, place=world.city)
    for role in Role:
        if role is not Role.COMMAND:
            appoint(account, role, world.city)
    return Ground(world, account)


def sign_in_as_everyone(page: Page) -> None:
    enter(page, USERNAME, PASSWORD)


def make_work(page: Page, ground: Ground, folder: Path) -> None:
    """An import with a rejected row, a check that waits, a round being opened: through the pages, as people do."""
    sheet = folder / "名册.csv"
    compound = ground.world.targets["own"].compound.name
    sheet.write_text(
        f"姓名,身份证号,小区,楼栋,单元,房号\n张三,,{compound},1号楼,1单元,101\n李四,1.1E+17,{compound},1号楼,1单元,101\n"
    )
    ground.import_job = _send(page, sheet, at_once=True)
    ground.check_job = _send(page, sheet, at_once=False)
    with db.owner():
        at = clock.now() + timedelta(seconds=1)
        draft = ground.world.targets["own"].draft_id
        who = actor_for(ground.account, at)
        ground.round_job = str(services.request_open(round_id=draft, actor=who, at=at).pk)
        ground.release_job = str(try_release(who, at).pk)
        idle = ground.world.idle.pk if ground.world.idle else 0
        ground.invitation = accounts.invite(account_id=idle, days=3, actor=who, at=at).raw
        ground.photo = _keep_photos(ground.world, who, at)
    page.goto("/account/")
    page.click("form[action$='/app/start/'] button")


def _keep_photos(world: World, who: Actor, at: datetime) -> str:
    """At a door, of somebody there, of a special situation: the pages that list them are looked at with them."""
    own = world.targets["own"]
    key = own.door.key
    special = notices.report_special(
        what=What.ILL, text="", key=key, happened_at=at, device_at=at, actor=who, at=at
    )  # fmt: skip
    abouts = (About(key), About(key, person_id=own.person_id), About(key, special_id=special))
    return [keep_photo(about, actor=who, at=at) for about in abouts][-1]


def _send(page: Page, sheet: Path, *, at_once: bool) -> str:
    page.goto("/imports/")
    page.check("input[value='residents.import_roster']")
    page.set_input_files("input[type=file]", str(sheet))
    page.click("form[data-import] button[name=at_once]" if at_once else "form[data-import] button.btn-primary")
    page.wait_for_selector("#job")
    with db.owner():
        job = jobs.carry_out(Job.objects.latest("created_at").pk)
    return str(job.pk)


def list_spots(page: Page, stranger: Page, ground: Ground) -> Iterator[Spot]:
    """Every page, once an address. An address that has nothing to show goes to `ground.empty`."""
    seen: set[str] = set()
    for endpoint in ENDPOINTS:
        if endpoint.is_api or endpoint.method != "GET" or endpoint.address in NOT_OURS:
            continue
        address = _address(endpoint, ground)
        if address in seen:
            continue
        seen.add(address)
        strange = endpoint.where is OPEN
        answer = (stranger if strange else page).request.get(address, max_redirects=0)
        if answer.status >= 400:
            ground.empty.append(f"{endpoint.address} {address}: has nothing to show ({answer.status}), see NEEDS_MORE")
        if answer.status == 200 and answer.body().lstrip()[:14].lower() == b"<!doctype html":
            yield Spot(endpoint.address, address, for_strangers=strange)
    for name, address_of in FURTHER.items():
        yield Spot(name, address_of(ground))


def _address(endpoint: Endpoint, ground: Ground) -> str:
    if endpoint.address in NEEDS_MORE:
        return NEEDS_MORE[endpoint.address](ground)
    return endpoint.url(ground.world, ground.world.targets["own"])
