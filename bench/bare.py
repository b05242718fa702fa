"""What the API's batches are measured against: a view that reads the same JSON and only inserts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")

import django

django.setup()

import orjson  # noqa: E402

from linli.core import clock, db  # noqa: E402

SQL = """INSERT INTO bench_bare (part, round_id, subject_id, key, kind, event_at, received_at, account_id, client_id)
    SELECT 1, 1, c.person, 0, 10, c.at, %s::timestamptz, 1, c.id
    FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[]) AS c (id, person, at) RETURNING 1"""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    marks = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))["marks"]
    columns = ["{" + ",".join(str(mark[name]) for mark in marks) + "}" for name in ("id", "person", "at")]
    done = db.prepared(SQL, [clock.now(), *columns])
    body = orjson.dumps({"inserted": len(done)})
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
