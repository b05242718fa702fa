"""Who acts, what they may do, and where. Identity is here; authority comes from appointments, which `duty` reads.

Two walls stand behind every request. The query layer narrows by the extent of one permission (`actor.extent_for`);
row-level security refuses what slips through, by the union of all of the actor's extents, which `acting` sets for
one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from linli.core import db
from linli.core.errors import Forbidden
from linli.core.extents import EVERYWHERE, NOWHERE, Extent, unite


@dataclass(frozen=True)
class Grant:
    """One appointment's worth of authority: what it allows, and on which doors."""

    appointment_id: int
    role: str
    place_id: int
    permissions: frozenset[str]
    extent: Extent


@dataclass(frozen=True)
class Actor:
    """Who is acting, with the authority held at one moment."""

    account_id: int
    name: str
    grants: tuple[Grant, ...] = ()
    origin: str = "web"  # web, api, cli, job
    scopes: frozenset[str] | None = None  # what a token is limited to; None: no token
    is_system: bool = False

    @cached_property
    def extent(self) -> Extent:
        """Everything the actor may see anything of."""
        return EVERYWHERE if self.is_system else unite(grant.extent for grant in self.grants)

    def extent_for(self, permission: str) -> Extent:
        """The doors on which the actor holds `permission`."""
        if self.scopes is not None and permission not in self.scopes:
            return NOWHERE
        if self.is_system:
            return EVERYWHERE
        return unite(grant.extent for grant in self.grants if permission in grant.permissions)

    def may(self, permission: str, extent: Extent | None = None) -> bool:
        """Whether `permission` is held on all of `extent` (None: anywhere at all)."""
        held = self.extent_for(permission)
        return bool(held) if extent is None else bool(held) and extent <= held

    def require(self, permission: str, extent: Extent | None = None) -> None:
        """Raises Forbidden unless `permission` is held on all of `extent`."""
        if not self.may(permission, extent):
            raise Forbidden(permission=permission)

    def appointment_for(self, permission: str, key: int | None = None) -> int | None:
        """The appointment under which the actor does this: the narrowest that allows it. None for the system."""
        fitting = [
            grant for grant in self.grants if permission in grant.permissions and (key is None or key in grant.extent)
        ]
        return min(fitting, key=lambda grant: len(grant.extent)).appointment_id if fitting else None


SYSTEM = Actor(account_id=0, name="system", origin="job", is_system=True)


@dataclass(frozen=True)
class Recalled:
    """What a token stood for when it was last looked up. It still does if `proof_of_token` of `digest` gives `proof`:
    a statement that asks for it beside its own work spares the look-up, and never acts on what has ended since."""

    actor: Actor
    digest: bytes
    proof: str


AuthoritySource = Callable[[int, datetime], tuple[Grant, ...]]
TokenSource = Callable[[str, datetime], Actor]
TokenMemory = Callable[[str], Recalled | None]
ProofSource = Callable[[str, str], str]
_source: list[AuthoritySource] = []
_token_source: list[TokenSource] = []
_token_memory: list[tuple[TokenMemory, ProofSource]] = []
_prefixed: dict[str, TokenSource] = {}
_current: ContextVar[Actor | None] = ContextVar("linli_actor", default=None)


def set_authority_source(source: AuthoritySource, token_source: TokenSource) -> None:
    """`duty` says here how the grants of an account, or of the account behind a token, are found at a moment."""
    _source[:] = [source]
    _token_source[:] = [token_source]


def set_token_memory(memory: TokenMemory, proof: ProofSource) -> None:
    """`duty` says here what a token was last found to stand for, and how a statement proves that it still does."""
    _token_memory[:] = [(memory, proof)]


def proof_of_token(digest: str, at: str) -> str:
    """SQL: one text for all that a token stands for, NULL for none. `digest`, `at`: the statement's placeholders."""
    return _token_memory[0][1](digest, at)


class Knock:
    """A request with a bearer token. Who it is, is asked when it is needed, and once."""

    def __init__(self, raw: str, at: datetime) -> None:
        self.raw, self.at = raw, at

    @cached_property
    def actor(self) -> Actor:
        """The authority held at `at`; one round trip. Raises NotSignedIn."""
        return actor_of_token(self.raw, self.at)

    def recall(self) -> Recalled | None:
        """What the token stood for when it was last looked up here: to be proven. None when that is not known."""
        return _token_memory[0][0](self.raw)


def add_token_source(prefix: str, source: TokenSource) -> None:
    """Tokens that begin like this are another room's."""
    _prefixed[prefix] = source


def actor_of(
    account_id: int, name: str, at: datetime, *, origin: str = "web", scopes: frozenset[str] | None = None
) -> Actor:
    """The account with the authority it holds at `at`. Without an appointment: no grants, so no access."""
    return Actor(account_id, name, _source[0](account_id, at), origin, scopes)


def actor_of_token(raw: str, at: datetime) -> Actor:
    """Who a bearer token stands for, with the authority held at `at`; one round trip. Raises NotSignedIn."""
    for prefix, source in _prefixed.items():
        if raw.startswith(prefix):
            return source(raw, at)
    return _token_source[0](raw, at)


def current_actor() -> Actor:
    """The actor of the present `acting` block. Raises RuntimeError outside of one."""
    actor = _current.get()
    if actor is None:
        raise RuntimeError("nobody is acting: wrap the work in access.acting(actor)")
    return actor


@contextmanager
def acting(actor: Actor, *, savepoint: bool = True) -> Iterator[Actor]:
    """One transaction in which `actor` acts: row-level security shows and takes only what lies in their extent.

    `savepoint` False: where one is open already, this is all that it is for, and is taken back with it alone: three
    round trips less.

    Pages are rendered and streams are read inside of it, because the setting ends with the transaction.
    """
    outer = _current.get()
    token = _current.set(actor)
    try:
        with db.atomic(savepoint=savepoint or outer is not None):
            if outer is None and db.using() == db.WEB:
                # Goes with the first statement: a round trip less of the few that a short read takes.
                with db.sent_first(*_telling(actor)):
                    yield actor
            else:
                db.send(*_telling(actor))
                yield actor
            if outer is not None and not db.connection().needs_rollback:
                db.send(*_telling(outer))  # a savepoint that is released keeps its settings
    finally:
        _current.reset(token)


def _telling(actor: Actor) -> tuple[str, list[str]]:
    """Sets whose extent row-level security goes by, to the end of the transaction (or of the savepoint, if undone).

    And that prepared statements are carried out by the plan they have: there are few, written for one plan, and of a
    stairwell's list working out a new one each time was more than half of the time.
    """
    return (
        "SELECT set_config('linli.extent', %s, true), set_config('linli.account', %s, true),"
        " set_config('plan_cache_mode', 'force_generic_plan', true)",
        [str(actor.extent), str(actor.account_id)],
    )
