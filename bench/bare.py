"""What the API's batches and the phones' work are measured against: views that read the same JSON and only insert.

Every other address is the product's, so that its pages can be asked for meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")

import django

django.setup()

import orjson  # noqa: E402

from linli.core import clock, db  # noqa: E402
from linli.site import wsgi  # noqa: E402

SQL = """INSERT INTO bench_bare (part, round_id, subject_id, key, kind, event_at, received_at, account_id, client_id)
    SELECT 1, 1, c.person, 0, 10, c.at, %s::timestamptz, 1, c.id
    FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[]) AS c (id, person, at) RETURNING 1"""


def _of_marks(sent: dict[str, Any]) -> Iterable[Iterable[str]]:
    return ((str(mark[name]) for mark in sent["marks"]) for name in ("id", "person", "at"))


def _of_phones(sent: dict[str, Any]) -> Iterable[Iterable[str]]:
    """Commands in the clear: nothing is opened, and nothing is looked up."""
    commands = sent["commands"]
    people = (command["payload"]["person"][1:] for command in commands)
    return (command["id"] for command in commands), people, (command["at"] for command in commands)


COLUMNS = {"/bare": _of_marks, "/bare/phones": _of_phones}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    columns_of = COLUMNS.get(environ["PATH_INFO"])
    if columns_of is None:
        return wsgi.application(environ, start_response)
    sent = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    columns = ["{" + ",".join(column) + "}" for column in columns_of(sent)]
    done = db.prepared(SQL, [clock.now(), *columns])
    body = orjson.dumps({"inserted": len(done)})
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
