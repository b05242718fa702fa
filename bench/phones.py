"""Phones for the rows that need them: accounts with a post and a session each, and work sealed as a phone seals it.

Made by SQL as the owner, in the form that appointing, signing in and registering the session's key leave; taken away
afterwards. The app's own way of making a command is linli/field/app/src/store/outbox.ts.
"""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import os
import random
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bench import load
from linli.core import crypto, db
from linli.duty.authority import digest_token

PREFIX = "bench-phone-"
BATCH_BYTES = 20_000  # of a body on the wire, as the app sends them
PER_BOX = 51  # what a box takes there beside its base64, of which three quarters are left: as the app measures it
DEVICE = "device_now"
SEAT = 20_000  # posts of the bench begin here, beside those that the city has
KINDS = ("done", "absent", "refused")
WEIGHTS = (97, 2, 1)


@dataclass
class Phone:
    """One worker's phone, signed in hours ago. `subjects`: whom it marks, in walking order."""

    place: int
    seat: int
    subjects: list[int] = field(default_factory=list)
    session: str = field(default_factory=lambda: str(uuid4()))
    key: bytes = field(default_factory=lambda: os.urandom(32))

    @property
    def token(self) -> str:
        return f"linlip_{self.session}"


@contextlib.contextmanager
def signed_in(phones: Sequence[Phone], at: datetime) -> Iterator[None]:
    """The phones' accounts, posts as grid workers and sessions, for the block."""
    try:
        with db.owner(), db.atomic():
            _write(phones, at)
        with db.owner():
            for table in ("account", "appointment", "field_session", "django_session", "account_session"):
                db.execute(f"ANALYZE {table}")
        yield
    finally:
        with db.owner(), db.atomic():
            _remove()


def _write(phones: Sequence[Phone], at: datetime) -> None:
    began, until = at - timedelta(hours=9), at + timedelta(days=29)
    _remove()  # what a run that was killed left
    numbers = range(1, len(phones) + 1)
    _copy(
        "account (username, name, password, is_active, language, large_type, created_at)",
        [(f"{PREFIX}{n}", f"网格员{n}", "!", True, "", False, began) for n in numbers],
    )
    ids = dict(db.rows("SELECT username, id FROM account WHERE starts_with(username, %s)", [PREFIX]))
    accounts = [ids[f"{PREFIX}{n}"] for n in numbers]
    pairs = list(zip(phones, accounts, strict=True))
    since = at - timedelta(days=15)
    _copy(
        "appointment (account_id, role, place_id, seat, is_deputy, officer_kind, since, created_at, created_by)",
        [(account, "grid_worker", one.place, one.seat, False, "", since, since, 0) for one, account in pairs],
    )
    keys = [one.session.replace("-", "") for one in phones]
    _copy(
        "django_session (session_key, session_data, expire_date)",
        [(key, "", until) for key in keys],
    )
    _copy(
        "account_session (account_id, session_key, way, address, agent, started_at, seen_at)",
        [(a, key, "password", None, "bench", began, began) for a, key in zip(accounts, keys, strict=True)],
    )
    _copy(
        "field_session (id, account_id, digest, session_key, device, time_zone, offset_ms, key_sealed, started_at,"
        " seen_at)",
        [
            (
                one.session, account, digest_token(one.token), one.session.replace("-", ""), "", "Asia/Shanghai", 0,
                crypto.seal_bytes(one.key, about=UUID(one.session).bytes), began, began,
            )
            for one, account in pairs
        ],
    )  # fmt: skip


def _copy(into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    with db.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)


def _remove() -> None:
    mine = "(SELECT id FROM account WHERE starts_with(username, %s))"
    db.execute(
        f"DELETE FROM django_session WHERE session_key IN"
        f" (SELECT session_key FROM field_session WHERE account_id IN {mine})",
        [PREFIX],
    )
    for table in ("field_session", "account_session", "appointment"):
        db.execute(f"DELETE FROM {table} WHERE account_id IN {mine}", [PREFIX])
    db.execute("DELETE FROM account WHERE starts_with(username, %s)", [PREFIX])


# --- work that is queued --------------------------------------------------------------------------------------------

Cuts = list[tuple[int, int, int]]
"""The requests of one phone: where each begins in the file, its length, its number of commands."""


@dataclass(frozen=True)
class Prepared:
    """Requests of all phones, whole with their heads. `sealed`: to the product, compressed; `clear`: the same rows, for
    the bare endpoint, in bodies of their own. `sent`: one line a command, id and subject, for COPY."""

    sealed: list[tuple[Path, Cuts]]
    clear: list[tuple[Path, Cuts]]
    sent: list[Path]


def prepare(phones: Sequence[Phone], *, round_code: str, opened: datetime, folder: Path) -> Prepared:
    """Seal what the phones have queued, on all cores, into files below `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = os.cpu_count() or 1
    shares = [phones[part::parts] for part in range(parts)]
    with multiprocessing.get_context("fork").Pool(parts) as pool:
        done = pool.starmap(
            _prepare_share, [(share, round_code, opened, folder, part) for part, share in enumerate(shares)]
        )
    sealed: list[tuple[Path, Cuts]] = []
    clear: list[tuple[Path, Cuts]] = []
    for part, cuts in enumerate(done):
        sealed += [(folder / f"sealed-{part}", own) for own, _ in cuts]
        clear += [(folder / f"clear-{part}", own) for _, own in cuts]
    return Prepared(sealed, clear, [folder / f"sent-{part}" for part in range(parts)])


def _prepare_share(
    phones: Sequence[Phone], round_code: str, opened: datetime, folder: Path, part: int
) -> list[tuple[Cuts, Cuts]]:
    rng = random.Random(part)
    cuts: list[tuple[Cuts, Cuts]] = []
    with (
        (folder / f"sealed-{part}").open("wb") as sealed,
        (folder / f"clear-{part}").open("wb") as clear,
        (folder / f"sent-{part}").open("w") as sent,
    ):
        for phone in phones:
            commands = _commands(phone, round_code, opened, rng)
            sent.writelines(f"{one.id}\t{one.subject}\n" for one in commands)
            told = f'{{"session":"{phone.session}","{DEVICE}":"{opened.isoformat()}"'
            cuts.append(
                (
                    [
                        _append(sealed, load.make_request("/api/field/sync", body, phone.token, encoding="gzip"), count)
                        for body, count in _sealed_bodies(phone, commands, told)
                    ],
                    [
                        _append(clear, load.make_request("/bare/phones", body, phone.token), count)
                        for body, count in _clear_bodies(commands, told)
                    ],
                )
            )
    return cuts


def _append(file: Any, request: bytes, count: int) -> tuple[int, int, int]:
    at = file.tell()
    return at, file.write(request), count


@dataclass(frozen=True)
class Command:
    """What was done at one door, as JSON: `inside` of a box, and in the clear."""

    id: str
    number: int
    subject: int
    inside: str
    clear: str


def _commands(phone: Phone, round_code: str, opened: datetime, rng: random.Random) -> list[Command]:
    """One every minute and a half, from the opening on."""
    kinds = rng.choices(KINDS, WEIGHTS, k=len(phone.subjects))
    pack_at, issued = opened.isoformat(), _millis(opened)
    found = []
    for number, (subject, kind) in enumerate(zip(phone.subjects, kinds, strict=True), 1):
        id, at = str(uuid4()), opened + timedelta(seconds=90 * number + rng.random())
        payload = f'{{"round":"{round_code}","person":"p{subject}","mark":"{kind}"}}'
        clear = (
            f'{{"id":"{id}","device_seq":{number},"kind":"rounds.mark","at":"{at.isoformat()}","payload":{payload},'
            f'"offset_ms":0,"pack_at":"{pack_at}"}}'
        )
        inside = f'["rounds.mark",{_millis(at)},{payload},0,{issued}]'
        found.append(Command(id, number, subject, inside, clear))
    return found


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _sealed_bodies(phone: Phone, commands: Sequence[Command], told: str) -> Iterator[tuple[bytes, int]]:
    """As the app makes them: gathered by their measure, compressed, and fewer where that was out. Each with its number
    of commands."""
    boxes = [_seal(phone, command) for command in commands]
    while boxes:
        size, count = 200.0, 0
        while count < len(boxes) and size + (more := 0.76 * len(boxes[count][1]) + PER_BOX) <= BATCH_BYTES:
            size, count = size + more, count + 1
        while len(body := _compress(told, boxes[:count])) > BATCH_BYTES:
            count -= 1
        yield body, count
        boxes = boxes[count:]


def _seal(phone: Phone, command: Command) -> tuple[str, str]:
    """What goes over the line, and the box in it."""
    nonce, about = os.urandom(12), f"{phone.session}|{command.id}|{command.number}"
    box = b64encode(AESGCM(phone.key).encrypt(nonce, command.inside.encode(), about.encode())).decode()
    head = f'{{"id":"{command.id}","device_seq":{command.number},'
    return f'{head}"nonce":"{b64encode(nonce).decode()}","box":"{box}"}}', box


def _compress(told: str, boxes: Sequence[tuple[str, str]]) -> bytes:
    body = f'{told},"sealed":[{",".join(one for one, _ in boxes)}]}}'
    return gzip.compress(body.encode(), 6, mtime=0)


def _clear_bodies(commands: Sequence[Command], told: str) -> Iterator[tuple[bytes, int]]:
    """In plain JSON, each with its number of commands."""
    some: list[str] = []
    size = empty = len(told) + len(',"commands":[]}')
    for command in commands:
        if some and size + len(command.clear) + 1 > BATCH_BYTES:
            yield f'{told},"commands":[{",".join(some)}]}}'.encode(), len(some)
            some, size = [], empty
        some.append(command.clear)
        size += len(command.clear) + 1
    if some:
        yield f'{told},"commands":[{",".join(some)}]}}'.encode(), len(some)
