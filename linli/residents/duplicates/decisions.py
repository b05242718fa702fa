"""What somebody decided about a pair without merging it: not the same, later, or to be decided after all."""

from __future__ import annotations

from datetime import datetime

from linli.core import db, journal
from linli.core.access import Actor
from linli.residents.changes import require_on
from linli.residents.duplicates import queries
from linli.residents.duplicates.finding import MERGE
from linli.residents.duplicates.people import decide_pair
from linli.residents.errors import WordUnknown
from linli.residents.terms import Verdict

SAID = (Verdict.OPEN, Verdict.LATER, Verdict.DIFFERENT)


def decide_duplicate(*, pair_id: int, verdict: Verdict, actor: Actor, at: datetime) -> None:
    """Not the same: never listed again, whatever is found. Later: out of the way. Open: back on the list.

    Raises DuplicateUnknown, WordUnknown (merging is done by merging), Forbidden.
    """
    if verdict not in SAID:
        raise WordUnknown(word=str(verdict), known=", ".join(SAID), field="verdict")
    with db.atomic():
        pair = queries.get_pair(pair_id, actor=actor)
        require_on(actor, [pair.left.key, pair.right.key], MERGE)
        decide_pair(pair.kind, pair.left.id, pair.right.id, verdict, actor, at)
        journal.record(
            actor=actor, at=at, verb="residents.decide_duplicate", permission=MERGE, key=pair.left.key,
            subject=f"{pair.kind.name.lower()}:{pair.left.id}", other=pair.right.id, verdict=str(verdict),
        )  # fmt: skip
