"""The vocabulary of accounts: limits, and what pages and commands are handed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text

# --- lock-out --------------------------------------------------------------------------------------------------------

FREE_ATTEMPTS = 5
"""Wrong attempts at one account before it has to wait."""
FREE_AT_ADDRESS = 30
"""The same for one network address. A whole office may stand behind one address, so it is more."""
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
FORGOTTEN_AFTER = timedelta(hours=24)
"""Failures this old no longer count, and are deleted."""

# --- second factor ---------------------------------------------------------------------------------------------------

STEP_SECONDS = 30
STEPS_AROUND = 1
"""Codes of the step before and after are taken too: clocks of cheap phones are wrong."""
RECOVERY_CODES = 10
SECOND_STEP_WITHIN = timedelta(minutes=10)
"""From the password to the code."""
FRESH_FOR = timedelta(minutes=15)
"""How long after signing in, or after giving the password again, an account's locks may be changed."""
MOST_PASSKEYS = 20
NAME_LENGTH = 60

# --- sessions, invitations -------------------------------------------------------------------------------------------

SEEN_EVERY = timedelta(minutes=5)
SESSIONS_KEPT = timedelta(days=30)
"""How long an ended session stays in the list."""
AGENT_LENGTH = 300
INVITATION_DAYS = (1, 3, 7, 14)


class Way(models.TextChoices):
    """How somebody signed in."""

    PASSWORD = "password", _("password")
    CODE = "code", _("password and code")
    RECOVERY = "recovery", _("password and recovery code")
    SECOND_PASSKEY = "pass_key", _("password and passkey")
    PASSKEY = "passkey", _("passkey")
    INVITATION = "invitation", _("invitation")


@dataclass(frozen=True)
class Device:
    """What a browser says of itself; "" where it says nothing known. `name`: what its owner calls a phone."""

    browser: str
    system: str
    name: str = ""

    @property
    def label(self) -> Text:
        return f"{self.name} · {self.kind}" if self.name else self.kind

    @property
    def kind(self) -> Text:
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self.system or _("unknown device")


@dataclass(frozen=True)
class SessionLine:
    """A session as its owner sees it. `seen_at` is right to five minutes."""

    id: int
    device: Device
    address: str
    way: str
    started_at: datetime
    seen_at: datetime
    is_this: bool

    @property
    def way_label(self) -> str:
        return str(Way(self.way).label)


@dataclass(frozen=True)
class PasskeyLine:
    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True)
class Factors:
    """What stands beside the password. `codes_left`: recovery codes not yet used."""

    has_app: bool
    passkeys: int
    codes_left: int

    @property
    def any(self) -> bool:
        return self.has_app or self.passkeys > 0


@dataclass(frozen=True)
class InvitationLine:
    id: int
    account_id: int
    username: str
    name: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class NewInvitation:
    """`raw`: the secret part of the link, to be shown once."""

    id: int
    account_id: int
    username: str
    name: str
    expires_at: datetime
    raw: str


@dataclass(frozen=True)
class NewApp:
    """An authenticator app about to be set up: the key to type, and the address that its QR code holds."""

    secret: str
    uri: str
