"""What rounds do when the register of residents changes."""

from __future__ import annotations

from linli.core import db
from linli.places.events import Redrawing
from linli.residents.events import PeopleChanged
from linli.rounds.errors import FiguresFrozen
from linli.rounds.terms import CountBy


def follow_people(event: PeopleChanged) -> None:
    """In every open round: whoever arrived is due, whoever left is not, whoever moved is due where they are now; of
    entries that were merged, the later mark decides.

    Runs in the transaction of the change, which holds the register's lock, so no round opens or closes meanwhile.
    """
    for round_id, count_by in db.rows("SELECT id, count_by FROM round WHERE state = 'open' ORDER BY id"):
        subjects = event.person_ids if count_by == CountBy.PERSON else event.household_ids
        if subjects:
            db.rows("SELECT linli_follow(%s, %s::bigint[])", [round_id, sorted(set(subjects))])
        merged = event.merged_person_ids if count_by == CountBy.PERSON else event.merged_household_ids
        if merged:
            db.rows("SELECT linli_rejoin(%s, %s::bigint[], %s)", [round_id, list(merged), event.at])


def keep_closed_figures(event: Redrawing) -> None:
    """Figures of a closed round are read by the boundaries at its closing: no change may reach back before that.

    Open rounds need nothing: their figures are sums over the spans of the moment they are read. Raises FiguresFrozen.
    """
    if event.since >= event.at:
        return
    found = db.rows(
        """
        SELECT r.code FROM round r WHERE r.state = 'closed' AND r.closed_at >= %s AND EXISTS (
            SELECT 1 FROM round_span s JOIN unnest(%s::bigint[], %s::bigint[]) AS e (lo, hi)
            ON s.lo < e.hi AND s.hi > e.lo WHERE s.round_id = r.id)
        ORDER BY r.closed_at DESC LIMIT 1
        """,
        [event.since, event.extent.los, event.extent.his],
    )
    if found:
        raise FiguresFrozen(round=found[0][0])
