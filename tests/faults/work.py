"""Marks and imports as phones and offices do them, through whatever happens, and a ledger of what was acknowledged.

A client sends the same thing until it is answered, as a phone does. Nothing else is asked of it.
"""

from __future__ import annotations

import csv
import io
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import httpx

from tests.builders.duty import PASSWORD
from tests.faults.ground import USERNAME, Ground
from tests.faults.running import Site

TRY_AGAIN = {429, 500, 502, 503, 504, 507}
PAUSE_SECONDS = 0.1  # of a phone between two requests
HOT = 12  # people at the doors where everybody is at once
NEWCOMERS, SHEET_ROWS = 30, 20
PATIENCE_SECONDS = 300.0
"""A job that has not ended by then is stuck: three attempts and their pauses take less."""


@dataclass(frozen=True)
class Sent:
    """One mark that the server acknowledged."""

    id: UUID
    person: int
    mark: str
    at: datetime


@dataclass
class Ledger:
    """What was acknowledged, and what must not have happened."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    marks: dict[UUID, Sent] = field(default_factory=dict)
    newcomers: set[str] = field(default_factory=set)  # by name, of rosters that are done
    sheet_marks: set[tuple[int, datetime]] = field(default_factory=set)  # (person, event time) of sheets that are done
    jobs: list[str] = field(default_factory=list)
    jobs_advised: list[str] = field(default_factory=list)  # failed, saying what to do; sent again by the office
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    tries: int = 0
    server_errors: dict[int, int] = field(default_factory=dict)
    longest_job: float = 0.0

    def note(self, text: str) -> None:
        with self.lock:
            self.wrong.append(text)


class Client(threading.Thread):
    """Does `once` until told to stop; what was begun is finished first."""

    def __init__(self, site: Site, ground: Ground, ledger: Ledger, seed: str, stop: threading.Event) -> None:
        super().__init__(name=seed, daemon=True)
        self.site, self.ground, self.ledger = site, ground, ledger
        self.random, self.stop = Random(seed), stop
        self.http = httpx.Client(base_url=site.url, timeout=30)

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                self.once()
            except Exception as error:  # a thread's failure is a failure of the test
                self.ledger.note(f"{self.name}: {type(error).__name__}: {error}")
                return
            time.sleep(PAUSE_SECONDS)

    def once(self) -> None:
        raise NotImplementedError

    def until_answered(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Repeats the same request until the server says something other than "not now"."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            with self.ledger.lock:
                self.ledger.tries += 1
            try:
                answer = ask()
            except httpx.HTTPError:
                time.sleep(0.1)
                continue
            if answer.status_code not in TRY_AGAIN:
                return answer
            with self.ledger.lock:
                errors = self.ledger.server_errors
                errors[answer.status_code] = errors.get(answer.status_code, 0) + 1
            if answer.status_code == 500:
                self.ledger.note(f"{self.name}: {answer.request.url} answered 500: {answer.text[:200]}")
            time.sleep(0.2)
        raise TimeoutError("the server did not answer any more")


class Phone(Client):
    """Single marks and batches, half of them at the doors where the other phones are too."""

    def once(self) -> None:
        count = 1 if self.random.random() < 0.5 else self.random.randint(2, 12)
        sent = [self._choose() for _ in range(count)]
        lines = [{"id": str(one.id), "person": one.person, "mark": one.mark, "at": one.at.isoformat()} for one in sent]
        body = lines[0] if count == 1 else {"marks": lines}
        outcomes = self._send(body)
        if set(outcomes) - {"accepted", "known"} or len(outcomes) != count:
            self.ledger.note(f"{self.name}: {count} marks were answered {outcomes}")
            return
        with self.ledger.lock:
            self.ledger.marks.update({one.id: one for one in sent})
        if self.random.random() < 0.1 and set(self._send(body)) != {"known"}:  # the phone did not hear the answer
            self.ledger.note(f"{self.name}: what was acknowledged is not known")

    def _choose(self) -> Sent:
        people = self.ground.people[:HOT] if self.random.random() < 0.5 else self.ground.people
        return Sent(
            UUID(int=self.random.getrandbits(128), version=4),
            self.random.choice(people)[0],
            self.random.choice(["done", "done", "absent", "refused"]),
            datetime.now(UTC),
        )

    def _send(self, body: dict[str, Any]) -> list[str]:
        headers = {"Authorization": f"Bearer {self.ground.token}"}
        url = f"/api/rounds/{self.ground.round_code}/marks"
        answer = self.until_answered(lambda: self.http.post(url, json=body, headers=headers))
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code} {answer.text[:300]}")
        return [line["outcome"] for line in answer.json()["receipts"]]


class Office(Client):
    """Sends rosters and filled-in sheets by turns, on the page; waits for each; sends again what failed."""

    number = 0

    def once(self) -> None:
        self.number += 1
        if self.number % 2:
            names = [f"新{_in_words(self.number)}人{_in_words(n)}" for n in range(NEWCOMERS)]
            self._bring_in("residents.import_roster", f"花名册{self.number}.csv", self._roster(names))
            with self.ledger.lock:
                self.ledger.newcomers.update(names)
        else:
            # A minute of its own for every sheet, long enough ago to be in the past.
            moment = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=12, minutes=self.number)
            who = self.random.sample(self.ground.people, SHEET_ROWS)
            self._bring_in("rounds.import_marks", f"结果{self.number}.csv", _sheet(who, moment))
            with self.ledger.lock:
                self.ledger.sheet_marks.update((person, moment) for person, _name in who)

    def _roster(self, names: list[str]) -> bytes:
        rows = [(*self.random.choice(self.ground.homes), name) for name in names]
        return _csv(("小区", "楼栋", "单元", "房号", "姓名"), rows)

    def _bring_in(self, kind: str, name: str, file: bytes) -> None:
        for _try in range(20):
            job = self._upload(kind, name, file)
            ended = self._watch(job)
            if ended["state"] == "done":
                account = ended["result"]["account"]
                if account["rejected"]:
                    self.ledger.note(f"{name}: {ended['result']['rejections'][:2]}")
                return
            if not (ended.get("error") or {}).get("advice"):
                self.ledger.note(f"{name}: ended {ended['state']} without advice: {ended.get('error')}")
            with self.ledger.lock:
                self.ledger.jobs_advised.append((ended.get("error") or {}).get("code", "?"))
        self.ledger.note(f"{name}: could not be brought in")

    def _upload(self, kind: str, name: str, file: bytes) -> str:
        """The job's id: the server took the file."""
        for _try in range(50):
            answer = self.until_answered(
                lambda: self.http.post(
                    "/imports/",
                    data=self._form(kind),
                    files={"file": (name, file, "text/csv")},
                    headers={"Referer": self.site.url},
                )
            )
            found = re.fullmatch(r"/imports/([0-9a-f-]{36})/", answer.headers.get("Location", ""))
            if found:
                with self.ledger.lock:
                    self.ledger.jobs.append(found[1])
                return found[1]
            if answer.status_code not in (302, 403):
                raise AssertionError(f"{name}: {answer.status_code} {answer.text[-2000:]}")
            self._sign_in()
        raise AssertionError(f"{name} could not be sent")

    def _form(self, kind: str) -> dict[str, str]:
        return {
            "kind": kind, "round": self.ground.round_code, "at_once": "1", "csrfmiddlewaretoken": self._token(),
        }  # fmt: skip

    def _token(self) -> str:
        return self.http.cookies.get("csrftoken") or ""

    def _sign_in(self) -> None:
        self.until_answered(lambda: self.http.get("/sign-in/"))
        self.until_answered(
            lambda: self.http.post(
                "/sign-in/",
                data={"username": USERNAME, "password": PASSWORD, "csrfmiddlewaretoken": self._token()},
                headers={"Referer": self.site.url},
            )
        )

    def _watch(self, job: str) -> dict[str, Any]:
        """The job when it has ended."""
        started = time.monotonic()
        headers = {"Authorization": f"Bearer {self.ground.token}"}
        while time.monotonic() - started < PATIENCE_SECONDS:
            answer = self.until_answered(lambda: self.http.get(f"/api/jobs/{job}", headers=headers))
            if answer.status_code != 200:
                raise AssertionError(f"job {job}: {answer.status_code} {answer.text[:300]}")
            found: dict[str, Any] = answer.json()
            if found["state"] in ("done", "failed"):
                with self.ledger.lock:
                    self.ledger.longest_job = max(self.ledger.longest_job, time.monotonic() - started)
                return found
            time.sleep(0.25)
        with self.ledger.lock:
            self.ledger.stuck.append(job)
        return {"state": "stuck", "error": {"advice": "-", "code": "stuck"}}


def _in_words(number: int) -> str:
    return "".join("零一二三四五六七八九"[int(digit)] for digit in str(number))


def _csv(titles: tuple[str, ...], rows: list[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(titles)
    writer.writerows(rows)
    return out.getvalue().encode()


def _sheet(who: list[tuple[int, str]], moment: datetime) -> bytes:
    local = moment + timedelta(hours=8)  # the jurisdiction's clock
    rows = [(f"P{person}", name, "完成", f"{local:%Y-%m-%d %H:%M}") for person, name in who]
    return _csv(("编号", "姓名", "结果", "时间"), rows)


@dataclass
class Workforce:
    """Three phones and an office at work."""

    ledger: Ledger
    clients: list[Client]
    stop: threading.Event

    @classmethod
    def start(cls, site: Site, ground: Ground, seed: int, phones: int = 3) -> Workforce:
        ledger, stop = Ledger(), threading.Event()
        clients: list[Client] = [Phone(site, ground, ledger, f"phone {n} of {seed}", stop) for n in range(phones)]
        clients.append(Office(site, ground, ledger, f"office of {seed}", stop))
        for client in clients:
            client.start()
        return cls(ledger, clients, stop)

    def finish(self) -> None:
        """Whatever was begun is finished."""
        self.stop.set()
        for client in self.clients:
            client.join(2 * PATIENCE_SECONDS)
            assert not client.is_alive(), f"{client.name} hangs"
            client.http.close()
