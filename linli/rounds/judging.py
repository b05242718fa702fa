"""What a load of marks means, on arrays: who is in the round, what is known already, which mark decides. No database.

Moments are microseconds since 2000 (linli.core.arrays). The rules are those of single marks: the later event time
decides; at equal times a mark with a client's id decides over one from a sheet, and of two from sheets the higher kind,
so that the order of loads does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from linli.core.arrays import NEVER, Int64s, microseconds
from linli.core.extents import UNIT_BITS, Extent
from linli.rounds.errors import BadMark
from linli.rounds.terms import CLOCK_ERROR, LOADED, Flag

Bools = npt.NDArray[np.bool_]
WITH_CLIENT, DUE = 100, 1000  # what a state's code carries besides the state


@dataclass(frozen=True)
class Batch:
    """A load: one element a mark. `rows` are the sender's row numbers, `flags` of terms.Flag, `reasons` None when all
    are empty.
    """

    rows: Int64s
    subjects: Int64s
    kinds: Int64s
    events: Int64s
    flags: Int64s
    reasons: npt.NDArray[np.object_] | None = None

    @classmethod
    def of(
        cls,
        rows: Int64s,
        subjects: Int64s,
        kinds: Int64s,
        events: Int64s,
        reasons: npt.NDArray[np.object_] | None = None,
    ) -> Batch:
        """Raises BadMark when a kind cannot be loaded."""
        strange = ~np.isin(kinds, [int(kind) for kind in LOADED])
        if strange.any():
            raise BadMark(value=int(kinds[strange][0]))
        return cls(rows, subjects, kinds, events, np.full(len(rows), int(Flag.SHEET)), reasons)

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[int, int, int, datetime, str]]) -> Batch:
        """From (row number, subject id, kind, event time, reason); see `of`."""
        listed = list(rows)
        numbers = np.array([row[:3] for row in listed], dtype=np.int64).reshape(-1, 3)
        events = np.array([microseconds(row[3]) for row in listed], dtype=np.int64)
        reasons = np.array([row[4] for row in listed], dtype=object)
        return cls.of(numbers[:, 0], numbers[:, 1], numbers[:, 2], events, reasons)

    def settled(self, *, opened_at: datetime, received_at: datetime, before: timedelta) -> Batch:
        """Event times that no clock error explains are clamped and flagged: policies.EventWindow, on arrays."""
        opened, received = microseconds(opened_at), microseconds(received_at)
        late = self.events > microseconds(received_at + CLOCK_ERROR)
        early = self.events < microseconds(opened_at - before)
        events = np.where(early, opened, np.minimum(self.events, received))
        return replace(self, events=events, flags=self.flags | np.where(late | early, int(Flag.CLAMPED), 0))

    def keys(self) -> npt.NDArray[np.void]:
        return self.keys_of(self.subjects, self.events, self.kinds)

    @staticmethod
    def keys_of(subjects: Int64s, events: Int64s, kinds: Int64s) -> npt.NDArray[np.void]:
        """What a mark without an id is known by."""
        keys = np.empty(len(subjects), dtype=[("subject", "i8"), ("event", "i8"), ("kind", "i8")])
        keys["subject"], keys["event"], keys["kind"] = subjects, events, kinds
        return keys


@dataclass(frozen=True)
class States:
    """States of one round, in the order of subjects: present key, event time (NEVER: no mark yet), state, flags."""

    subjects: Int64s
    keys: Int64s
    events: Int64s
    marks: Int64s
    with_client: Bools
    due: Bools

    @classmethod
    def of(cls, subjects: Int64s, keys: Int64s, events: Int64s, codes: Int64s) -> States:
        if len(subjects) and not (subjects[1:] > subjects[:-1]).all():
            order = np.argsort(subjects)
            subjects, keys, events, codes = subjects[order], keys[order], events[order], codes[order]
        return cls(subjects, keys, events, codes % WITH_CLIENT, codes % DUE >= WITH_CLIENT, codes >= DUE)

    def units(self) -> Int64s:
        """First keys of the units they are in, in key order."""
        return np.unique(self.keys >> UNIT_BITS << UNIT_BITS)


@dataclass(frozen=True)
class Judged:
    """A verdict on every mark of a batch; `at` is the index of its state (meaningless for strangers)."""

    at: Int64s
    is_stranger: Bools
    is_known: Bools
    decides: Bools  # the mark sets its subject's state

    @property
    def takes(self) -> Bools:
        return ~self.is_stranger & ~self.is_known

    @property
    def accepted(self) -> int:
        return int(self.takes.sum())

    @property
    def known(self) -> int:
        return int(self.is_known.sum())

    @property
    def strangers(self) -> int:
        return int(self.is_stranger.sum())


def judge(batch: Batch, states: States, extent: Extent, on_record: npt.NDArray[np.void]) -> Judged:
    """Judge a settled batch. `extent`: the doors on which the caller may mark; `on_record`: keys of marks loaded
    before.
    """
    if not len(states.subjects) or not len(batch.subjects):
        nobody = np.zeros(len(batch.subjects), dtype=np.int64)
        return Judged(nobody, nobody == 0, nobody != 0, nobody != 0)
    at = np.minimum(np.searchsorted(states.subjects, batch.subjects), len(states.subjects) - 1)
    stranger = (states.subjects[at] != batch.subjects) | ~_inside(states.keys[at], extent)

    order = np.lexsort((batch.kinds, batch.events, batch.subjects))
    subject, event, kind = batch.subjects[order], batch.events[order], batch.kinds[order]
    # Of a mark said several times in one load the first stands, the others are known.
    again = np.zeros(len(order), dtype=bool)
    again[1:] = (subject[1:] == subject[:-1]) & (event[1:] == event[:-1]) & (kind[1:] == kind[:-1])
    known, latest = np.zeros(len(order), dtype=bool), np.zeros(len(order), dtype=bool)
    known[order] = again
    once = order[~again]
    latest[once] = np.append(batch.subjects[once][1:] != batch.subjects[once][:-1], True)
    if len(on_record):
        known |= np.isin(batch.keys(), on_record)
    known &= ~stranger

    held_event, held_mark = states.events[at], states.marks[at]
    later = batch.events > held_event
    tie = (batch.events == held_event) & ~states.with_client[at] & (batch.kinds > held_mark)
    return Judged(at, stranger, known, latest & ~known & ~stranger & ((held_event == NEVER) | later | tie))


def _inside(keys: Int64s, extent: Extent) -> Bools:
    if not extent:
        return np.zeros(len(keys), dtype=bool)
    los, his = np.array(extent.los), np.array(extent.his)
    at = np.searchsorted(los, keys, side="right") - 1
    return (at >= 0) & (keys < his[np.maximum(at, 0)])
