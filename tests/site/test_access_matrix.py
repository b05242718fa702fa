"""Every role at every address, for its own place, one inside, the one around, one beside and one far away.

Reads run in transactions of their own, as in life: inside a test's transaction the setting that row-level security
goes by would outlive its request and hide the fault. Writes run in one that is rolled back after each, so that every
cell meets the same world; constraints that wait for the commit are checked before that.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from linli.core import clock, db
from linli.core.ids import new_id
from linli.core.models import Account, ApiToken
from linli.core.shortcut import put_in_front
from linli.duty.authority import digest_token
from linli.duty.terms import ALL_PERMISSIONS, PERMISSIONS, Role
from linli.site.api import api
from tests.builders.duty import LONG_AGO
from tests.site.access.endpoint import ALL, BEYOND, NO_PLACE, OPEN, PART, SIGNED_IN, Endpoint
from tests.site.access.world import INSIDE, RELATIONS, SEEN_IN_PART, World, build_world

ROOMS = ("desk", "accounts", "duty", "places", "residents", "rounds", "notices", "field")
ENDPOINTS: list[Endpoint] = [
    endpoint for room in ROOMS for endpoint in import_module(f"tests.site.access.{room}").ENDPOINTS
]


def walk_pages(resolver: URLResolver, spaces: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all pages: "duty:accounts"."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from walk_pages(pattern, (*spaces, pattern.namespace) if pattern.namespace else spaces)
        elif isinstance(pattern, URLPattern):
            yield ":".join((*spaces, pattern.name or str(pattern.pattern)))


def walk_operations() -> Iterator[str]:
    """All operations of the API: "GET /api/duty/me"."""
    for path, item in api.get_openapi_schema()["paths"].items():
        yield from (f"{method.upper()} {path}" for method in item)


def test_every_address_is_declared() -> None:
    declared = {endpoint.address for endpoint in ENDPOINTS if not endpoint.is_api}
    pages = {name for name in walk_pages(get_resolver()) if not name.startswith("api:") or name in declared}
    operations = set(walk_operations())
    names = {endpoint.name for endpoint in ENDPOINTS if endpoint.is_api}
    missing = sorted(pages - declared) + sorted(operations - names)
    assert not missing, f"declare in tests/site/access: {missing}"
    gone = sorted(declared - pages) + sorted(names - operations)
    assert not gone, f"declared, but there is no such address: {gone}"


def test_every_declared_permission_exists() -> None:
    asked = {name for endpoint in ENDPOINTS for name in (endpoint.needs, *endpoint.also) if name}
    assert asked <= ALL_PERMISSIONS


def holds(endpoint: Endpoint, role: Role) -> bool:
    """Whether the role may do it anywhere at all."""
    return all(name in PERMISSIONS[role] for name in (endpoint.needs, *endpoint.also) if name)


def is_first_of_its_kind(role: Role) -> bool:
    """Whether no earlier role holds the very same permissions: some differ in name alone."""
    return all(PERMISSIONS[earlier] != PERMISSIONS[role] for earlier in list(Role)[: list(Role).index(role)])


def relations_of(endpoint: Endpoint, role: Role) -> tuple[str, ...]:
    """The cells of one row. What a role may do nowhere, or what another may do just so, is tried near and far."""
    if endpoint.where in NO_PLACE:
        return RELATIONS[:1]
    return RELATIONS if holds(endpoint, role) and is_first_of_its_kind(role) else (RELATIONS[0], RELATIONS[-1])


def passes(endpoint: Endpoint, role: Role, relation: str) -> bool:
    """What the table says of one cell."""
    if not holds(endpoint, role):
        return False
    if endpoint.where is BEYOND:
        return False
    if endpoint.where is ALL:
        return relation in INSIDE
    return endpoint.where is not PART or relation in SEEN_IN_PART


class Caller:
    """One browser; `call` answers the status and the body of one request."""

    def __init__(self, world: World, account: Account | None) -> None:
        self.world = world
        self.client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
        if account is not None:
            self.client.force_login(account)
        self.cookies = self.client.cookies.output()

    def call(self, endpoint: Endpoint, relation: str, *, whole: bool = True) -> tuple[int, str, Any]:
        """`whole`: ask for the page with its frame; else as htmx asks, which is quicker to refuse."""
        target = self.world.targets[relation]
        url = endpoint.url(self.world, target)
        data = endpoint.data(self.world, target) if endpoint.data else None
        given: dict[str, Any] = {"data": data} if data is not None else {}
        given["headers"] = {} if whole else {"HX-Request": "true"}
        if endpoint.is_api and endpoint.method != "GET":
            given["content_type"] = "application/json"
        if endpoint.method == "GET" or endpoint.only_reads:
            return self._read(getattr(self.client, endpoint.method.lower())(url, **given))
        with transaction.atomic(using=db.WEB):
            answer = getattr(self.client, endpoint.method.lower())(url, **given)
            told = self._read(answer)
            if answer.status_code < 400:
                with connections[db.WEB].cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            transaction.set_rollback(True, using=db.WEB)
        return told

    def _read(self, answer: Any) -> tuple[int, str, Any]:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return answer.status_code, body.decode(errors="replace"), answer.headers.get("Location", "")


def faults_of(world: World, caller: Caller, role: Role, endpoint: Endpoint) -> Iterator[str]:
    """What is wrong in one row of the matrix."""
    for relation in relations_of(endpoint, role):
        wanted = passes(endpoint, role, relation)
        status, body, location = caller.call(endpoint, relation, whole=wanted)
        cell = f"{role.value} · {endpoint.name} · {relation}"
        empty = endpoint.empty_outside and status == 200 and holds(endpoint, role)
        if wanted and (status not in endpoint.passes or location.startswith("/sign-in/?next=")):
            yield f"{cell}: refused with {status}"
        if not wanted and status not in endpoint.refusals and not empty:
            yield f"{cell}: let through with {status}"
        for secret in world.out_of_sight():
            if secret in body:
                yield f"{cell}: shows {secret}"


def hear(told: list[str], status: str, _headers: object) -> None:
    told.append(status)


def strangers_faults(world: World) -> Iterator[str]:
    """Without a sign-in: pages send to the sign-in page, the API says 401; with one but no appointment: nothing."""
    stranger = Caller(world, None)
    for endpoint in ENDPOINTS:
        status, _body, location = stranger.call(endpoint, "own")
        if endpoint.where is OPEN:
            ok = status in endpoint.passes
        elif endpoint.is_api:
            ok = status == 401
        else:
            ok = status == 302 and location.startswith("/sign-in/")
        if not ok:
            yield f"stranger · {endpoint.name}: {status} {location}"
    idle = Caller(world, world.idle)
    for endpoint in ENDPOINTS:
        if endpoint.where in (OPEN, SIGNED_IN):
            continue
        status, _body, _location = idle.call(endpoint, "own", whole=False)
        if status not in endpoint.refusals:
            yield f"not appointed · {endpoint.name}: let through with {status}"


def short_road_faults(world: World) -> Iterator[str]:
    """Marks sent with a token take a road beside Django's: the same walls stand there. What passes is committed."""
    road = put_in_front(lambda environ, start_response: [b"went on to Django"])
    for role in Role:
        raw = f"token of {role.value}"
        with db.owner():
            ApiToken.objects.create(
                account=world.callers[role],
                name="t",
                digest=digest_token(raw),
                scopes=sorted(PERMISSIONS[role]),
                created_at=LONG_AGO,
                expires_at=clock.now() + timedelta(days=1),
            )
        for relation in RELATIONS:
            mark = {"id": str(new_id()), "person": world.targets[relation].person_id, "mark": "absent",
                    "at": clock.now().isoformat()}  # fmt: skip
            told: list[str] = []
            environ = {
                "REQUEST_METHOD": "POST", "PATH_INFO": f"/api/rounds/{world.round_code}/marks",
                "HTTP_AUTHORIZATION": f"Bearer {raw}", "wsgi.input": io.BytesIO(json.dumps(mark).encode()),
            }  # fmt: skip
            body = b"".join(road(environ, partial(hear, told)))
            may = "rounds.mark" in PERMISSIONS[role]
            wanted = "accepted" if relation in SEEN_IN_PART else "not_in_round"
            found = json.loads(body)["receipts"][0]["outcome"] if told == ["200 OK"] else told[0][:3]
            if found != (wanted if may else "403"):
                yield f"{role.value} · short road · {relation}: {found}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.web_role
def test_every_role_at_every_address() -> None:
    with db.owner():
        world = build_world()
    faults = list(strangers_faults(world))
    for role in Role:
        caller = Caller(world, world.callers[role])
        for endpoint in ENDPOINTS:
            faults += faults_of(world, caller, role, endpoint)
            if endpoint.address == "desk:sign-out":
                caller = Caller(world, world.callers[role])
    faults += short_road_faults(world)
    assert not faults, "\n".join(faults)
