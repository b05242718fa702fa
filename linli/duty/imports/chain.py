"""Import of the chain: who holds which post where. The same sheet twice changes nothing.

A row names a post by role and place, who holds it, and perhaps who stands in. People are told apart by their phone (or
their account's name): one phone is one person, so whoever holds three posts has one account. A post that somebody else
holds is handed over. A row without a name says that the post is vacant.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linli.core import db, journal
from linli.core.access import Actor
from linli.core.extents import Extent
from linli.core.import_rows import Progress, Tally
from linli.core.importers import Outcome, Source
from linli.core.jobs import Run
from linli.core.spoken import filled, joined
from linli.duty import policies
from linli.duty.imports.find import Ground
from linli.duty.imports.people import People
from linli.duty.imports.posts import Posts, Wanted
from linli.duty.imports.spec import (
    CHAIN_SHEET,
    KIND,
    NARROW_TO_WIDE,
    PERMISSION,
    is_no,
    read_officer_kind,
    read_post,
)
from linli.duty.terms import NAME_LENGTH, PERMISSIONS, POST_KINDS, OfficerKind, Role
from linli.places.terms import Kind as PlaceKind
from linli.places.terms import PlaceRef

SEVERAL_SHOWN = 5


def import_chain(run: Run, source: Source) -> Outcome:
    """The work of the job."""
    return load_chain(source, actor=run.actor, at=run.at, watch=run.progress)


def load_chain(source: Source, *, actor: Actor, at: datetime, watch: Progress) -> Outcome:
    """Raises SheetProblem."""
    tally = Tally(source, at)
    watch(gettext("Reading"), 0, None)
    tally.read(CHAIN_SHEET)
    with db.owner(), db.atomic():
        db.execute("LOCK TABLE appointment IN SHARE ROW EXCLUSIVE MODE")  # two sheets at once would fill one seat twice
        rows = _read_rows(tally, actor, at)
        people = People(tally)
        for row in rows:
            people.read(row.number)
        people.find()
        rows = [replace(row, holder=people.holder(row.number), deputy=people.deputy(row.number)) for row in rows]
        rows = [row for row in rows if row.number not in tally.faults]
        watch(gettext("Writing"), 0, len(rows))
        posts = Posts(tally, actor, at, [(row.role, row.place.id) for row in rows])
        for row in rows:
            posts.want(row)
        new_people = people.make(posts.people(), at)
        made, handed = posts.write()
        watch(gettext("Writing"), len(rows), len(rows))
        journal.record(
            actor=actor, at=at, verb=KIND, permission=PERMISSION, key=journal.first_key(actor, PERMISSION),
            sheet=journal.digest(source.name),  # offices name sheets after people
            created=tally.created, updated=tally.updated, unchanged=tally.unchanged, rejected=len(tally.faults),
            accounts=new_people, appointments=made,
        )  # fmt: skip
    facts = (
        (_("New accounts"), new_people), (_("New appointments"), made), (_("Posts handed over"), handed),
    )  # fmt: skip
    return tally.outcome(facts)


def _read_rows(tally: Tally, actor: Actor, at: datetime) -> list[Wanted]:
    """What the good rows ask for, as far as they can be understood without the people they name."""
    held = actor.extent_for(PERMISSION)
    ground = Ground(held, at)
    allowed: dict[Role, Extent] = {}
    rows = []
    for number in list(tally.values):
        role = _read_role(tally, number)
        place = _read_place(tally, number, ground, role)
        kind = _read_kind(tally, number, role)
        _refuse_deputys_row(tally, number)
        organisation = str(tally.values[number].get("organisation") or "")
        if len(organisation) > NAME_LENGTH:
            tally.refuse(number, "organisation", "too_long", _("The name is too long."), _("Shorten it."))
        if role is None or place is None or number in tally.faults:
            continue
        extent = ground.extent(place, at)
        if role not in allowed:
            allowed[role] = held
            for permission in ("duty.appoint", *PERMISSIONS[role]):
                allowed[role] &= actor.extent_for(permission)
        if not extent or not extent <= allowed[role]:
            tally.refuse(
                number, "role", "beyond_authority", _("You cannot appoint to this post at this place."),
                _("Leave the row to the office that answers for all of the place."),
            )  # fmt: skip
            continue
        rows.append(Wanted(number, role, place, extent, kind, organisation))
    return rows


def _read_role(tally: Tally, number: int) -> Role | None:
    text = tally.values[number].get("role")
    tally.require(number, "role")
    if not text:
        return None
    role = read_post(str(text))
    if role is None:
        tally.refuse(
            number, "role", "role_unknown", _("There is no post of this name."),
            _("Write one of: 片区长, 网格长, 网格员, 楼栋长, 单元长, 信息员, 包联干部, 督导员, 卡点, 采样员, 配送员."),
        )  # fmt: skip
    return role


def _refuse_deputys_row(tally: Tally, number: int) -> None:
    """As our own list of posts has them: taken for the holder's, it would hand the post over to the deputy."""
    if not is_no(str(tally.values[number].get("stands_in") or "")):
        tally.refuse(
            number, "stands_in", "deputys_row", _("This row names a deputy."),
            _("Write the deputy beside the holder, in the columns 副职 and 副职电话, and leave this row out."),
        )  # fmt: skip


def _read_place(tally: Tally, number: int, ground: Ground, role: Role | None) -> PlaceRef | None:
    if not any(tally.values[number].get(name) for name in ("code", *NARROW_TO_WIDE)):
        tally.refuse(
            number, "community", "place_empty", _("The row does not say which place the post belongs to."),
            _("Write the place's code in a column 地点代码, or its names: 社区, 小区, 楼栋, 单元."),
        )  # fmt: skip
        return None
    field, found = ground.find(tally.values[number])
    if len(found) > 1:
        codes = "、".join(place.code for place in found[:SEVERAL_SHOWN])
        tally.refuse(
            number, field, "place_several", filled(_("Several places have this name: %(codes)s."), codes=codes),
            _("Fill in the community, or write the place's code in a column 地点代码."),
        )  # fmt: skip
        return None
    if not found:
        tally.refuse(
            number, field, "place_unknown", _("No place of yours has this name or code here."),
            _("Check the spelling and the columns left of it; places are imported with compounds and grids first."),
        )  # fmt: skip
        return None
    if role in POST_KINDS and not policies.is_sole(role, found[0].kind):
        tally.refuse(
            number, field, "place_kind",
            filled(
                _("This is a %(kind)s; the post belongs to a place of another kind."),
                kind=PlaceKind(found[0].kind).label,
            ),
            _("A 单元长 needs the unit, a 楼栋长 the building, a 网格长 the grid, a 片区长 the area."),
        )  # fmt: skip
        return None
    return found[0]


def _read_kind(tally: Tally, number: int, role: Role | None) -> str:
    text = tally.values[number].get("officer_kind")
    if not text or role is None:
        return ""
    kind = read_officer_kind(str(text))
    if role != Role.INFORMATION_OFFICER or kind is None:
        tally.refuse(
            number, "officer_kind", "officer_kind",
            _("Only information officers are of a kind.")
            if role != Role.INFORMATION_OFFICER
            else _("There is no such kind of information officers."),
            filled(
                _("Leave it empty, or write one of: %(kinds)s."),
                kinds=joined("、", [one.label for one in OfficerKind]),
            ),
        )  # fmt: skip
        return ""
    return kind.value
