"""The web server, granian: the product is loaded once, and its workers are forked from that.

A worker that died is there again at once, and what they share of the product is in memory once.
"""

from __future__ import annotations

import gc
import logging
import os
import sys

from linli.site.start import set_up

MAX_WORKERS = 8
THREADS = 8
MAX_THREADS = 64
"""Of each worker, and over all of them: each thread holds a database connection, and the embedded server grants 100.
More than the batches of phones that a worker takes (field.terms), so that pages always find one."""
MAX_WAITING = 512
"""Requests taken in by all workers together; further connections wait in the system's backlog."""
BACKLOG = 512
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

    connections.close_all()  # a connection cannot be shared
    gc.collect()
    gc.freeze()  # the pages that hold it stay shared: no worker writes to them when it looks for garbage
    workers = min(MAX_WORKERS, os.cpu_count() or 1)
    logger.addFilter(_is_news)
    Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=max(1, min(THREADS, MAX_THREADS // workers)),
        # What waits is bounded: so many requests in each worker, so many connections before them.
        backpressure=MAX_WAITING // workers,
        backlog=BACKLOG,
        workers_kill_timeout=3,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
    ).serve()


def _is_news(record: logging.LogRecord) -> bool:
    """Granian advises against more threads than twice the processors; ours wait for the database most of the time."""
    return "Python threads" not in record.getMessage()
