"""Every write of every service leaves one entry of the journal, and no personal value stands in any.

All addresses of the access matrix that are posted to are called as somebody who may, and every service that they do not
bring to an end is called by itself; the database says what each of them wrote. Whoever adds an address or a service
that leaves none or two declares why in tests/site/journalled/declared.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from linli.core import clock, db
from linli.desk.terms import VERBS
from linli.duty.terms import Role
from tests.builders.duty import PASSWORD, actor_for, make_account
from tests.site.access.endpoint import BEYOND, Endpoint
from tests.site.access.world import World, build_world
from tests.site.journalled import declared
from tests.site.journalled.services import SECRET_NAME, SECRET_NOTE, SECRET_PHONE, STEPS, Hand
from tests.site.journalled.watching import Entry, Watch, Written, taken_back
from tests.site.test_access_matrix import ENDPOINTS, Caller, holds

REPOSITORY = Path(__file__).resolve().parents[2]
NUMBER = re.compile(r"(?<![0-9a-f])(1[3-9]\d{9}|\d{17}[\dXx])(?![0-9a-f])")  # a phone, an ID: not inside of a digest
GIVEN = ("新人", "第二户", "分户", "二楼", "家着火", "好了", PASSWORD, SECRET_NAME, SECRET_NOTE, SECRET_PHONE)


def fault_of_verbs(written: Written, several: tuple[str, ...] | None, no_entry: str | None) -> str:
    """What is wrong with the entries of one call that wrote something, or nothing."""
    if several is not None:
        return "" if len(written.verbs) == 1 or set(written.verbs) == set(several) else f"left {written.verbs}"
    if no_entry is not None:
        return f"left {written.verbs}, and is declared to leave none" if written.entries else ""
    if len(written.entries) != 1 and (written.tables or written.entries):
        return f"wrote {sorted(written.tables)} and left {written.verbs or 'no entry'}"
    return ""


def faults_of_entry(entry: Entry, personal: list[str]) -> Iterator[str]:
    if entry.verb not in VERBS:
        yield "has no words in desk/terms.py"
    if not entry.account:
        yield "does not say who"
    if entry.appointment is None and entry.verb not in declared.NO_APPOINTMENT:
        yield "does not say under which appointment"
    if not entry.key and entry.verb not in declared.NO_PLACE:
        yield "does not say where"
    if not entry.subject and entry.verb not in declared.NO_SUBJECT:
        yield "does not say about whom or what"
    told = f"{entry.subject} {entry.detail}"
    for value in personal:
        if value in told:
            yield f"says {value!r}"
    if NUMBER.search(told):
        yield f"says a number of somebody: {told}"


def call(world: World, endpoint: Endpoint) -> tuple[int, Written]:
    """As the first role that may, for its own place; nothing is kept."""
    role = next(role for role in Role if holds(endpoint, role))
    caller, here = Caller(world, world.callers[role]), world.targets["own"]
    given = {"data": endpoint.data(world, here)} if endpoint.data else {}
    if endpoint.is_api:
        given["content_type"] = "application/json"  # type: ignore[assignment]
    with taken_back() as look:
        answer = getattr(caller.client, endpoint.method.lower())(endpoint.url(world, here), **given)
        return answer.status_code, look()


def faults_of_address(endpoint: Endpoint, status: int, written: Written, ran: set[str]) -> Iterator[str]:
    """`ran`: the services that were called."""
    name, some = endpoint.name, [declared.SEVERAL[service] for service in sorted(ran & declared.SEVERAL.keys())]
    several = declared.ADDRESSES_SEVERAL.get(name) or (some[0] if some else None)
    leaves_none = name in declared.ADDRESSES_NO_ENTRY or not ran.isdisjoint(declared.NO_ENTRY)
    if written.entries or (status < 400 and written.tables):
        if not (leaves_none and not written.entries):
            yield fault_of_verbs(written, several, None)
    elif not (endpoint.only_reads or leaves_none or name in declared.BY_SERVICE or name in declared.NOTHING):
        yield f"answered {status} and wrote nothing: which service writes for it (BY_SERVICE)?"


def faults_of_services(watch: Watch) -> Iterator[str]:
    for name, (file, verb) in declared.ELSEWHERE.items():
        if name not in watch.services.values() or f'"{verb}"' not in (REPOSITORY / file).read_text(encoding="utf-8"):
            yield f"{name}: {file} does not look at an entry {verb}"
    for name in sorted(watch.services.values()):
        if name.rsplit(".", 1)[1].startswith(declared.READING):
            continue
        if name not in watch.ran and name not in declared.PARTS and name not in declared.ELSEWHERE:
            yield f"{name}: nothing calls it here (journalled/services.py, or declare it)"
        for written in watch.seen.get(name, ()):
            if name in declared.TRIED and not written.entries:
                continue
            fault = fault_of_verbs(written, declared.SEVERAL.get(name), declared.NO_ENTRY.get(name))
            if fault:
                yield f"{name}: {fault}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_every_write_leaves_one_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with db.owner():
        world = build_world()
        chief = make_account(role="command", place=world.district, username="chief")
        top = make_account(role="command", place=world.city, username="top")
        personal = [*GIVEN, *{name for (name,) in db.rows("SELECT name FROM person")}]
    watch = Watch(monkeypatch)
    faults, entries = [], list[tuple[str, Entry]]()
    for endpoint in ENDPOINTS:
        if endpoint.method == "GET" or endpoint.where is BEYOND:
            continue
        before, watch.ran = watch.ran, set()
        status, written = call(world, endpoint)
        found = faults_of_address(endpoint, status, written, watch.ran)
        faults += [f"{endpoint.name}: {fault}" for fault in found if fault]
        watch.ran |= before
        entries += [(endpoint.name, entry) for entry in written.entries]
    for step in STEPS:
        with taken_back() as look, db.owner():
            at = clock.now()
            step(Hand(world, world.targets["own"], actor_for(chief, at), actor_for(top, at), at, tmp_path))
            entries += [(step.__name__, entry) for entry in look().entries]
    faults += faults_of_services(watch)
    faults += [f"{name}: {entry.verb} {fault}" for name, entry in entries for fault in faults_of_entry(entry, personal)]
    assert not faults, "\n".join(sorted(set(faults)))
