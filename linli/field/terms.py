"""The words of the phones' protocol: limits, and who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from linli.core.access import Actor
from linli.duty.history import History

TOKEN_PREFIX = "linlip_"  # noqa: S105 - how a phone's token begins, not one
SESSION_LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=5)
KEY_KEPT = timedelta(days=400)
"""How long after its session a phone's key is kept: work may lie on a phone for a year."""
FORGET_EVERY = timedelta(days=1)
GRACE = timedelta(days=7)
"""How long after the end of a post work done before it is still taken."""
CONTACT = timedelta(hours=72)
"""How long a phone keeps personal fields without hearing from the server."""
CURSOR_LASTS = timedelta(days=14)
MOST_PEOPLE = 5_000
BATCHES_AT_ONCE, BATCHES_IN_LINE = 2, 160
"""In each web process, beside the pages and calls that it works on (core/admission.py). With one batch at a time the
processors had nothing to do for a part of the time: a batch waits for the disk, and for PostgreSQL. With three or four
a batch cost all of them a tenth more, and pages took longer, though they go first. Who stands in line holds a thread of
the web server's and its batch, for some seconds at most; to come in vain and again cost all sides more. Those beyond
are told when to come."""
FILES_AT_ONCE = 1
"""Pieces of photos that a web process takes at a time: fewer than batches, because marks go first."""
MOST_COMMANDS = 500
LARGEST_BATCH = 64 * 1024  # bytes
MOST_RECEIPTS = 1_000
NAME_LENGTH = 60
SESSION_KEY_BYTES = 32
RSA_BITS = 3_072

# What a phone may do of what its account may do.
SCOPES = frozenset(
    {
        "places.view",
        "residents.view",
        "residents.call",
        "residents.edit",
        "residents.register",
        "rounds.view",
        "rounds.gaps",
        "rounds.mark",
        "duty.call",
    }
)


@dataclass(frozen=True)
class SessionView:
    """A phone's session. `offset_ms`: what was to be added to its clock when it began."""

    id: UUID
    account_id: int
    account_name: str
    session_key: str
    started_at: datetime
    seen_at: datetime
    offset_ms: int
    key_sealed: bytes

    @property
    def has_key(self) -> bool:
        return bool(self.key_sealed)


@dataclass(frozen=True)
class PhoneActor(Actor):
    """Who acts from a phone. `session`, `history` are never None; the defaults are for the sake of the class above."""

    session: SessionView | None = None
    history: History | None = None


@dataclass(frozen=True)
class Device:
    """What a phone says of itself. `now`: its clock, None when it said none."""

    name: str
    now: datetime | None
    tz: str


@dataclass(frozen=True)
class PublicKey:
    """`spki`: the DER of the public key."""

    id: str
    spki: bytes


@dataclass(frozen=True)
class NewSession:
    """`token`: told this once."""

    token: str
    view: SessionView
    actor: Actor
