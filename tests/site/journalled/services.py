"""Services that no address of the matrix brings to an end: what the world lacks is made first."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyotp

from linli.accounts import services as accounts
from linli.accounts.models import Passkey
from linli.accounts.services import guard, sign_in
from linli.accounts.terms import Way
from linli.core import access, db, importers, jobs
from linli.core.access import Actor
from linli.core.ids import new_id
from linli.core.models import Account
from linli.duty import claims, dissolved, staff
from linli.duty import services as duty
from linli.field import keys as field_keys
from linli.field import pack
from linli.field import services as field
from linli.field.terms import Device
from linli.notices import files
from linli.notices import services as notices
from linli.notices.terms import About, FileKind, What
from linli.places import services as places
from linli.places.imports.release import carry_out_release
from linli.places.layouts import Take
from linli.places.layouts import Target as Heir
from linli.places.terms import Kind
from linli.residents import services as residents
from linli.residents.duplicates import finding, households, people
from linli.residents.services import presence
from linli.residents.terms import PersonInput
from linli.rounds import bulk, queries, services, undo, withdrawing
from linli.rounds.terms import Mark, MarkCommand
from tests.builders.duty import PASSWORD, actor_for
from tests.builders.phones import Phone
from tests.builders.releases import try_release
from tests.site.access.world import Target, World

SECRET_NAME, SECRET_PHONE, SECRET_NOTE = "钱机密", "15412349876", "门口有狗别敲"
ELSEWHERE = "192.0.2.7"


@dataclass
class Hand:
    """Who acts: `actor` answers for the own district, `top` for the whole city. `folder`: for sheets."""

    world: World
    here: Target
    actor: Actor
    top: Actor
    at: datetime
    folder: Path

    @property
    def who(self) -> dict[str, Any]:
        return {"actor": self.actor, "at": self.at}

    @property
    def who_tops(self) -> dict[str, Any]:
        return {"actor": self.top, "at": self.at}

    def sheet(self, kind: str, *rows: Sequence[str], answers: dict[str, str] | None = None) -> None:
        path = self.folder / "sheet.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        self.bring_in(kind, path, answers or {})

    def bring_in(self, kind: str, path: Path, answers: dict[str, str]) -> None:
        importer = importers.find_importer(kind)
        assert importer is not None
        job = importers.import_here(importer=importer, path=path, answers=answers, **self.who)
        assert job.result is not None, job.error
        assert job.result["account"]["created"] + job.result["account"]["updated"] > 0, job.result


Step = Callable[[Hand], object]
STEPS: list[Step] = []


def step(work: Step) -> Step:
    STEPS.append(work)
    return work


@step
def account_has_an_app(hand: Hand) -> None:
    who = hand.who
    accounts.start_app(**who)
    made = accounts.get_new_app(actor=hand.actor, username="chief")
    accounts.confirm_app(code=pyotp.TOTP(made.secret).at(hand.at), **who)
    accounts.renew_codes(**who)
    accounts.remove_app(**who)


@step
def account_has_a_passkey(hand: Hand) -> None:
    key = Passkey.objects.create(
        account_id=hand.actor.account_id,
        credential_id=b"c",
        public_key=b"k",
        sign_count=0,
        name="k",
        created_at=hand.at,
    )
    accounts.remove_passkey(passkey_id=key.pk, **hand.who)


@step
def account_signs_in_and_out(hand: Hand) -> None:
    sign_in.record_sign_in(way=Way.PASSWORD, username="chief", **hand.who)
    for key in ("one", "two"):
        accounts.start_session(
            account_id=hand.actor.account_id, session_key=key, way=Way.PASSWORD, address=ELSEWHERE, agent="", at=hand.at
        )
    started = db.scalar("SELECT id FROM account_session WHERE session_key = 'one'")
    accounts.end_session(session_id=started, **hand.who)
    accounts.change_password(old=PASSWORD, new="another-horse-battery", address=ELSEWHERE, keep="two", **hand.who)


@step
def account_is_invited_and_not(hand: Hand) -> None:
    accounts.invite(account_id=hand.here.account.pk, days=3, **hand.who)
    invited = db.scalar("SELECT max(id) FROM invitation")
    accounts.revoke_invitation(invitation_id=invited, **hand.who)


@step
def address_is_unlocked(hand: Hand) -> None:
    guard.unlock_address(address=ELSEWHERE, **hand.who)


@step
def token_is_revoked(hand: Hand) -> None:
    duty.make_token(name="t", scopes=["rounds.view"], expires_at=hand.at + timedelta(days=1), **hand.who)
    duty.revoke_token(token_id=db.scalar("SELECT max(id) FROM api_token"), **hand.who)


@step
def volunteer_claims_and_withdraws(hand: Hand) -> None:
    account = Account.objects.get(username="caller-idle")
    staff.keep_phone(account, SECRET_PHONE, hand.at)
    idle = actor_for(account, hand.at)
    claims.register_volunteer(home=hand.here.unit.code, actor=idle, at=hand.at)
    claim = claims.claim_post(place_id=hand.here.building.id, actor=idle, at=hand.at)
    claims.withdraw_claim(claim_id=claim, actor=idle, at=hand.at)


@step
def post_moves_on(hand: Hand) -> None:
    """The community is dissolved: its compounds go to the one beside, and its posts follow."""
    gone, heir = hand.here.place, hand.world.targets["sibling"].place
    before = hand.at - timedelta(hours=2)
    take = Take((gone.id,), Heir(place_id=heir.id))
    places.regrid(kind=Kind.COMMUNITY, takes=[take], since=before, actor=hand.actor, at=before)
    dissolved.move_post(appointment_id=hand.here.appointment_id, to_place_ids=[heir.id], **hand.who)


@step
def key_of_phones_is_new(hand: Hand) -> None:
    field_keys.rotate_key(**hand.who)


@step
def phone_signs_in_takes_a_pack_and_goes(hand: Hand) -> None:
    device = Device("测试手机", hand.at, "Asia/Shanghai")
    made = field.sign_in_from_page(device=device, address=ELSEWHERE, agent="", page_key="", **hand.who)
    pack.read_pack(place=hand.here.place.code, **hand.who)
    field.sign_out(view=made.view, **hand.who)


@step
def situation_and_photo(hand: Hand) -> None:
    seen: dict[str, Any] = {"happened_at": hand.at, "device_at": hand.at, **hand.who}
    notices.report_special(what=What.FIRE, text=f"{SECRET_NAME} {SECRET_PHONE}", key=hand.here.door.key, **seen)
    about = About(hand.here.door.key, person_id=hand.here.person_id)
    files.announce_file(
        file_id=uuid4(), about=about, kind=FileKind.PHOTO, size=9, sha256=hashlib.sha256(b"").digest(),
        taken_at=hand.at, **hand.who,
    )  # fmt: skip
    with access.acting(hand.actor):
        files.look_at_file(file_id=hand.here.file_id, **hand.who)


@step
def place_has_another_name(hand: Hand) -> None:
    places.add_alias(place_id=hand.here.compound.id, text="老房子", **hand.who)


@step
def places_are_added(hand: Hand) -> None:
    street = places.add_division(
        kind=Kind.STREET, code="150102077", name="新街道", parent_id=hand.world.district.id, **hand.who
    )
    compound = places.add_compound(community_id=hand.here.place.id, name="新小区", **hand.who)
    building = places.add_building(compound_id=compound.id, name="9号楼", **hand.who)
    unit = places.add_unit(building_id=building.id, name="9单元", **hand.who)
    (door, *_rest) = places.add_doors(unit_id=unit.id, numbers=["901", "902"], **hand.who)
    places.set_vacant(keys=[door.key], vacant=True, **hand.who)
    places.set_vacant(keys=[door.key], vacant=False, **hand.who)
    places.end_door(key=door.key, **hand.who)
    places.end_place(place_id=street.id, **hand.who_tops)


@step
def places_move(hand: Hand) -> None:
    beside = hand.world.targets["sibling"].place
    places.move_compound(compound_id=hand.here.compound.id, community_id=beside.id, **hand.who)
    street = places.add_division(
        kind=Kind.STREET, code="150102077", name="新街道", parent_id=hand.world.district.id, **hand.who
    )
    places.move_division(place_id=street.id, parent_id=hand.world.far_district.id, **hand.who_tops)


@step
def overlay_is_added_and_redrawn(hand: Hand) -> None:
    made = places.add_overlay(
        kind=Kind.GRID, parent_id=hand.here.place.id, name="1格", place_ids=[hand.here.building.id], **hand.who
    )
    places.redraw_overlay(place_id=made.id, place_ids=[hand.here.compound.id], **hand.who)


@step
def divisions_are_brought_in(hand: Hand) -> None:
    head = ("代码", "名称", "级别", "上级代码")
    hand.sheet("places.import_divisions", head, ("150102001009", "新建社区", "社区", "150102001"))


@step
def file_is_sent(hand: Hand) -> None:
    importer = importers.find_importer("places.import_divisions")
    assert importer is not None
    importers.start_import(importer=importer, chunks=[b"a,b\n"], name="a.csv", answers={}, **hand.who)


@step
def compounds_are_brought_in(hand: Hand) -> None:
    head = ("小区", "所属社区", "楼栋", "单元数", "层数", "每层户数")
    hand.sheet("places.import_compounds", head, ("滨河佳苑", hand.here.place.code, "1号楼", "2", "3", "2"))


@step
def grids_are_brought_in(hand: Hand) -> None:
    row = (hand.here.building.code, "第1网格")
    hand.sheet("places.import_grids", ("地点代码", "归入网格"), row, answers={"layer": "grid"})
    places.undo_regrid(number=db.scalar("SELECT max(id) FROM place_regrid"), **hand.who)


@step
def outlines_are_brought_in(hand: Hand) -> None:
    square = [[[111.6, 40.8], [111.7, 40.8], [111.7, 40.9], [111.6, 40.9], [111.6, 40.8]]]
    one = {"type": "Feature", "properties": {"code": hand.here.place.code},
           "geometry": {"type": "Polygon", "coordinates": square}}  # fmt: skip
    path = hand.folder / "outlines.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}))
    hand.bring_in("places.import_outlines", path, {"datum": "WGS-84"})


@step
def release_is_taken(hand: Hand) -> None:
    taken = carry_out_release(job=try_release(hand.top, hand.at), **hand.who_tops)
    assert jobs.carry_out(taken.pk).result


@step
def chain_is_brought_in(hand: Hand) -> None:
    head = ("职务", "地点代码", "责任人姓名", "手机号码")
    hand.sheet("duty.import_chain", head, ("单元长", hand.here.unit.code, SECRET_NAME, SECRET_PHONE))


@step
def roster_is_brought_in(hand: Hand) -> None:
    head = ("姓名", "小区", "楼栋", "单元", "房号", "手机号", "备注", "社区", "区县")
    row = (SECRET_NAME, "阳光小区", "1号楼", "1单元", "101", SECRET_PHONE, SECRET_NOTE, "第1社区", "新城区")
    hand.sheet("residents.import_roster", head, row)


@step
def duplicates_are_found(hand: Hand) -> None:
    finding.find_duplicates(reach=hand.here.extent, watch=lambda *_: None, **hand.who)


@step
def merged_and_taken_apart(hand: Hand) -> None:
    here = hand.here
    households.merge_households(survivor_id=here.household_id, merged_id=here.second_id, **hand.who)
    households.undo_merger(merger_id=db.scalar("SELECT max(id) FROM merger"), **hand.who)
    people.merge_people(survivor_id=here.person_id, merged_id=here.twin_id, **hand.who)
    households.undo_merger(merger_id=db.scalar("SELECT max(id) FROM merger"), **hand.who)


@step
def people_move_out(hand: Hand) -> None:
    presence.record_moved_out(person_ids=[hand.here.person_id], **hand.who)


@step
def somebody_is_registered(hand: Hand) -> None:
    given = PersonInput(name=SECRET_NAME, phone=SECRET_PHONE, note=SECRET_NOTE)
    made = residents.register_household(key=hand.here.door.key, label="三户", people=[given], **hand.who)
    assert made


@step
def round_opens_closes_and_opens_again(hand: Hand) -> None:
    bulk.open_round(round_id=hand.here.draft_id, **hand.who)
    bulk.close_round(round_id=hand.here.draft_id, **hand.who)
    bulk.reopen_round(round_id=hand.here.draft_id, **hand.who)


@step
def marks_come_and_go(hand: Hand) -> None:
    found = queries.get_round(hand.here.round_id)
    command = MarkCommand(new_id(), Mark.DONE, hand.at, person_id=hand.here.person_id, reason=SECRET_NOTE)
    services.mark(round_id=found.id, commands=[command], **hand.who)
    taken: dict[str, Any] = {"subject_ids": [hand.here.person_id], "mark_ids": [command.id]}
    assert undo.take_back(round_id=found.id, **taken, **hand.who) == 1
    again = MarkCommand(new_id(), Mark.DONE, hand.at, person_id=hand.here.person_id)
    services.mark(round_id=found.id, commands=[again], **hand.who)
    taken["mark_ids"] = [again.id]
    withdrawing.withdraw_marks(round_=found, done_at=hand.at + timedelta(minutes=1), **taken, **hand.who)


@step
def marks_are_brought_in(hand: Hand) -> None:
    head = ("小区", "楼栋", "单元", "房号", "姓名", "结果", "时间", "备注")
    row = (
        "阳光小区",
        "1号楼",
        "1单元",
        hand.here.door.number,
        hand.here.secret,
        "完成",
        f"{hand.at:%Y-%m-%d %H:%M}",
        SECRET_NOTE,
    )
    hand.sheet("rounds.import_marks", head, row, answers={"round": hand.here.round_code})


@step
def phone_sends_its_work(hand: Hand) -> None:
    """Through the real door: sealed, unsealed, judged, carried out."""
    phone, here = Phone("caller-grid_worker"), hand.here
    assert phone.sign_in().status_code == 201
    home, round_ = f"h{here.household_id}", here.round_code
    about: dict[str, Any] = {"household": home, "name": SECRET_NAME, "phone": SECRET_PHONE}
    told = phone.results(
        [
            phone.command("rounds.mark", round=round_, person=f"p{here.person_id}", mark="absent", reason=SECRET_NOTE),
            phone.command("residents.person", **about, person=str(uuid4())),
            phone.command("residents.status", person=f"p{here.twin_id}", status="away", back_on="2090-01-01"),
            phone.command("notices.special", what="ill", door=here.door.key, text=SECRET_NOTE),
        ]
    )
    assert {one["result"] for one in told} == {"accepted"}, told
