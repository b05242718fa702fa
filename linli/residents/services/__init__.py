"""Every write of the register: households (`households`), people (`people`), who is there (`presence`).

Each is one transaction with one journal entry, which holds digests of personal values and never the values. Changes of
who lives where go through `changes.changing`.
"""

from linli.residents.services.households import (
    edit_household,
    move_household,
    register_household,
    split_household,
)
from linli.residents.services.people import add_person, edit_person, move_person, unmask
from linli.residents.services.presence import record_door_vacant, record_moved_out, record_presence, record_vacant

__all__ = [
    "add_person",
    "edit_household",
    "edit_person",
    "move_household",
    "move_person",
    "record_door_vacant",
    "record_moved_out",
    "record_presence",
    "record_vacant",
    "register_household",
    "split_household",
    "unmask",
]
