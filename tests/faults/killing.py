"""Kills by a plan that a seed decides, and measures how long the server takes to answer again, by itself."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import psutil

from linli.site import embedded
from tests.faults.running import Site
from tests.site.test_supervise import wait_for

BACK_SECONDS = 120.0
"""It must answer by then. A web server killed again and again is held back for 10 s, and the machine may be busy."""
AT_ONCE = 0.12
"""The share of kills after which nobody waits: the next one meets a server that is just starting."""
LONGEST_PAUSE = 2.0  # seconds of work between two kills


def kill_web(site: Site, _random: Random) -> bool:
    """The web server with its workers' parent."""
    return _kill(site.find_web())


def kill_web_worker(site: Site, random: Random) -> bool:
    """One of the processes that answer; the other goes on."""
    workers = site.find_web_workers()
    return bool(workers) and _kill(random.choice(workers))


def kill_job_worker(site: Site, _random: Random) -> bool:
    return _kill(site.find_job_worker())


def stop_database(site: Site, _random: Random) -> bool:
    """`pg_ctl stop -m immediate`"""
    return embedded.stop(site.home, mode="immediate")


def kill_database(site: Site, _random: Random) -> bool:
    """`kill -9` of the postmaster"""
    pid = site.find_database()
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    return True


def cut_power(site: Site, _random: Random) -> bool:
    site.cut_power()
    return True


def _kill(process: psutil.Process | None) -> bool:
    with contextlib.suppress(psutil.Error):
        if process is not None:
            process.kill()
            return True
    return False


Act = Callable[[Site, Random], bool]
KILLS: tuple[Act, ...] = (kill_web, kill_web_worker, kill_job_worker)
STOPS: tuple[Act, ...] = (stop_database, kill_database)


def make_plan(random: Random, *, kills: int, stops: int, cuts: int = 0) -> list[Act]:
    """As many of each, in an order that the seed decides."""
    plan: list[Act] = [KILLS[n % len(KILLS)] for n in range(kills)] + [STOPS[n % len(STOPS)] for n in range(stops)]
    plan += [cut_power] * cuts
    random.shuffle(plan)
    return plan


@dataclass
class Kills:
    """What was killed, and how long it was until the server answered again (seconds)."""

    done: Counter[str] = field(default_factory=Counter)
    back: dict[str, list[float]] = field(default_factory=dict)

    def carry_out(self, plan: list[Act], site: Site, random: Random) -> None:
        for act in plan:
            time.sleep(random.uniform(0, LONGEST_PAUSE))
            wait_for(lambda act=act: act(site, random), BACK_SECONDS)  # type: ignore[misc]
            name = act.__name__
            self.done[name] += 1
            if random.random() < AT_ONCE:
                continue
            taken = site.wait(BACK_SECONDS)
            self.back.setdefault(name, []).append(taken)
        site.wait(BACK_SECONDS)
