"""Which entry stands for a merged one. A flat table, so that whoever gets an old id needs one look-up."""

from __future__ import annotations

from linli.core import db
from linli.residents.terms import EntryKind


def join(kind: EntryKind, merged_id: int, survivor_id: int) -> None:
    """`merged_id` stands for `survivor_id` from now on, and with it whatever was merged into it before."""
    db.execute("UPDATE merged_into SET into_id = %s WHERE kind = %s AND into_id = %s", [survivor_id, kind, merged_id])
    db.execute("INSERT INTO merged_into (kind, merged_id, into_id) VALUES (%s, %s, %s)", [kind, merged_id, survivor_id])


def part(kind: EntryKind, merged_id: int) -> None:
    """`merged_id` stands for itself again, and for whatever was merged into it before."""
    db.execute("DELETE FROM merged_into WHERE kind = %s AND merged_id = %s", [kind, merged_id])
    db.execute(
        "UPDATE merged_into SET into_id = %s"
        " WHERE kind = %s AND merged_id IN (SELECT linli_merged_below(%s::smallint, %s))",
        [merged_id, kind, kind, merged_id],
    )


def find_survivor(kind: EntryKind, entry_id: int) -> int | None:
    """The entry that stands for this one; None when it stands for itself."""
    found = db.scalar("SELECT into_id FROM merged_into WHERE kind = %s AND merged_id = %s", [kind, entry_id])
    return None if found is None else int(found)
