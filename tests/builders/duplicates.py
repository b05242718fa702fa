"""Pairs on the list of duplicates, and mergers that are over."""

from __future__ import annotations

from linli.residents.models import Duplicate, Merger
from linli.residents.terms import EntryKind
from tests.builders.ledger import MORNING


def make_duplicate(left: int, right: int, key: int) -> int:
    """Two people behind one door who may be one; `left` is the lower id. Returns the pair's number."""
    made = Duplicate.objects.create(
        kind=EntryKind.PERSON, left_id=left, right_id=right, left_key=key, right_key=key, certainty=0.9,
        found_at=MORNING,
    )  # fmt: skip
    return int(made.pk)


def make_merger(survivor: int, key: int) -> int:
    """Something that was merged into a person and taken apart again; returns its number."""
    made = Merger.objects.create(
        kind=EntryKind.PERSON, key=key, other_key=key, survivor_id=survivor, merged_id=-survivor, at=MORNING,
        account_id=0, undone_at=MORNING, undone_by=0,
    )  # fmt: skip
    return int(made.pk)
