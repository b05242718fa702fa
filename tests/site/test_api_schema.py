"""The whole API against its own description, behind a real web server: whatever is sent, an answer of the kind that
/api/openapi.json promises, and never a 5xx.

schemathesis draws requests from the schema, right ones and wrong ones; half of them are pointed at things that exist.
The draw is the same at every run. `make faults` draws more.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias, cast

import httpx
import hypothesis
import pytest
import schemathesis
from django.db import connections
from hypothesis import strategies as st
from ninja import Schema
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from linli.core.models import ApiToken
from linli.duty.authority import digest_token
from linli.duty.terms import ALL_PERMISSIONS
from linli.site.supervise import web_command
from tests.builders.duty import LONG_AGO, make_account
from tests.site.access.world import World, build_world
from tests.site.test_overload import REPOSITORY, is_listening
from tests.site.test_supervise import find_free_port, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
Drawn: TypeAlias = Case[Any]
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]
EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 3}
MANY = 10  # times as many in `make faults`
CHECKS: list[Any] = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
LAST = (
    "end", "deactivate", "close", "undo", "dissolve", "vacant", "move", "reset-factors", "end-sessions", "{token_id}",
)  # fmt: skip
"""What may take things away that other calls need comes last."""


@dataclass
class Server:
    url: str
    world: World
    log: Path
    token: str = ""

    def ensure_token(self) -> str:
        """A caller who may do everything; a new one, when the last did away with itself."""
        if not self.token or httpx.get(f"{self.url}/api/duty/me", headers=self.headers, timeout=30).status_code != 200:
            account = make_account(role="command", place=self.world.city)
            self.token = f"linli_{secrets.token_hex(16)}"
            ApiToken.objects.create(
                account=account, name="x", digest=digest_token(self.token), scopes=sorted(ALL_PERMISSIONS),
                created_at=LONG_AGO, expires_at=datetime(2100, 1, 1, tzinfo=UTC),
            )  # fmt: skip
        return self.token

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def find_known(self, path: str) -> dict[str, Any]:
        """Things that exist, by the name of the parameter or field that would name them."""
        here = self.world.targets["own"]
        return {
            "code": here.round_code if path.startswith("/api/rounds") else here.unit.code,
            "place": here.place.code, "under": here.place.code, "household_id": here.household_id,
            "person_id": here.person_id, "subject_id": here.person_id, "person": here.person_id, "key": here.door.key,
            "to_key": here.door.key, "door": here.door.key, "account_id": here.account.pk,
            "appointment_id": here.appointment_id, "claim_id": here.claim_id, "team_id": here.team_id,
            "pair_id": here.duplicate_id, "merger_id": here.merger_id, "number": here.redrawing,
            "account": here.account.username, "kind": "residents.import_roster",
        }  # fmt: skip


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    world = build_world()
    port, log = find_free_port(), tmp_path / "web.log"
    words = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            web_command("127.0.0.1", port), cwd=REPOSITORY, env={**words, "LINLI_RATE": "0"}, stdout=output,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: is_listening(port), 180)
        yield Server(f"http://127.0.0.1:{port}", world, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
        connections.close_all()


def point(case: Drawn, known: dict[str, Any]) -> None:
    """Make what was drawn speak of things that exist, wherever it names any."""
    for values in (case.path_parameters, case.query, case.body):
        if isinstance(values, dict):
            values.update({name: known[name] for name in values.keys() & known.keys()})


def try_out(operation: Operation, server: Server, mode: GenerationMode, examples: int) -> str:
    """What is wrong with the answers of one operation; "" when nothing is."""
    known = server.find_known(operation.full_path)

    @hypothesis.settings(
        max_examples=examples, derandomize=True, deadline=None, database=None,
        suppress_health_check=list(hypothesis.HealthCheck), phases=[hypothesis.Phase.generate], print_blob=False,
        report_multiple_bugs=False,
    )  # fmt: skip
    @hypothesis.given(case=operation.as_strategy(mode), is_pointed=st.booleans())
    def ask(case: Drawn, is_pointed: bool) -> None:
        if is_pointed:
            point(case, known)
        response = case.call(base_url=server.url, headers=server.headers, timeout=60)
        case.validate_response(response, checks=CHECKS)

    return run(ask)


def run(ask: Callable[[], None]) -> str:
    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        return ""  # nothing of this kind can be drawn, such as a wrong request to an operation that takes nothing
    except BaseExceptionGroup as errors:
        return "\n".join(str(error)[:1500] for error in errors.exceptions)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:1500]
    return ""


def check_whole(server: Server, times: int) -> None:
    document = httpx.get(f"{server.url}/api/openapi.json", timeout=60).json()
    found = schemathesis.openapi.from_dict(document).get_all_operations()
    operations: list[Operation] = [cast(Any, one).ok() for one in found]  # of a schema that is broken: an exception
    assert len(operations) > 80
    operations.sort(key=lambda one: one.path.endswith(LAST))
    wrong: list[str] = []
    for operation in operations:
        for mode, examples in EXAMPLES.items():
            server.ensure_token()
            if fault := try_out(operation, server, mode, examples * times):
                wrong.append(f"{operation.label} ({mode.value}):\n{fault}")
    assert not wrong, "\n\n".join([*wrong, *read_tracebacks(server.log)])


def read_tracebacks(log: Path) -> list[str]:
    """Of every fault of the server, the request and the last lines."""
    entries = re.split(r"^(?=\d{4}-\d\d-\d\d )", log.read_text(), flags=re.MULTILINE)
    return ["\n".join([entry.split("\n")[0], entry[-1500:]]) for entry in entries if "Traceback" in entry]


def test_no_two_schemas_have_one_name() -> None:
    """In the description they would be one: whichever came last."""
    from linli.site.api import api

    assert api.get_openapi_schema()["paths"]
    found = {one for one in _all_below(Schema) if one.__module__.startswith("linli.")}
    names = Counter(one.__name__ for one in found)
    assert [name for name, count in names.items() if count > 1] == []


def _all_below(kind: type) -> set[type]:
    below: set[type] = set(kind.__subclasses__())
    return below.union(*(_all_below(one) for one in below))


def test_every_answer_is_of_the_kind_that_is_promised(server: Server) -> None:
    check_whole(server, 1)


@pytest.mark.long
def test_every_answer_of_many_is_of_the_kind_that_is_promised(server: Server) -> None:
    check_whole(server, MANY)
