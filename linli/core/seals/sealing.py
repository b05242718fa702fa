"""Making blocks of what is settled, and reading them back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from linli.core import db
from linli.core.errors import Conflict
from linli.core.seals import outside, sources
from linli.core.seals.chain import GENESIS, Block, Content, make_block
from linli.core.seals.sources import Source

SEAL_LOCK = 771010
PATIENCE_SECONDS = 20.0
READ_AT_ONCE = 1_000
COLUMNS = "number, source, form, first, last, count, digest, previous, sealed_at, hash, mac"


class SealsDiffer(Conflict):
    """The seals outside of the database and those in it are not of one chain: nothing is sealed on top of that."""

    code = "core.seals_differ"
    title = _("The seals in %(file)s do not fit the database: %(why)s")
    advice_text = _(
        "Was an older backup put back? Then run 'linli journal restart' once, which keeps the old seals beside. If not,"
        " somebody changed the database: run 'linli journal verify' and keep both."
    )


@dataclass
class Sealed:
    """What one run sealed. `waiting`: sources where a transaction held on too long; the next run tries again."""

    blocks: int = 0
    entries: int = 0
    written: int = 0
    sent: int = 0
    waiting: list[str] = field(default_factory=list)
    send_error: str = ""


def seal(*, at: datetime, patience: float = PATIENCE_SECONDS) -> Sealed:
    """Seal everything that is settled, then write the new seals outside. Two at once wait for each other.

    Raises SealsDiffer when the chain in the database is not the one outside.
    """
    done = Sealed()
    with db.owner():
        with db.atomic():
            db.execute("SELECT pg_advisory_xact_lock(%s)", [SEAL_LOCK])
            require_same_chain()
            for source in sources.list_sources():
                for content in _find_contents(source, patience, done):
                    _append(content, at)
                    done.blocks += 1
                    done.entries += content.count
        done.written = write_outside()
        done.sent, done.send_error = send_outside(at=at)
    return done


def _find_contents(source: Source, patience: float, done: Sealed) -> Iterator[Content]:
    """The blocks that are to be made of a source, hashed one after the other."""
    if source.pieces is not None:
        known = {first for (first,) in db.rows("SELECT first FROM seal_block WHERE source = %s", [source.name])}
        for first, last in source.pieces():
            if first not in known and (content := _read(source, first, last)):
                yield content
        return
    sealed_to = int(db.scalar("SELECT coalesce(max(last), 0) FROM seal_block WHERE source = %s", [source.name]))
    settled = sources.find_settled(source, patience=patience)
    if settled is None:
        done.waiting.append(source.name)
        return
    while sealed_to < settled:
        ids = source.rows("id", sealed_to + 1, settled)
        last = db.scalar(f"SELECT id FROM ({ids}) AS e OFFSET {source.block_size - 1} LIMIT 1") or settled
        content = _read(source, sealed_to + 1, int(last))
        if content:
            yield content
        sealed_to = int(last)


def _read(source: Source, first: int, last: int) -> Content | None:
    """None where nothing was kept under these ids: a range without entries is sealed with the next that has some."""
    count, digest = sources.digest_rows(source, source.form, first, last)
    return Content(source.name, source.form, first, last, count, digest) if count else None


def _append(content: Content, at: datetime) -> None:
    head = find_head()
    block = make_block(
        number=head.number + 1 if head else 1,
        content=content,
        previous=head.hash if head else GENESIS,
        sealed_at=at,
        key=settings.LINLI_JOURNAL_KEY,
    )
    db.execute(
        f"INSERT INTO seal_block ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(block.number, content.source, content.form, content.first, content.last, content.count, content.digest),
            *(block.previous, block.sealed_at, block.hash, block.mac),
        ],
    )


def as_block(row: tuple[Any, ...]) -> Block:
    """A block from a row of `COLUMNS`."""
    number, source, form, first, last, count, digest, previous, sealed_at, hashed, mac = row
    content = Content(source, form, first, last, count, bytes(digest))
    return Block(number, content, bytes(previous), sealed_at, bytes(hashed), bytes(mac))


def find_head() -> Block | None:
    """The newest block."""
    rows = db.rows(f"SELECT {COLUMNS} FROM seal_block ORDER BY number DESC LIMIT 1")
    return as_block(rows[0]) if rows else None


def find_block(number: int) -> Block | None:
    rows = db.rows(f"SELECT {COLUMNS} FROM seal_block WHERE number = %s", [number])
    return as_block(rows[0]) if rows else None


def list_blocks(*, after: int = 0) -> Iterator[Block]:
    """All blocks in order, a thousand at a time."""
    while True:
        rows = db.rows(
            f"SELECT {COLUMNS} FROM seal_block WHERE number > %s ORDER BY number LIMIT {READ_AT_ONCE}", [after]
        )
        yield from map(as_block, rows)
        if len(rows) < READ_AT_ONCE:
            return
        after = rows[-1][0]


def require_same_chain() -> None:
    """Raises SealsDiffer when the last seal outside of the database is none of this database."""
    kept = outside.find_last()
    if kept is None:
        return
    ours = find_block(kept.number)
    if ours is None:
        why = _("it ends at block %(kept)s, the database before it") % {"kept": kept.number}
    elif ours != kept:
        why = _("block %(kept)s is another one") % {"kept": kept.number}
    else:
        return
    raise SealsDiffer(file=str(outside.find_file()), why=why)


def write_outside() -> int:
    """Append to the file of seals what it lacks; returns how many. Called after the blocks are committed."""
    kept = outside.find_last()
    return outside.append(list_blocks(after=kept.number if kept else 0))


def send_outside(*, at: datetime) -> tuple[int, str]:
    """Send the blocks that the address has not confirmed yet. Returns how many, and why it stopped ("" if it did not).

    What could not be sent goes with the next run; nothing waits for it.
    """
    url, sent = settings.LINLI_SEALS_URL, 0
    if not url:
        return 0, ""
    while True:
        rows = db.rows(
            f"SELECT {COLUMNS} FROM seal_block WHERE sent_at IS NULL ORDER BY number LIMIT {outside.SENT_AT_ONCE}"
        )
        if not rows:
            return sent, ""
        try:
            outside.send(url, [as_block(row) for row in rows])
        except OSError as error:
            return sent, str(error) or type(error).__name__
        db.execute("UPDATE seal_block SET sent_at = %s WHERE number = ANY(%s)", [at, [row[0] for row in rows]])
        sent += len(rows)
