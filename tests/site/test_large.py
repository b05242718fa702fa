"""Lists and files that take seconds to make leave room for pages: a few at a time, the others are told when to come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from linli.core import clock, db, large
from linli.core.turns import Turns
from tests.builders.duty import make_account
from tests.builders.places import District, make_district
from tests.builders.residents import make_household
from tests.builders.rounds import open_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.web_role]


def test_large_lists_are_refused_while_there_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with db.owner():
        town: District = make_district(communities=1, compounds=1, buildings=1, units=1)
        make_household(town.keys[0])
        round_ = open_over(town.extent(town.district), at=clock.now() - timedelta(hours=1))
        account = make_account(role="command", place=town.district, username="command", name="区指挥部")
    client = Client(headers={"accept-language": "en"})
    client.force_login(account)
    gaps, journal = f"/rounds/{round_.code}/gaps/", "/journal/export/"
    chain = f"/duty/chain/{town.district.code}/export/"
    room = Turns(1)
    monkeypatch.setattr(large, "_turns", room)
    asked: list[Callable[[], Any]] = [
        lambda: client.get(f"{gaps}?print=1"),
        lambda: client.post(f"{gaps}export/?place={town.district.code}", {"purpose": "verify", "format": "csv"}),
        lambda: client.get(f"{chain}?format=csv"),
        lambda: client.post(journal, {"purpose": "audit", "format": "csv"}),
    ]
    with ExitStack() as stack:
        stack.enter_context(room.line())
        for ask in asked:
            answer = ask()
            assert answer.status_code == 503
            assert int(answer["Retry-After"]) >= large.LEAST_SECONDS
            assert "The system is busy." in answer.content.decode()
        for page in (gaps, f"{gaps}export/", journal, chain.removesuffix("export/")):  # these go on
            assert client.get(page).status_code == 200
    assert [ask().status_code for ask in asked] == [200] * 4


def test_the_description_of_the_api_is_made_once_a_language() -> None:
    """It takes most of a second, and anybody may ask for it."""
    from linli.site.api import api

    first = Client().get("/api/openapi.json").json()
    assert api.get_openapi_schema() is api.get_openapi_schema()
    assert Client().get("/api/openapi.json").json() == first
