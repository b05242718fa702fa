"""The frame: sign-in, home, switches, the journal; the API's own pages."""

from __future__ import annotations

from collections.abc import Callable

from tests.builders.duty import PASSWORD
from tests.site.access.endpoint import ANYWHERE, BEYOND, OPEN, SIGNED_IN, Endpoint, fixed
from tests.site.access.world import Target, World

NO_JOB = "01930000-0000-7000-8000-000000000001"


def others_job(page: str, under: str = "/imports/") -> Callable[[World, Target], str]:
    return lambda w, t: f"{under}{w.others_job}{'/' if under == '/imports/' else ''}{page}"


ENDPOINTS = [
    Endpoint("GET desk:favicon", None, OPEN, lambda w, t: "/favicon.ico"),
    Endpoint("GET desk:home", None, SIGNED_IN, lambda w, t: "/"),
    Endpoint("GET desk:sign-in", None, OPEN, lambda w, t: "/sign-in/"),
    Endpoint(
        "POST desk:sign-in", None, OPEN, lambda w, t: "/sign-in/",
        lambda w, t: {"username": "caller-idle", "password": PASSWORD},
    ),
    Endpoint("GET desk:second-step", None, OPEN, lambda w, t: "/sign-in/code/"),
    Endpoint("POST desk:passkey-options", None, OPEN, lambda w, t: "/sign-in/passkey/options/"),
    Endpoint("POST desk:passkey", None, OPEN, lambda w, t: "/sign-in/passkey/", lambda w, t: {"credential": "{}"}),
    Endpoint("POST desk:sign-out", None, SIGNED_IN, lambda w, t: "/sign-out/"),
    Endpoint("GET desk:password", None, SIGNED_IN, lambda w, t: "/password/"),
    Endpoint("POST desk:language", None, OPEN, lambda w, t: "/language/", lambda w, t: {"language": "en"}),
    Endpoint("POST desk:size", None, OPEN, lambda w, t: "/size/", lambda w, t: {"size": "large"}),
    Endpoint("GET desk:imports", None, SIGNED_IN, lambda w, t: "/imports/"),
    Endpoint(
        "POST desk:imports", None, SIGNED_IN, lambda w, t: "/imports/", lambda w, t: {"kind": "nothing.known"},
        passes=frozenset({404}),
    ),
    Endpoint(
        "GET desk:import-template", None, SIGNED_IN, lambda w, t: "/imports/template/nothing.known/",
        passes=frozenset({404}),
    ),
    Endpoint("GET desk:job", None, SIGNED_IN, lambda w, t: f"/imports/{NO_JOB}/", passes=frozenset({404})),
    Endpoint(
        "GET desk:rejected", None, SIGNED_IN, lambda w, t: f"/imports/{NO_JOB}/rejected/", passes=frozenset({404})
    ),
    *(
        Endpoint(f"{method} desk:import-{page}", None, SIGNED_IN, fixed(f"/imports/{NO_JOB}/{page}/"),
                 passes=frozenset({404}))
        for method, page in (("GET", "columns"), ("POST", "columns"), ("POST", "take"), ("POST", "discard"))
    ),
    # What somebody else sent is nobody's but theirs, whatever one may import oneself.
    *(
        Endpoint(f"{method} desk:{name}", None, BEYOND, others_job(page))
        for method, name, page in (
            ("GET", "job", ""), ("GET", "rejected", "rejected/"), ("GET", "import-columns", "columns/"),
            ("POST", "import-take", "take/"), ("POST", "import-discard", "discard/"),
        )
    ),
    *(
        Endpoint(f"{method} /api/imports/sent/{{job_id}}{page}", None, BEYOND,
                 others_job(page, "/api/imports/sent/"), body)
        for method, page, body in (
            ("GET", "", None), ("GET", "/rejected", None), ("POST", "/take", None), ("POST", "/discard", None),
            ("POST", "/columns", lambda w, t: {"columns": {}}),
        )
    ),
    Endpoint("GET /api/jobs/{job_id}", None, BEYOND, others_job("", "/api/jobs/")),
    Endpoint("GET desk:journal", "journal.view", ANYWHERE, lambda w, t: "/journal/"),
    Endpoint("GET desk:journal-export", "journal.view", ANYWHERE, lambda w, t: "/journal/export/"),
    Endpoint(
        "POST desk:journal-export", "journal.view", ANYWHERE, lambda w, t: "/journal/export/",
        lambda w, t: {"purpose": "audit", "format": "csv"},
    ),
    Endpoint("GET /api/journal/entries", "journal.view", ANYWHERE, lambda w, t: "/api/journal/entries"),
    Endpoint("GET /api/jobs/{job_id}", None, SIGNED_IN, lambda w, t: f"/api/jobs/{NO_JOB}", passes=frozenset({404})),
    Endpoint("GET /api/imports", None, SIGNED_IN, lambda w, t: "/api/imports"),
    Endpoint("GET /api/imports/sent", None, SIGNED_IN, lambda w, t: "/api/imports/sent"),
    # Which sheet is the question: whoever may not import it is told that there is no such import.
    Endpoint(
        "POST /api/imports/{kind}", None, SIGNED_IN, lambda w, t: "/api/imports/nothing.known",
        passes=frozenset({404, 422}),
    ),
    Endpoint(
        "GET /api/imports/{kind}/template", None, SIGNED_IN, lambda w, t: "/api/imports/nothing.known/template",
        passes=frozenset({404}),
    ),
    *(
        Endpoint(f"{method} /api/imports/sent/{{job_id}}{page}", None, SIGNED_IN,
                 fixed(f"/api/imports/sent/{NO_JOB}{page}"), body, passes=frozenset({404}))
        for method, page, body in (
            ("GET", "", None), ("GET", "/rejected", None), ("POST", "/take", None), ("POST", "/discard", None),
            ("POST", "/columns", lambda w, t: {"columns": {}}),
        )
    ),
    Endpoint("GET api:openapi-json", None, OPEN, lambda w, t: "/api/openapi.json"),
    Endpoint("GET api:openapi-view", None, OPEN, lambda w, t: "/api/docs"),
    Endpoint("GET api:api-root", None, OPEN, lambda w, t: "/api/", passes=frozenset({404})),
]  # fmt: skip
