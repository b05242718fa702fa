"""What rounds do when the register of residents changes."""

from __future__ import annotations

from linli.core import db
from linli.residents.events import PeopleChanged
from linli.rounds.terms import CountBy


def follow_people(event: PeopleChanged) -> None:
    """In every open round: whoever arrived is due, whoever left is not, whoever moved is due where they are now.

    Runs in the transaction of the change, which holds the register's lock, so no round opens or closes meanwhile.
    """
    for round_id, count_by in db.rows("SELECT id, count_by FROM round WHERE state = 'open' ORDER BY id"):
        subjects = event.person_ids if count_by == CountBy.PERSON else event.household_ids
        if subjects:
            db.rows("SELECT linli_follow(%s, %s::bigint[])", [round_id, sorted(set(subjects))])
