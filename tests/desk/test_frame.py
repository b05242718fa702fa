"""The frame of every page: who gets in, what it shows, how it switches."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from linli.core import db, faces
from linli.core.access import Actor
from linli.core.models import Account, JournalEntry
from tests.builders.duty import PASSWORD, make_account, signed_in
from tests.builders.places import District, make_district

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


@pytest.fixture
def district() -> District:
    with db.owner():
        return make_district(compounds=1, buildings=1, units=1)


class TestSignIn:
    def test_a_stranger_is_sent_to_sign_in_and_then_on(self) -> None:
        make_account(username="li.na", name="李娜")
        client = Client()
        for address in ("/", "/journal/?verb=places", "/imports/", "/places/", "/rounds/", "/password/"):
            answer = client.get(address)
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/sign-in/?next=")
        answer = client.post(answer["Location"], {"username": "li.na", "password": PASSWORD, "next": "/password/"})
        assert answer["Location"] == "/password/"

    def test_wrong_password_says_what_to_do_and_not_which_accounts_exist(self) -> None:
        make_account(username="li.na")
        client = Client(headers={"accept-language": "en"})
        pages = [
            client.post("/sign-in/", {"username": name, "password": "no"}).content.decode()
            for name in ("li.na", "nobody")
        ]
        for page in pages:
            assert "do not go together" in page
            assert "can invite you again" in page

    def test_a_stranger_finds_the_way_to_volunteering(self) -> None:
        assert 'href="/duty/volunteer/join/"' in Client().get("/sign-in/").content.decode()

    def test_a_closed_account_does_not_get_in_nor_stay_in(self) -> None:
        make_account(username="gone", active=False)
        answer = Client().post("/sign-in/", {"username": "gone", "password": PASSWORD})
        assert answer.status_code == 200
        make_account(username="going")
        client = signed_in("going")
        with db.owner():
            Account.objects.filter(username="going").update(is_active=False)
        assert client.get("/").status_code == 302

    def test_signing_in_is_journalled_and_out_ends_the_session(self) -> None:
        make_account(username="li.na", name="李娜")
        client = signed_in("li.na")
        with db.owner():
            assert JournalEntry.objects.filter(verb="accounts.sign_in", account_name="李娜").count() == 1
        assert client.get("/sign-out/").status_code == 405
        assert client.post("/sign-out/")["Location"] == "/sign-in/"
        assert client.get("/").status_code == 302
        with db.owner():
            assert not Session.objects.exists()

    def test_next_never_leads_away_from_the_house(self) -> None:
        make_account(username="li.na")
        for evil in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
            answer = Client().post("/sign-in/", {"username": "li.na", "password": PASSWORD, "next": evil})
            assert answer["Location"] == "/"
            answer = Client().post("/language/", {"language": "en", "next": evil})
            assert answer["Location"] == "/"


class TestSwitches:
    def test_language_and_size_are_kept_in_cookie_account_and_journal(self) -> None:
        make_account(username="li.na")
        client = signed_in("li.na")
        answer = client.post("/language/", {"language": "zh-hans", "next": "/password/"})
        assert answer["Location"] == "/password/"
        assert '<html lang="zh-Hans"' in client.get("/").content.decode()
        client.post("/size/", {"size": "large"})
        assert 'data-size="large"' in client.get("/").content.decode()
        with db.owner():
            account = Account.objects.get(username="li.na")
            assert (account.language, account.large_type) == ("zh-hans", True)
            assert JournalEntry.objects.filter(verb="desk.set_preferences").count() == 2
        client.post("/size/", {"size": "normal"})
        assert 'data-size="large"' not in client.get("/").content.decode()

    def test_an_unknown_language_changes_nothing(self) -> None:
        client = Client(headers={"accept-language": "en"})
        client.post("/language/", {"language": "tlh"})
        assert "Sign in" in client.get("/sign-in/").content.decode()
        assert "django_language" not in client.cookies

    def test_the_password_is_changed_by_who_knows_the_old_one(self) -> None:
        make_account(username="li.na")
        client = signed_in("li.na")
        other = signed_in("li.na")
        fresh = "quite-another-staple"
        wrong = {"old_password": "no", "new_password1": fresh, "new_password2": fresh}
        assert client.post("/password/", wrong).status_code == 200
        assert client.post("/password/", {**wrong, "old_password": PASSWORD}).status_code == 302
        assert client.get("/").status_code == 200
        assert other.get("/").status_code == 302  # signed out everywhere else
        assert Client().post("/sign-in/", {"username": "li.na", "password": fresh}).status_code == 302


class TestHome:
    def test_without_an_appointment_it_says_what_to_do(self) -> None:
        make_account(username="li.na", name="李娜")
        client = signed_in("li.na")
        page = client.get("/").content.decode()
        assert "You hold no appointment at present" in page
        assert "li.na" in page
        assert 'href="/duty/volunteer/"' in page, "who came to help is led there"
        assert client.get("/duty/volunteer/").status_code == 200

    def test_cards_and_navigation_are_what_rooms_registered(
        self, district: District, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def wait(actor: Actor, at: datetime) -> int:
            return 1234

        def fill(actor: Actor, at: datetime) -> dict[str, object]:
            return {"needs": ["a card for " + actor.name]}

        monkeypatch.setattr(faces, "_nav", {})
        monkeypatch.setattr(faces, "_cards", {})
        faces.register_nav(faces.NavItem("desk:journal", "Watched", "history", "journal.view", 90, "watch", wait))
        faces.register_card(faces.HomeCard(10, "core/need_chips.html", fill))
        faces.register_card(faces.HomeCard(20, "core/empty.html", lambda actor, at: None))
        make_account(username="office", name="Dongjie", role="office", place=district.district)
        make_account(username="unit", name="Wang", role="unit_lead", place=district.units[0])
        page = signed_in("office").get("/").content.decode()
        assert "a card for Dongjie" in page
        assert "Watched" in page
        assert '<span class="ln-badge">1,234</span>' in page
        assert 'href="/imports/"' in page
        lead = signed_in("unit").get("/").content.decode()
        assert "Watched" not in lead
        assert 'href="/imports/"' not in lead

    def test_the_live_part_is_sent_again_only_when_it_changed(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        client = signed_in("office")
        first = client.get("/", headers={"hx-request": "true"})
        assert "<html" not in first.content.decode()
        again = client.get("/", headers={"hx-request": "true", "if-none-match": first["ETag"]})
        assert again.status_code == 304

    def test_the_line_of_the_present_page_is_marked(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        client = signed_in("office")
        assert 'href="/journal/" aria-current="page"' in client.get("/journal/").content.decode()
        assert 'href="/" aria-current="page"' not in client.get("/journal/").content.decode()
        assert 'href="/" aria-current="page"' in client.get("/").content.decode()

    def test_pages_run_no_inline_script_and_load_nothing_from_elsewhere(self, district: District) -> None:
        make_account(username="office", role="office", place=district.district)
        client = signed_in("office")
        for address in ("/", "/journal/", "/imports/", "/sign-in/", "/password/"):
            answer = client.get(address)
            page = answer.content.decode()
            assert "<script>" not in page
            assert " onclick=" not in page
            assert "http://" not in page
            assert "https://" not in page
            if answer.status_code == 200:
                assert "default-src 'self'" in answer["Content-Security-Policy"]
