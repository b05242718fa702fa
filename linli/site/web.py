"""The web server, granian: the product is loaded once, and its workers are forked from that.

A worker that died is there again at once, and what they share of the product is in memory once.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import sys

from linli.site.start import set_up

MAX_WORKERS = 8
AT_WORK = 8
MAX_CONNECTIONS = 64
"""Requests that a worker works on at a time, besides the batches of phones that it takes (field.terms), and connections
to the database that both hold over all workers: the embedded server grants 100."""
SPARE_THREADS = 16
"""Of each worker, beside those at work and in line: they turn people away and hand out files."""
MAX_CALLERS = 8_192
SPARE_FILES = 256
"""Connections of browsers and programs, open at a time in all workers; and what a worker opens besides of the files
that the system lets it open. Those beyond wait in the backlog until another one ends."""
BACKLOG = 2_048
APPLICATION = "linli.site.wsgi:application"


def serve(*, host: str, port: int, hold: bool, application: str = APPLICATION) -> None:
    """Serve until SIGTERM or SIGINT. `application`: another than the product's, for comparisons.

    `hold`: once everything is loaded, wait for a line on standard input. So whoever starts this can see to the tables
    and the static files meanwhile; when standard input ends without a line, nothing is served.
    """
    set_up()
    from django.db import connections
    from granian.constants import Interfaces
    from granian.log import LogLevels, logger
    from granian.server import Server

    from linli.site import api, urls  # noqa: F401 - loaded here, for all workers

    if hold and not sys.stdin.readline():
        return
    from linli.site import wsgi  # noqa: F401 - last: it looks which static files there are

    workers = min(MAX_WORKERS, os.cpu_count() or 1)
    threads = _open_line(workers) if application == APPLICATION else AT_WORK
    connections.close_all()  # a connection cannot be shared
    gc.collect()
    gc.freeze()  # the pages that hold it stay shared: no worker writes to them when it looks for garbage
    logger.addFilter(_is_news)
    Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backpressure=_allow_callers(workers),
        backlog=BACKLOG,
        workers_kill_timeout=3,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


def _open_line(workers: int) -> int:
    """Set up the line of each worker; returns how many threads it takes. They come when needed and go when idle."""
    from django.conf import settings

    from linli.core import refusal
    from linli.core.admission import ORDINARY
    from linli.field.terms import BATCHES_AT_ONCE, BATCHES_IN_LINE

    ORDINARY.at_once = max(1, min(AT_WORK, MAX_CONNECTIONS // workers - BATCHES_AT_ONCE))
    ORDINARY.wait = settings.LINLI_WAIT_SECONDS
    refusal.prepare()
    return ORDINARY.at_once + ORDINARY.most + BATCHES_AT_ONCE + BATCHES_IN_LINE + SPARE_THREADS


def _allow_callers(workers: int) -> int:
    """How many connections each worker takes. One that it could not open a file for would be dropped."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CALLERS // workers + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(SPARE_FILES, (wanted if soft == resource.RLIM_INFINITY else min(wanted, soft)) - SPARE_FILES)


def _is_news(record: logging.LogRecord) -> bool:
    """Granian advises against more threads than twice the processors; ours wait for the database most of the time."""
    return "Python threads" not in record.getMessage()
