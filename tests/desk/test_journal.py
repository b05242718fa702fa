"""The journal page: every verb has words, filters narrow, older entries follow, nothing foreign is shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from linli.core import access, db, importers, journal
from linli.desk import terms
from linli.desk.views import journal as pages
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
        return make_district(compounds=1, buildings=1, units=1)


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

    def test_filters_of_place_subject_and_period(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        with db.owner():
            here, there = district.doors[0], district.doors[-1]
            for door, day in ((here, 4), (there, 5)):
                at = datetime(2026, 10, day, 6, 0, tzinfo=UTC)
                journal.record(
                    actor=access.SYSTEM, at=at, verb="residents.unmask", key=door.key, subject=f"person:{day}"
                )
        client = client_of("office")

        def persons(query: str) -> set[str]:
            return set(
                re.findall(r"Person (\d)", client.get(f"/journal/?verb=residents.unmask&{query}").content.decode())
            )

        assert persons("") == {"4", "5"}
        assert persons(f"place={district.units[0].code}") == {"4"}
        assert persons("subject=person:5") == {"5"}
        assert persons("since=2026-10-05") == {"5"}
        assert persons("until=2026-10-04") == {"4"}, "the day is part of it"
        assert "There is no place with this code" in client.get("/journal/?place=nowhere").content.decode()

    @pytest.mark.parametrize("kind", ["csv", "xlsx"])
    def test_the_filtered_list_goes_out_with_a_purpose(self, district: District, kind: str) -> None:
        make_account(username="office", role="office", place=district.district)
        client = client_of("office")
        assert "What for?" in client.get("/journal/export/?verb=duty").content.decode()
        assert client.post("/journal/export/", {"format": kind}).status_code == 422
        answer = client.post("/journal/export/?verb=places", {"purpose": "audit", "format": kind})
        assert answer.status_code == 200
        assert f".{kind}" in answer["Content-Disposition"]
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        if kind == "csv":
            assert "added doors" in content.decode()
            assert "signed in" not in content.decode()
        with db.owner():
            ((detail,),) = db.rows("SELECT detail FROM journal_entry WHERE verb = 'desk.export_journal'")
        assert '"purpose": "audit"' in detail
        assert '"verb": "places"' in detail

    def test_too_many_for_a_sheet(self, district: District, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pages, "EXPORTED", 3)
        monkeypatch.setattr(pages, "AT_ONCE", 2)
        make_account(username="office", role="office", place=district.district)
        answer = client_of("office").post("/journal/export/", {"purpose": "audit"})
        assert answer.status_code == 422
        assert "More than 3 entries" in answer.content.decode()

    def test_the_api_pages_by_cursor(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        client = client_of("office")
        with db.owner():
            for number in range(5):
                journal.record(actor=access.SYSTEM, at=AT, verb="places.add_alias", key=district.doors[0].key, n=number)
        seen, after = [], ""
        while after is not None:
            page = client.get(f"/api/journal/entries?verb=places.add_alias&limit=2&after={after}").json()
            seen += [entry["detail"]["n"] for entry in page["items"]]
            after = page["next"]
        assert seen == [4, 3, 2, 1, 0]
        assert client.get("/api/journal/entries?after=nonsense").status_code == 422
