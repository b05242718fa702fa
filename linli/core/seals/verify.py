"""Does everything still stand as it was sealed? Finds edits, deletions, insertions, replaced and missing blocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from linli.core import db
from linli.core.seals import outside, sealing, sources
from linli.core.seals.chain import GENESIS, Block
from linli.core.seals.sources import Source

Watch = Callable[[str, int, int | None], None]
FILE_PATIENCE_SECONDS = 5.0  # sealing commits its blocks, then writes them to the file


@dataclass(frozen=True)
class Fault:
    """`kind`: entries, chain, mac, range, outside or stray; `block` 0 where it is not about one."""

    kind: str
    block: int
    source: str
    first: int
    last: int
    text: str


@dataclass
class Report:
    """`unsealed`: source -> entries not sealed yet; `outside`: how many seals outside the database were compared."""

    blocks: int = 0
    entries: int = 0
    outside: int = 0
    file: str = ""
    unsealed: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"whole": self.is_whole}


def verify(*, seals: Path | None = None, watch: Watch | None = None) -> Report:
    """Compare entries, blocks and the seals outside, in one snapshot. Changes nothing.

    `seals`: a copy of the file of seals; by default the installation's own, where there is one. Raises
    SealFileDamaged.
    """
    file = seals or (outside.find_file() if outside.find_file().exists() else None)
    report = Report(file=str(file or ""))
    with db.owner(), db.atomic():
        if not db.connection().savepoint_ids:  # else the caller's transaction is the snapshot
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        blocks = list(sealing.list_blocks())
        report.blocks = len(blocks)
        _check_chain(blocks, report)
        if file is not None:
            _check_outside(blocks, file, report, is_copy=seals is not None)
        _check_ranges(blocks, report)
        for number, block in enumerate(blocks, start=1):
            _check_entries(block, report)
            if watch:
                watch(block.content.source, number, len(blocks))
        for source in sources.list_sources():
            _look_past(source, blocks, report)
    return report


def _fault(report: Report, kind: str, block: Block, text: str) -> None:
    content = block.content
    report.faults.append(Fault(kind, block.number, content.source, content.first, content.last, text))


def _check_chain(blocks: list[Block], report: Report) -> None:
    previous, number = GENESIS, 1
    for block in blocks:
        if block.number != number:
            text = _("blocks %(first)s to %(last)s are missing") % {"first": number, "last": block.number - 1}
            _fault(report, "chain", block, text)
        elif block.previous != previous:
            _fault(report, "chain", block, _("it does not follow from the block before it"))
        if block.hash != block.expected_hash:
            _fault(report, "chain", block, _("the block itself was changed"))
        elif not block.is_authentic(settings.LINLI_JOURNAL_KEY):
            _fault(report, "mac", block, _("it was not sealed with the key of this installation"))
        previous, number = block.hash, block.number + 1


def _read_file(file: Path, blocks: list[Block], *, is_copy: bool) -> list[Block]:
    until = time.monotonic() + FILE_PATIENCE_SECONDS
    while True:
        kept = list(outside.read_all(file))
        if is_copy or not _beyond(kept, blocks) or time.monotonic() > until:
            return kept
        time.sleep(0.2)


def _beyond(kept: list[Block], blocks: list[Block]) -> list[Block]:
    """Blocks of the database that are newer than all that were kept."""
    last = max((block.number for block in kept), default=0)
    return [block for block in blocks if block.number > last]


def _check_outside(blocks: list[Block], file: Path, report: Report, *, is_copy: bool) -> None:
    """The file holds every block in order; a copy of it may be older than the newest blocks of the database."""
    kept = _read_file(file, blocks, is_copy=is_copy)
    inside = {block.number: block for block in blocks}
    expected = 1
    for block in kept:
        report.outside += 1
        if block.number != expected:
            _fault(report, "outside", block, _("the file of seals lacks the seal before it"))
        expected = block.number + 1
        ours = inside.get(block.number)
        if ours is None:
            _fault(report, "outside", block, _("it was sealed, and is missing in the database"))
        elif ours != block:
            _fault(report, "outside", block, _("it was sealed otherwise: the block in the database was replaced"))
    for block in [] if is_copy else _beyond(kept, blocks):
        _fault(report, "outside", block, _("the file of seals ends before it: it was cut off, or could not be written"))


def _check_ranges(blocks: list[Block], report: Report) -> None:
    """A source that grows is sealed without a gap: a gap would be a place to put entries that nobody checks."""
    reached: dict[str, int] = {}
    for block in blocks:
        source = sources.find_source(block.content.source)
        if source is None:
            _fault(report, "range", block, _("nobody knows what it seals"))
        elif block.content.form not in source.forms:
            _fault(
                report,
                "range",
                block,
                _("it was sealed in a form that this version does not know"),
            )
        elif source.pieces is None and block.content.first <= reached.get(source.name, 0):
            _fault(report, "range", block, _("it seals ids that an earlier block has sealed"))
        if source is not None and source.pieces is None:
            reached[source.name] = max(block.content.last, reached.get(source.name, 0))


def _check_entries(block: Block, report: Report) -> None:
    content = block.content
    source = sources.find_source(content.source)
    if source is None or content.form not in source.forms:
        return
    count, digest = sources.digest_rows(source, content.form, content.first, content.last)
    report.entries += count
    if count != content.count:
        text = _("%(now)s entries instead of the %(sealed)s that were sealed") % {"now": count, "sealed": content.count}
        _fault(report, "entries", block, text)
    elif digest != content.digest:
        _fault(report, "entries", block, _("as many entries as were sealed, but not the same"))


def _look_past(source: Source, blocks: list[Block], report: Report) -> None:
    """What lies outside of all blocks: newer entries, not sealed yet, and entries under ids that nobody hands out."""
    own = [block.content for block in blocks if block.content.source == source.name]
    if source.pieces is not None:
        sealed = {content.first for content in own}
        waiting = sum(_count(source, first, last) for first, last in source.pieces() if first not in sealed)
    else:
        reached = 0
        for content in sorted(own, key=lambda one: one.first):
            if content.first > reached + 1 and (extra := _count(source, reached + 1, content.first - 1)):
                text = _("%(number)s entries stand between two blocks") % {"number": extra}
                report.faults.append(Fault("stray", 0, source.name, reached + 1, content.first - 1, text))
            reached = max(reached, content.last)
        # Read after the snapshot was taken: whatever stands in it under a higher id did not come from the sequence.
        given = max(sources.find_given(source), reached)
        waiting = _count(source, reached + 1, given)
        if ahead := _count(source, given + 1, (1 << 63) - 1):
            text = _("%(number)s entries have ids that were never given out") % {"number": ahead}
            report.faults.append(Fault("stray", 0, source.name, given + 1, 0, text))
    report.unsealed[source.name] = waiting
    strays = int(db.scalar(source.strays()))
    if strays:
        text = _("%(number)s entries have ids that were never given out") % {"number": strays}
        report.faults.append(Fault("stray", 0, source.name, 0, 0, text))


def _count(source: Source, first: int, last: int) -> int:
    return int(db.scalar(f"SELECT count(*) FROM ({source.rows('id', first, last)}) AS e"))
