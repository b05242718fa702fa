"""What only exists while something is going on, for the tour: files being checked, boundaries just redrawn, a link that
was sent, a second factor asked for. Run as the owner, with LINLI_HOME where files may be written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp

from linli.accounts import services as accounts
from linli.accounts.models import SecondFactor
from linli.core import crypto, db, importers, jobs
from linli.core.access import Actor
from linli.core.models import Account, Job
from linli.notices import services as notices
from linli.notices.terms import What
from linli.places import queries as places
from linli.places import services
from linli.places.terms import Kind
from linli.rounds import services as rounds
from linli.rounds.terms import RoundKind
from tests.builders.places import merge_takes
from tests.builders.releases import try_release

TWO_STEPS = "two-steps"  # an account that is asked for a code
SHEET = """姓名,身份证号,小区,楼栋,单元,房号
张三,,{compound},1号楼,1单元,101
李四,1.1E+17,{compound},1号楼,1单元,101
王五,,没有这个小区,1号楼,1单元,102
"""


@dataclass(frozen=True)
class Moments:
    check: str
    release: str
    opening: str  # the round that waits to be opened
    opening_job: str
    redrawing: int
    redrawn: str
    invitation: str


def make_moments(actor: Actor, community_id: int, password: str, at: datetime) -> Moments:
    """Beside `community_id`, so that what the rest of the tour shows of it stays."""
    elsewhere, number = _merge_grids(community_id, actor, at)
    _report_specials(elsewhere, actor, at)
    code, job = _ask_to_open(elsewhere, actor, at)
    account = Account.objects.create_user(TWO_STEPS, password, name="需二次验证的账号", created_at=at)
    SecondFactor.objects.create(account_id=account.pk, secret=crypto.seal(pyotp.random_base32()), confirmed_at=at)
    invited = Account.objects.create_user("invited", None, name="新来的网格员", created_at=at)
    return Moments(
        check=_check_sheet(community_id, actor, at),
        release=str(try_release(actor, at).pk),
        opening=code,
        opening_job=job,
        redrawing=number,
        redrawn=places.get_place(elsewhere).code,
        invitation=accounts.invite(account_id=invited.pk, days=3, actor=actor, at=at).raw,
    )


def _merge_grids(community_id: int, actor: Actor, at: datetime) -> tuple[int, int]:
    """Two grids of another community become one; whoever led the second holds a post that reaches no door."""
    rows = db.rows(
        "SELECT p.parent_id, array_agg(p.id ORDER BY p.sort, p.id) FROM place p"
        " WHERE p.kind = %s AND p.parent_id <> %s AND p.ended_at IS NULL GROUP BY 1 HAVING count(*) > 1"
        " ORDER BY count(*) DESC, 1 LIMIT 1",
        [Kind.GRID.value, community_id],
    )
    parent, grids = rows[0]
    number = services.regrid(
        kind=Kind.GRID, takes=merge_takes(grids[:2], grids[0]), since=at, actor=actor, at=at
    )  # fmt: skip
    return parent, number


def _report_specials(place_id: int, actor: Actor, at: datetime) -> None:
    """Two that wait, one that is settled."""
    ((lo, _hi), *_rest) = places.extent_of(place_id, at)
    keys = [key for (key,) in db.rows("SELECT key FROM door WHERE key >= %s ORDER BY key LIMIT 3", [lo])]
    told = (
        (What.SUPPLY, "独居老人，药只够吃两天。"), (What.ILL, "孕妇发热，需要送医。"),
        (What.DISPUTE, "上下楼漏水争执。"),
    )  # fmt: skip
    for key, (what, text) in zip(keys, told, strict=True):
        number = notices.report_special(
            what=what, text=text, key=key, happened_at=at, device_at=at, actor=actor, at=at
        )  # fmt: skip
        if what is What.DISPUTE:
            notices.settle_special(special_id=number, outcome="已约物业上门查看，双方同意。", actor=actor, at=at)


def _ask_to_open(place_id: int, actor: Actor, at: datetime) -> tuple[str, str]:
    """The code of the round, and its job, which looks as if a worker were at it: here is none."""
    made = rounds.create_round(
        name="送药上门（准备开启）", kind=RoundKind.VISIT, starts_at=at, ends_at=at + timedelta(hours=4),
        scope=places.extent_of(place_id, at), actor=actor, at=at,
    )  # fmt: skip
    job = rounds.request_open(round_id=made.pk, actor=actor, at=at)
    Job.objects.filter(pk=job.pk).update(state=Job.State.DOING, started_at=at, done=500, total=1300)
    return str(made.code), str(job.pk)


def _check_sheet(community_id: int, actor: Actor, at: datetime) -> str:
    importer = importers.find_importer("residents.import_roster")
    assert importer is not None
    compound = next(one for one in places.list_children(community_id, at) if one.kind == Kind.COMPOUND)
    sheet = SHEET.format(compound=compound.name).encode()
    job = importers.start_import(
        importer=importer, chunks=[sheet], name="花名册.csv", answers={}, actor=actor, at=at, dry=True
    )
    return str(jobs.carry_out(job.pk).pk)
