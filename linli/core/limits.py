"""Rate limits: how many requests a caller may make, before anything is asked of the database.

Counted in each web process by itself: with two processes behind one port a caller gets up to twice the rate. That is
enough for what the limits are for - one runaway program or browser must not take the others' share - and costs about a
microsecond. What must hold exactly (wrong passwords) is counted in the database, by the sign-in itself.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem

SHARES = {"token": 1.0, "session": 0.1, "stranger": 0.1, "entry": 0.01}
"""Of LINLI_RATE: a program's calls, a person's pages, requests of nobody in particular, sign-ins (both by address)."""
BURST_SECONDS = {"token": 5.0, "session": 5.0, "stranger": 5.0, "entry": 15.0}
"""So many seconds' worth may come at once: a whole office signs in in the morning, through one address."""
MOST_CALLERS = 50_000
ROUNDING = 1e-6  # of a sum of many steps
monotonic = time.monotonic


class TooManyRequests(Problem):
    code = "core.too_many_requests"
    status = 429
    title = _("Too many requests in a short time.")
    advice_text = _("Wait %(retry_after)s seconds and go on. Programs: send many marks in one request.")


class Buckets:
    """One token bucket a caller, as the time at which it is full again (GCRA): one number each, no clock thread.

    Threads may now and then both take the last token; nothing worse.
    """

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.step, self.reach = 1 / rate, burst / rate
        self.clock = clock
        self._full_at: dict[str, float] = {}

    def __contains__(self, caller: str) -> bool:
        return caller in self._full_at

    def find_wait(self, caller: str) -> float:
        """Seconds until the next one is allowed; 0 when it is allowed now. Takes nothing."""
        wait = self._full_at.get(caller, 0.0) + self.step - self.clock() - self.reach
        return wait if wait > ROUNDING else 0.0

    def take(self, caller: str) -> float:
        """Take one; returns 0. When there is none: seconds until there is, and nothing is taken."""
        now = self.clock()
        full_at = max(now, self._full_at.get(caller, 0.0)) + self.step
        if full_at - now > self.reach + ROUNDING:
            return full_at - now - self.reach
        if len(self._full_at) >= MOST_CALLERS:
            self._forget(now)
        self._full_at[caller] = full_at
        return 0.0

    def _forget(self, now: float) -> None:
        """Whoever is full again is as good as new. When nobody is, everybody is: memory comes first."""
        waiting = {caller: at for caller, at in list(self._full_at.items()) if at > now}
        self._full_at = waiting if len(waiting) < MOST_CALLERS else {}


_buckets: dict[str, Buckets] = {}


def reset() -> None:
    """Forget every caller (tests, changed settings)."""
    _buckets.clear()


def _of(kind: str) -> Buckets:
    found = _buckets.get(kind)
    if found is None:
        rate = float(settings.LINLI_RATE) * SHARES[kind]
        found = _buckets[kind] = Buckets(rate, rate * BURST_SECONDS[kind], monotonic)
    return found


def _refuse(wait: float) -> None:
    if wait:
        seconds = math.ceil(wait)
        problem = TooManyRequests(retry_after=seconds)
        problem.retry_after = seconds
        raise problem


def admit_token(token: str, address: str) -> None:
    """A call of the API with a bearer token. Raises TooManyRequests.

    A token seen for the first time is refused while its address is being blamed for invented ones.
    """
    _admit("token", token, address)


def blame(address: str) -> None:
    """A token or a session that is none came from there: counted like a stranger's request."""
    if settings.LINLI_RATE:
        _of("stranger").take(address)


def admit_session(session_key: str, address: str) -> None:
    """A page, or a call of the API, of somebody signed in. Raises TooManyRequests.

    A session seen for the first time is refused while its address is being blamed for invented ones.
    """
    _admit("session", session_key, address)


def _admit(kind: str, key: str, address: str) -> None:
    if not settings.LINLI_RATE:
        return
    known = _of(kind)
    if key not in known:
        _refuse(_of("stranger").find_wait(address))
    _refuse(known.take(key))


def admit_stranger(address: str) -> None:
    """A request without token and session. Raises TooManyRequests."""
    if settings.LINLI_RATE:
        _refuse(_of("stranger").take(address))


def admit_entry(address: str) -> None:
    """A name and password that are about to be checked, which is slow on purpose. Raises TooManyRequests."""
    if settings.LINLI_RATE:
        _refuse(_of("entry").take(address))


def address_of(environ: dict[str, str]) -> str:
    """Where a WSGI request comes from: behind LINLI_PROXIES proxies, what the first of them from here wrote."""
    proxies: int = settings.LINLI_PROXIES
    if proxies:
        passed = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
        if len(passed) >= proxies:
            return passed[-proxies]
    return environ.get("REMOTE_ADDR", "")
