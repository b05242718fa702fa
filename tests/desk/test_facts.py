"""Details of journal entries are said in words, names and local times; none is left raw."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from linli.core import access, db, journal
from linli.desk import facts
from linli.desk.facts import Known, Say, find_fact, list_mentioned, say_facts
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import make_district

PACKAGE = Path(facts.__file__).parents[1]
AT = datetime(2026, 10, 4, 6, 0, tzinfo=UTC)
OF_THE_ENTRY = {"actor", "at", "verb", "key", "extent", "permission", "subject"}


def test_every_detail_that_a_service_writes_has_words() -> None:
    """Of every call that appends an entry, directly or through a room's own helper."""
    written: dict[str, str] = {}
    for path in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            name = getattr(call.func, "attr", getattr(call.func, "id", "")) if isinstance(call, ast.Call) else ""
            if name in ("record", "_record"):
                written |= {one.arg: f"{path.name}:{call.lineno}" for one in call.keywords if one.arg}  # type: ignore[attr-defined]
    assert len(written) > 60
    unsaid = {name: where for name, where in written.items() if name not in OF_THE_ENTRY | set(facts.FACTS)}
    assert not unsaid, "give them words in linli/desk/facts.py"


KNOWN = Known(places={"150102001": "东街街道", 3: "新城区"}, accounts={"7": "office"}, doors={4711: "1号楼 101"})


@pytest.mark.parametrize(
    ("verb", "detail", "said"),
    [
        ("duty.appoint", {"role": "grid_lead", "since": "2026-10-04 06:00:00+00:00"},
         [("role", "grid lead"), ("since", "2026-10-04 14:00")]),
        ("duty.appoint", {"until": "9000-01-01 00:00:00+00:00"}, [("until", "without end")]),
        ("duty.appoint", {"place": 3, "role": "command"}, [("place", "新城区"), ("role", "command centre")]),
        ("duty.appoint", {"until": None, "since": "soon"}, [("since", "soon")]),
        ("places.regrid", {"since": "2026-10-04T06:00:00+00:00", "before": ["150102001", "150102009"], "number": 1234},
         [("since", "2026-10-04 14:00"), ("before", "东街街道, 150102009"), ("change no.", "1234")]),
        ("residents.record_presence", {"before": "present", "presence": "away", "back_on": "2026-10-09"},
         [("before", "present"), ("presence", "away"), ("back on", "2026-10-09")]),
        ("residents.edit_person", {"changed": ["phone", "born_on"], "digests": {"phone": "ab12"}},
         [("changed", "phone, date of birth")]),
        ("residents.add_person", {"household": 12345, "name": "ab12"}, [("household no.", "12345")]),
        ("residents.move_household", {"from_key": 4711, "people": [1, 2, 3]},
         [("from", "1号楼 101"), ("people", "3")]),
        ("residents.import_roster", {"account": {"rows_in": 1200, "created": 0, "rejected": 3}, "sheet": "ab12"},
         [("rows in", "1,200"), ("new", "0"), ("rejected", "3")]),
        ("residents.unmask", {"secret": "id_number", "purpose": "verify"},
         [("number", "ID number"), ("purpose", "to check their identity")]),
        ("duty.claim_post", {"account": 7}, [("account", "office")]),
        ("duty.make_token", {"scopes": ["places.view", "rounds.view", "duty.view", "rounds.gaps", "rounds.mark"]},
         [("scopes", "see places, see rounds and their figures, see who is appointed where and 2 more")]),
        ("desk.set_preferences", {"language": "zh-hans", "large_type": True},
         [("language", "Chinese"), ("large type", "yes")]),
        ("desk.export_journal", {"filter": {"verb": "places", "place": "150102001", "until": "2026-10-04"}, "rows": 9},
         [("what", "Places"), ("place", "东街街道"), ("until", "2026-10-04"), ("rows", "9")]),
        ("accounts.lock_out", {"what": "address", "failures": 6, "name_digest": "ab12"},
         [("who has to wait", "the network address"), ("wrong attempts", "6")]),
        ("notices.report_special", {"what": "fire"}, [("what", "fire, gas or water")]),
        ("accounts.sign_in", {"way": "pass_key"}, [("way", "password and passkey")]),
        ("later.unheard_of", {"thing": "as it stands"}, [("thing", "as it stands")]),
    ],
)  # fmt: skip
def test_details_are_said_in_words(verb: str, detail: dict[str, Any], said: list[tuple[str, str]]) -> None:
    with translation.override("en"):
        assert say_facts(verb, detail, KNOWN) == said


def test_what_is_looked_up() -> None:
    detail = {"filter": {"place": "150102001"}, "account": 7}
    assert list_mentioned("desk.export_journal", detail, Say.PLACE) == ["150102001"]
    assert list_mentioned("duty.claim_post", detail, Say.ACCOUNT) == [7]
    assert find_fact("residents.import_roster", "account").say is Say.INNER


@pytest.mark.web_role
@pytest.mark.django_db(transaction=True)
def test_the_page_names_places_accounts_and_doors() -> None:
    with db.owner():
        district = make_district(communities=2, compounds=1, buildings=1, units=1)
        office = make_account(username="office", role="office", place=district.district)
        door = district.doors[0]
        for verb, detail in (
            ("places.move_compound", {"source": district.communities[1].code, "target": district.communities[0].code}),
            ("duty.claim_post", {"account": office.pk, "role": "unit_lead", "place": district.units[0].id}),
            ("residents.move_household", {"from_key": door.key}),
        ):
            journal.record(actor=access.SYSTEM, at=AT, verb=verb, key=door.key, **detail)
    client = Client(headers={"accept-language": "en"})
    client.post("/sign-in/", {"username": "office", "password": PASSWORD})
    page = client.get("/journal/").content.decode()
    for words in (
        f"from {district.communities[1].name}", f"to {district.communities[0].name}", f"account {office.name}",
        "role unit lead", f"place {district.units[0].name}", f"{district.compounds[0].name}",
    ):  # fmt: skip
        assert words in page, words
    assert str(door.key) not in page
