"""The lock of the register of who lives where.

Whoever changes it (arrive, move, leave) holds the lock shared, from before the first row is written until commit;
whoever has to see all of it at one instant (opening or closing a round) holds it alone. Otherwise somebody who arrives
in the same second is in neither the round's count nor its follow-up: the round did not see the person, and the arrival
did not see the round.
"""

from __future__ import annotations

from linli.core import db

LOCK = 771001


def change_register() -> None:
    """Call before writing who lives where. Held to the end of the transaction; such changes run side by side."""
    db.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])


def hold_register() -> None:
    """Wait for changes under way, and keep new ones waiting to the end of the transaction."""
    db.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
