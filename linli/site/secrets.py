"""The keys of this installation: one JSON file, mode 0600, made at the first start and never printed.

``secret_key`` signs sessions; ``data_keys`` (number -> 32 bytes, base64) encrypt personal fields, the highest
number is the newest; ``hash_key`` makes exact look-up possible; ``journal_key`` seals the journal. Losing the
file means losing the personal fields: it belongs in the backup, apart from the database.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

KEY_BYTES = 32


class SecretsError(RuntimeError):
    """The secrets file cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Secrets:
    path: Path
    secret_key: str
    data_keys: dict[int, bytes]
    hash_key: bytes
    journal_key: bytes


def find_path(home: Path) -> Path:
    """``LINLI_SECRETS``, or ``secrets.json`` in the home folder."""
    named = os.environ.get("LINLI_SECRETS")
    return Path(named).expanduser() if named else home / "secrets.json"


def load_secrets(home: Path) -> Secrets:
    """Read the keys, making them first where there are none. Raises SecretsError for a damaged file."""
    path = find_path(home)
    if not path.exists():
        _create(path)
    try:
        kept = json.loads(path.read_text())
        data_keys = {int(number): _decode(text) for number, text in kept["data_keys"].items()}
        if not data_keys:
            raise ValueError("no data key")
        return Secrets(path, kept["secret_key"], data_keys, _decode(kept["hash_key"]), _decode(kept["journal_key"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SecretsError(
            f"{path} is damaged ({error}). Put it back from the backup; do not delete it: "
            "without it the personal fields in the database cannot be read."
        ) from error
    except PermissionError as error:
        raise SecretsError(
            f"{path} cannot be read by this user. Run as its owner, or set LINLI_HOME or LINLI_SECRETS."
        ) from error


def _decode(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _create(path: Path) -> None:
    """Write whole, then link: of two first starts one wins and the other reads the winner's keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = {
        "secret_key": secrets.token_urlsafe(48),
        "data_keys": {"1": _new_key()},
        "hash_key": _new_key(),
        "journal_key": _new_key(),
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(fresh, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
