"""The journal page: every verb has words, filters narrow, older entries follow, nothing foreign is shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from linli.core import access, db, importers, journal
from linli.desk import terms
from tests.builders.duty import PASSWORD, make_account
from tests.builders.places import District, make_district

PACKAGE = Path(terms.__file__).parents[1]
AT = datetime(2026, 10, 4, 6, 0, tzinfo=UTC)


def test_every_verb_has_words() -> None:
    written = {importer.kind for importer in importers.list_importers(access.SYSTEM)}
    for path in PACKAGE.rglob("*.py"):
        room, text = path.relative_to(PACKAGE).parts[0], path.read_text()
        written |= set(re.findall(r'verb="(\w+\.\w+)"', text))
        written |= {f"{room}.{verb}" for verb in re.findall(r'\b_?record\(\s*\w+, "(\w+)"', text)}
        written |= {f"{room}.{verb}" for verb in re.findall(r'\b_record\w*\(\s*actor, at, "(\w+)"', text)}
        written |= set(re.findall(r'_record\("(\w+\.\w+)"', text))
    written -= {"rounds.import_marks"}  # its marks are the entry: rounds.mark_many
    assert len(written) > 30
    assert written - set(terms.VERBS) == set()


@pytest.fixture
def district() -> District:
    with db.owner():
        return make_district()


def client_of(username: str) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.post("/sign-in/", {"username": username, "password": PASSWORD})
    return client


@pytest.mark.web_role
@pytest.mark.django_db(transaction=True)
class TestPage:
    def test_names_stand_for_codes_and_filters_narrow(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        with db.owner():
            door = district.doors[0]
            journal.record(
                actor=access.SYSTEM, at=AT, verb="residents.edit_household", key=door.key, subject="household:7"
            )
            compound = district.compounds[0]
            journal.record(
                actor=access.SYSTEM,
                at=AT,
                verb="places.rename_place",
                key=door.key,
                subject=f"place:{compound.id}",
                new_name="Sunrise",
            )
        client = client_of("office")
        page = client.get("/journal/").content.decode()
        for words in ("changed a household", "Household 7", "renamed a place", compound.name, "new name Sunrise"):
            assert words in page
        assert f"/places/{compound.code}/" in page
        only = client.get("/journal/?verb=places").content.decode()
        rows = re.findall(r'<th scope="row">(.*?)</th>', only)
        assert "renamed a place" in rows
        assert "changed a household" not in rows
        assert "No entry fits this filter" in client.get("/journal/?account=nobody").content.decode()
        assert "No entry fits this filter" in client.get("/journal/?since=2999-01-01").content.decode()
        wrong = client.get("/journal/?since=yesterday").content.decode()
        assert "ln-error" in wrong

    def test_older_entries_follow(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        with db.owner():
            for number in range(60):
                journal.record(
                    actor=access.SYSTEM, at=AT, verb="places.add_alias", key=district.doors[0].key, alias=f"n{number}"
                )
        client = client_of("office")
        first = client.get("/journal/?verb=places.add_alias").content.decode()
        older = re.search(r'rel="next" href="([^"]+)"', first)
        assert older
        second = client.get("/journal/" + older[1].replace("&amp;", "&")).content.decode()
        seen = re.findall(r"other name (n\d+)<", first) + re.findall(r"other name (n\d+)<", second)
        assert seen == [f"n{number}" for number in range(59, -1, -1)]

    def test_foreign_entries_and_strangers_stay_out(self, district: District) -> None:
        make_account(username="east", role="office", place=district.communities[0])
        make_account(username="unit", role="unit_lead", place=district.units[0])
        with db.owner():
            foreign = district.doors[-1]
            journal.record(actor=access.SYSTEM, at=AT, verb="residents.unmask", key=foreign.key, subject="person:1")
        own = client_of("east").get("/journal/").content.decode()
        assert "added doors" in own
        assert ">looked at masked numbers</th>" not in own
        assert client_of("unit").get("/journal/").status_code == 403
