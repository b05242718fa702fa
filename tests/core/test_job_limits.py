"""Work that a token asks for may no more than the token, also when a worker carries it out for the account."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from linli.core import clock, db, jobs
from linli.core.models import Job
from linli.duty import services
from linli.duty.models import Appointment
from linli.duty.terms import PERMISSIONS, Role
from tests.builders.duty import actor_for, make_account
from tests.builders.places import make_district
from tests.builders.rosters import make_csv

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]
TITLES = ("职务", "所属社区", "小区名称", "楼栋", "单元", "责任人姓名", "手机号码")
ROW = ("单元长", "第1社区", "阳光小区", "1号楼", "1单元", "王敏", "15412340001")


@pytest.fixture
def now(settings: Any, tmp_path: Path) -> datetime:
    settings.LINLI_HOME = tmp_path
    return clock.now()


def load(now: datetime, *scopes: str) -> dict[str, Any]:
    """The chain, sent with a token of these scopes."""
    with db.owner():
        district = make_district(communities=1, compounds=1, buildings=1, units=1)
        chief = make_account(role="command", place=district.district)
        made = services.make_token(
            name="t", scopes=scopes, expires_at=now.replace(year=now.year + 1), actor=actor_for(chief, now), at=now
        )
    client = Client(headers={"authorization": f"Bearer {made.raw}", "accept-language": "en"})
    file = SimpleUploadedFile("chain.csv", make_csv([ROW], TITLES))
    sent = client.post("/api/imports/duty.import_chain", {"file": file, "dry": "false"})
    assert sent.status_code == 202, sent.content
    with db.owner():
        ended = jobs.carry_out(sent.json()["id"])
    assert ended.state == Job.State.DONE, ended.error
    account: dict[str, Any] = (ended.result or {})["account"]
    return account


def leads() -> int:
    with db.owner():
        return Appointment.objects.filter(role="unit_lead").count()


def test_a_token_to_import_appoints_nobody(now: datetime) -> None:
    account = load(now, "duty.import")
    assert (account["created"], account["rejected"]) == (0, 1)
    assert leads() == 0


def test_one_with_everything_that_it_gives_away_does(now: datetime) -> None:
    account = load(now, "duty.import", "duty.appoint", *sorted(PERMISSIONS[Role.UNIT_LEAD]))
    assert (account["created"], account["rejected"]) == (1, 0)
    assert leads() == 1
