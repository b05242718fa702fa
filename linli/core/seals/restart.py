"""Beginning a new file of seals, when the database was put back to an older state on purpose."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from linli.core import journal
from linli.core.access import Actor
from linli.core.errors import Invalid
from linli.core.extents import EVERYWHERE
from linli.core.seals import outside

# Whoever may do this holds the server's files already. What is asked is that they answer for the whole jurisdiction.
PERMISSION = "accounts.make"


class ReasonMissing(Invalid):
    code = "core.seals_reason"
    title = _("Say why the seals begin anew.")


def restart_seals(*, reason: str, actor: Actor, at: datetime) -> Path | None:
    """Set the file of seals aside: it is kept under another name, and the next run writes a new one from the
    database's blocks. Returns the old file's new name. Raises ReasonMissing, Forbidden.
    """
    if not reason.strip():
        raise ReasonMissing
    actor.require(PERMISSION, EVERYWHERE)
    last = outside.find_last()
    journal.record(
        actor=actor, at=at, verb="site.restart_seals", reason=reason.strip(), block=last.number if last else 0
    )
    return outside.set_aside(at)
