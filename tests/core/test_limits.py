"""Rate limits: bursts pass, floods don't, and one caller's flood is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings as conf
from django.test import Client

from linli.core import db, limits, shortcut
from linli.core.limits import Buckets, TooManyRequests
from tests.builders.duty import make_account
from tests.builders.places import make_district


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _few(settings: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "monotonic", lambda: 1000.0)  # a slow machine would earn new tokens meanwhile
    settings.LINLI_RATE = 100  # type: ignore[attr-defined]
    limits.reset()
    yield
    limits.reset()


def test_a_burst_then_the_rate() -> None:
    clock = Clock()
    buckets = Buckets(10, 20, clock)
    assert [buckets.take("a") for _ in range(20)] == [0.0] * 20
    assert buckets.take("a") == pytest.approx(0.1)
    assert buckets.take("b") == 0, "somebody else is not touched"
    clock.now += 0.1
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0
    clock.now += 60
    assert [buckets.take("a") for _ in range(21)][-1] > 0, "no more than a burst is ever saved up"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_CALLERS", 100)
    clock = Clock()
    buckets = Buckets(10, 20, clock)
    for number in range(1000):
        buckets.take(str(number))
        clock.now += 0.01
    assert len(buckets._full_at) <= 101


def test_invented_tokens_are_held_against_their_address_and_known_ones_go_on() -> None:
    limits.admit_token("known", "1.2.3.4")
    for _ in range(60):
        limits.blame("1.2.3.4")
    with pytest.raises(TooManyRequests):
        limits.admit_token("invented", "1.2.3.4")
    limits.admit_token("known", "1.2.3.4")
    limits.admit_token("invented", "5.6.7.8")


@pytest.mark.django_db(transaction=True)
def test_invented_sessions_are_held_against_their_address_and_known_ones_go_on() -> None:
    with db.owner():
        account = make_account(username="office", role="office", place=make_district(compounds=1).district)
    known, inventing = Client(), Client()
    known.force_login(account)
    assert known.get("/").status_code == 200
    answers = []
    for number in range(60):
        inventing.cookies[conf.SESSION_COOKIE_NAME] = f"{number:032}"
        answers.append(inventing.get("/sign-in/" if number % 2 else "/api/rounds").status_code)
    assert answers.count(429) == 10, "fifty may come at once, whatever they show"
    assert known.get("/").status_code == 200
    elsewhere = Client(REMOTE_ADDR="5.6.7.8")
    elsewhere.cookies[conf.SESSION_COOKIE_NAME] = "x" * 32
    assert elsewhere.get("/sign-in/").status_code == 200


@pytest.mark.parametrize(("proxies", "found"), [(0, "10.0.0.1"), (1, "2.2.2.2"), (2, "1.1.1.1"), (3, "10.0.0.1")])
def test_behind_proxies_the_address_is_theirs_to_say(settings: object, proxies: int, found: str) -> None:
    settings.LINLI_PROXIES = proxies  # type: ignore[attr-defined]
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "1.1.1.1, 2.2.2.2"}
    assert limits.address_of(environ) == found


@pytest.mark.django_db
class TestAnswers:
    def test_sign_in(self) -> None:
        client = Client(headers={"accept-language": "en"})
        said = [client.post("/sign-in/", {"username": f"n{n}", "password": "x"}).content for n in range(17)]
        assert [b"Too many requests" in page for page in said] == [False] * 15 + [True] * 2
        last = client.post("/sign-in/", {})
        assert (last.status_code, last["Retry-After"]) == (429, "1")
        assert client.post("/sign-in/", {}, REMOTE_ADDR="9.9.9.9").status_code != 429

    def test_the_api_and_its_one_shape(self) -> None:
        codes = [Client().get("/api/rounds", headers={"authorization": f"Bearer x{n}"}).status_code for n in range(60)]
        assert codes[0] == 401
        last = Client().get("/api/rounds", headers={"authorization": "Bearer other"})
        assert (last.status_code, last["Content-Type"]) == (429, "application/problem+json")
        assert last.json()["code"] == "core.too_many_requests"
        assert int(last["Retry-After"]) >= 1

    def test_pages_of_somebody_signed_in(self) -> None:
        district = make_district(compounds=1, buildings=1, units=1)
        make_account(username="office", role="office", place=district.district)
        client = Client()
        cookie = f"{conf.SESSION_COOKIE_NAME}=somebody"
        codes = [client.get("/language/", headers={"cookie": cookie}).status_code for _ in range(51)]
        assert codes[:50] == [codes[0]] * 50
        assert (codes[0] != 429, codes[50]) == (True, 429)
        assert client.get("/static/none.css").status_code != 429


def test_the_short_road_too() -> None:
    got: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        got.append((status, dict(headers)))

    for _ in range(int(conf.LINLI_RATE * limits.BURST_SECONDS["token"])):
        limits.admit_token("token", "1.2.3.4")
    environ = {"REMOTE_ADDR": "1.2.3.4", "HTTP_ACCEPT_LANGUAGE": "en"}
    road = shortcut._Road("/x", lambda *_: b"{}", None)
    body = shortcut._answer(environ, start_response, road, "x", "token")
    status, headers = got[-1]
    assert status == "429 Too Many Requests"
    assert headers["Retry-After"] == "1"
    assert b"core.too_many_requests" in b"".join(body)
