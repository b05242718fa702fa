"""The tour: which page of the demo stands for which address, and its words. docs/tour.md is written from this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from linli.core import access, clock, db
from linli.core.access import SYSTEM, Actor
from linli.core.models import Account
from linli.duty import teams
from linli.places import queries as places
from linli.places.terms import Kind
from linli.rounds import bulk, services
from linli.rounds.terms import RoundKind
from linli.site.demo import build
from linli.site.demo.load import Plan
from tests.browser.moments import Moments, make_moments
from tests.builders.duplicates import make_duplicate, make_merger

PASSWORD = "tour-of-the-demo"
PEOPLE = 20_000


@dataclass(frozen=True)
class Demo:
    """Things of the demo that pages are about: the worst building of the round, somebody at home in it, and so on."""

    round: str
    draft: str
    closed: str
    district: str
    street: str
    community: str
    building: str
    unit: str
    door: int
    household: int
    person: int
    name: str
    account: int
    appointment: int
    team: int
    duplicate: int
    now: Moments


def build_ground() -> Demo:
    """The demo with a draft, a closed round, a team and a pair of duplicates beside it. Run as the owner."""
    at = clock.now()
    made = build.build_demo(Plan(people=PEOPLE), password=PASSWORD, at=at, watch=lambda *_: None)
    Account.objects.filter(username="command").update(name="演示 · 区指挥部")
    door, household, person = db.rows(
        "SELECT s.key, s.household_id, s.subject_id FROM round_state s JOIN person p ON p.id = s.subject_id"
        " WHERE s.due AND s.state = 0 AND p.needs > 0 ORDER BY s.key LIMIT 1"
    )[0]
    chain = {place.kind: place for place in places.places_of_key(door, at)}
    command = next(one for one in made.accounts if one["username"] == "command")
    actor = access.actor_of(command["id"], command["name"], at, origin="cli")
    other = db.scalar("SELECT min(id) FROM person WHERE key = %s AND id > %s", [door, person]) or person + 1
    make_merger(person, door)
    return Demo(
        round=made.round,
        draft=_round("晚间核酸检测（草稿）", chain[Kind.COMMUNITY].id, actor, opened=False),
        closed=_round("昨日重点人员走访", chain[Kind.COMMUNITY].id, actor, opened=True),
        district=chain[Kind.DISTRICT].code,
        street=chain[Kind.STREET].code,
        community=chain[Kind.COMMUNITY].code,
        building=chain[Kind.BUILDING].code,
        unit=chain[Kind.UNIT].code,
        door=door,
        household=household,
        person=person,
        name=str(db.scalar("SELECT name FROM person WHERE id = %s", [person])),
        account=command["id"],
        appointment=int(db.scalar("SELECT max(id) FROM appointment WHERE role = 'unit_lead'")),
        team=teams.form_team(
            place_id=chain[Kind.COMMUNITY].id, name="入户工作专班", leader_id=command["id"], actor=SYSTEM, at=at
        ),
        duplicate=make_duplicate(person, other, door),
        now=make_moments(actor, chain[Kind.COMMUNITY].id, PASSWORD, clock.now()),
    )


def _round(name: str, place_id: int, actor: Actor, *, opened: bool) -> str:
    now = clock.now()
    at = now - timedelta(hours=2)
    made = services.create_round(
        name=name, kind=RoundKind.VISIT, starts_at=at, ends_at=now + timedelta(hours=4),
        scope=places.extent_of(place_id, now), actor=actor, at=at,
    )  # fmt: skip
    if opened:
        bulk.open_round(round_id=made.pk, actor=actor, at=at)
        bulk.close_round(round_id=made.pk, actor=actor, at=now)
    return str(made.code)


Address = Callable[[Demo], str]
# (address as the matrix names it, address in the demo, words in Chinese, words in English).
PAGES: list[tuple[str, Address, str, str]] = [
    ("desk:home", lambda d: "/", "指挥台首页：还差谁、差在哪、谁负责", "Home: who is missing, where, and who answers"),
    ("rounds:index", lambda d: "/rounds/", "轮次列表", "Rounds"),
    (
        "rounds:board",
        lambda d: f"/rounds/{d.round}/",
        "轮次看板：缺口最多的排在前",
        "The board of a round, most missing first",
    ),
    ("rounds:map", lambda d: f"/rounds/{d.round}/map/", "轮次地图", "A round on the map"),
    (
        "rounds:gaps",
        lambda d: f"/rounds/{d.round}/gaps/?place={d.community}",
        "缺口清单：按上门顺序，一键标记、可撤销",
        "The gap list in walking order: mark with one key, undo with another",
    ),
    (
        "rounds:building",
        lambda d: f"/rounds/{d.round}/building/{d.building}/",
        "楼栋图：一格一户",
        "A building as it stands",
    ),
    ("rounds:door", lambda d: f"/rounds/{d.round}/door/{d.door}/", "一户门后：每个人的状态", "Behind one door"),
    (
        "rounds:export",
        lambda d: f"/rounds/{d.round}/gaps/export/?place={d.community}",
        "导出缺口清单",
        "Export of a gap list",
    ),
    ("rounds:new", lambda d: "/rounds/new/", "新建轮次", "A new round"),
    ("rounds:draft", lambda d: f"/rounds/{d.draft}/", "草稿轮次", "A round in draft"),
    (
        "rounds:work",
        lambda d: f"/rounds/{d.now.opening}/work/{d.now.opening_job}/",
        "轮次处理进度",
        "How far the work on a round is",
    ),
    ("rounds:close", lambda d: f"/rounds/{d.round}/close/", "结束轮次", "Closing a round"),
    ("rounds:certificate", lambda d: f"/rounds/{d.closed}/certificate/", "轮次结果单", "The certificate of a round"),
    ("places:index", lambda d: "/places/?text=小区", "查找地点", "Finding places"),
    ("places:place", lambda d: f"/places/{d.community}/", "一个社区", "A community"),
    ("places:add", lambda d: f"/places/{d.community}/add/", "新增地点", "Adding a place"),
    ("places:rename", lambda d: f"/places/{d.community}/rename/", "更名", "Renaming a place"),
    ("places:move", lambda d: f"/places/{d.building}/move/", "改变上级", "Moving a place"),
    ("places:doors", lambda d: f"/places/{d.unit}/doors/", "补充门牌", "Adding doors"),
    ("places:codes", lambda d: f"/places/{d.unit}/codes/", "打印门牌二维码", "Codes of doors to print"),
    ("places:end", lambda d: f"/places/{d.community}/end/", "撤销地点", "Ending a place"),
    (
        "places:redraw",
        lambda d: f"/places/{d.community}/redraw/",
        "调整边界：前后对照",
        "Redrawing boundaries, before and after",
    ),
    (
        "places:redrawing",
        lambda d: f"/places/redrawings/{d.now.redrawing}/",
        "一次边界调整，可撤销",
        "A change of boundaries, and the way back",
    ),
    ("places:release", lambda d: "/places/release/", "区划换版：上传新旧名单", "A new release of the divisions"),
    (
        "places:release-job",
        lambda d: f"/places/release/{d.now.release}/",
        "区划换版：先看会有哪些变更",
        "What a new release of the divisions would change",
    ),
    ("residents:search", lambda d: "/residents/", "查找居民", "Finding residents"),
    ("residents:door", lambda d: f"/residents/door/{d.door}/", "一户登记", "The register of a door"),
    ("residents:new-household", lambda d: f"/residents/door/{d.door}/new/", "新登记一户", "A new household"),
    ("residents:household", lambda d: f"/residents/household/{d.household}/", "家庭", "A household"),
    (
        "residents:edit-household",
        lambda d: f"/residents/household/{d.household}/edit/",
        "修改家庭",
        "Editing a household",
    ),
    ("residents:add-person", lambda d: f"/residents/household/{d.household}/add/", "增加一人", "Adding a person"),
    (
        "residents:move-household",
        lambda d: f"/residents/household/{d.household}/move/",
        "整户搬迁",
        "Moving a household",
    ),
    ("residents:person", lambda d: f"/residents/person/{d.person}/", "个人：证件与电话打码", "A person, masked"),
    ("residents:edit-person", lambda d: f"/residents/person/{d.person}/edit/", "修改个人信息", "Editing a person"),
    ("residents:move-person", lambda d: f"/residents/person/{d.person}/move/", "个人搬迁", "Moving a person"),
    ("residents:duplicates", lambda d: "/residents/duplicates/", "疑似重复登记", "Possible duplicates"),
    (
        "residents:duplicate",
        lambda d: f"/residents/duplicates/{d.duplicate}/",
        "重复登记对照",
        "Two entries side by side",
    ),
    ("residents:mergers", lambda d: "/residents/mergers/", "合并记录，可拆回", "Mergers, each can be undone"),
    ("duty:chain", lambda d: "/duty/chain/", "责任链：五级与空缺", "The chain of posts and its vacancies"),
    ("duty:chain-place", lambda d: f"/duty/chain/{d.community}/", "一个社区的责任链", "The chain of a community"),
    ("duty:vacant", lambda d: f"/duty/chain/{d.district}/vacant/", "空缺岗位", "Vacant posts"),
    ("duty:map", lambda d: f"/duty/chain/{d.district}/map/", "空缺地图", "Vacancies on the map"),
    (
        "duty:dissolved",
        lambda d: f"/duty/chain/{d.now.redrawn}/dissolved/",
        "随地点撤销的岗位",
        "Posts that ended with their place",
    ),
    ("duty:door", lambda d: f"/duty/door/{d.door}/", "这一户谁负责", "Who answers for this door"),
    ("duty:hand-over", lambda d: f"/duty/appointments/{d.appointment}/hand-over/", "岗位交接", "Handing over a post"),
    ("duty:appointments", lambda d: "/duty/appointments/", "任职", "Appointments"),
    ("duty:accounts", lambda d: "/duty/accounts/", "账号", "Accounts"),
    ("duty:account", lambda d: f"/duty/accounts/{d.account}/", "一个账号", "An account"),
    ("duty:set-phone", lambda d: f"/duty/accounts/{d.account}/phone/", "登记联系电话", "Setting the phone on duty"),
    ("duty:claims", lambda d: "/duty/claims/", "志愿者认领审核", "Claims of volunteers"),
    ("duty:volunteer", lambda d: "/duty/volunteer/", "我认领的岗位", "Claiming a post near home"),
    ("duty:join", lambda d: "/duty/volunteer/join/", "志愿者报名", "Joining as a volunteer"),
    ("duty:teams", lambda d: "/duty/teams/", "工作专班", "Work teams"),
    ("duty:team", lambda d: f"/duty/teams/{d.team}/", "一个专班", "A work team"),
    ("duty:cadres", lambda d: "/duty/cadres/", "下沉干部报到", "Cadres who reported"),
    ("duty:me", lambda d: "/duty/me/", "我的任职与令牌", "My appointments and tokens"),
    (
        "notices:specials",
        lambda d: "/specials/?all=1",
        "特殊情况：上报与处理",
        "Special situations, reported and settled",
    ),
    ("field:app", lambda d: "/field/", "手机端：没有信号也能上门登记", "The phone app, which works without signal"),
    ("desk:imports", lambda d: "/imports/", "导入", "Import"),
    ("desk:job", lambda d: f"/imports/{d.now.check}/", "导入核对：收支相抵的账目", "The account of an import"),
    ("desk:import-columns", lambda d: f"/imports/{d.now.check}/columns/", "指定各列", "Saying which column is which"),
    ("desk:journal", lambda d: "/journal/", "操作日志", "The journal"),
    ("desk:journal-export", lambda d: "/journal/export/", "导出日志", "Export of the journal"),
    ("desk:password", lambda d: "/password/", "修改密码", "Changing one's password"),
    ("desk:sign-in", lambda d: "/sign-in/", "登录", "Signing in"),
    ("desk:second-step", lambda d: "/sign-in/code/", "二次验证", "The second step"),
    (
        "accounts:index",
        lambda d: "/account/",
        "我的账号：二次验证、通行密钥、会话",
        "My account: second factor, passkeys, sessions",
    ),
    ("accounts:confirm", lambda d: "/account/confirm/", "再次确认身份", "Confirming that it is you"),
    ("accounts:app", lambda d: "/account/app/", "设置验证器", "Setting up the app"),
    ("accounts:passkey-add", lambda d: "/account/passkeys/add/", "添加通行密钥", "Adding a passkey"),
    ("accounts:invitations", lambda d: "/account/invitations/", "邀请", "Invitations"),
    (
        "accounts:accept",
        lambda d: f"/account/invitation/{d.now.invitation}/",
        "接受邀请",
        "Accepting an invitation",
    ),
    ("accounts:access", lambda d: f"/account/of/{d.account}/", "账号安全", "The ways into an account"),
]
# Of those who are not signed in.
STRANGERS = {"desk:sign-in", "desk:second-step", "accounts:accept", "field:app"}
PHONES = {"field:app"}
