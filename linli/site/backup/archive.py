"""The file of a backup: a ZIP of manifest and tables; encrypted, a ZIP that holds that ZIP as an age file.

Encryption is age's (https://age-encryption.org): the data under a key made for this backup, and that key under the
passphrase. Without Linli, `age -d identity.age > key` and `age -d -i key backup.zip.age` open it.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyrage

from linli.site.backup.errors import CannotWrite, NotABackup, PassphraseShort, PassphraseWrong

MANIFEST, README = "manifest.json", "README.txt"
IDENTITY, INNER, SECRETS = "identity.age", "backup.zip.age", "secrets.json.age"
LEAST_PASSPHRASE = 12
FASTEST = 1  # compression: three times faster than the default, and a tenth larger
HOW_TO_OPEN = (
    "An encrypted backup of Linli. Put it back with: linli restore THIS_FILE\n"
    "To look into it without Linli: age -d identity.age > key; age -d -i key backup.zip.age > backup.zip\n"
)


@contextlib.contextmanager
def writing(target: Path, passphrase: str, *, secrets: bytes | None = None) -> Iterator[zipfile.ZipFile]:
    """A ZIP to put members into; `target` appears whole, readable by its owner alone, when the block ends well.

    `secrets`: the secrets file, to go in under the passphrase; without one it is not written. Raises PassphraseShort,
    CannotWrite.
    """
    if passphrase and len(passphrase) < LEAST_PASSPHRASE:
        raise PassphraseShort(least=LEAST_PASSPHRASE)
    draft = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
            opened = _encrypted(file, passphrase, secrets) if passphrase else _plain(file)
            with opened as members:
                yield members
            file.flush()
            os.fsync(file.fileno())
        draft.rename(target)
    except OSError as error:
        raise CannotWrite(file=str(target), why=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


@contextlib.contextmanager
def _plain(file: IO[bytes]) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=FASTEST) as members:
        yield members


@contextlib.contextmanager
def _encrypted(file: IO[bytes], passphrase: str, secrets: bytes | None) -> Iterator[zipfile.ZipFile]:
    """The inner ZIP runs through a pipe into age: nothing is on the disk unencrypted, not for a moment."""
    identity = pyrage.x25519.Identity.generate()
    readable, writable = os.pipe()
    failure: list[BaseException] = []

    def encrypt() -> None:
        with open(readable, "rb") as source:
            try:
                with outer.open(INNER, "w", force_zip64=True) as sink:
                    pyrage.encrypt_io(source, sink, [identity.to_public()])
            except BaseException as error:  # raised again by the thread that waits for this one
                failure.append(error)

    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as outer:
        outer.writestr(README, HOW_TO_OPEN)
        outer.writestr(IDENTITY, pyrage.passphrase.encrypt(str(identity).encode(), passphrase))
        if secrets is not None:
            outer.writestr(SECRETS, pyrage.passphrase.encrypt(secrets, passphrase))
        thread = threading.Thread(target=encrypt)
        thread.start()
        try:
            with open(writable, "wb") as sink, _plain(sink) as members:
                yield members
        finally:
            thread.join()
        if failure:
            raise OSError(str(failure[0])) from failure[0]


@contextlib.contextmanager
def reading(source: Path, passphrase: str, *, scratch: Path) -> Iterator[zipfile.ZipFile]:
    """The members of a backup. An encrypted one is opened into a nameless file in `scratch`, gone when we end.

    Raises NotABackup, PassphraseWrong.
    """
    try:
        with zipfile.ZipFile(source) as outer:
            if IDENTITY not in outer.namelist():
                yield outer
                return
            with tempfile.TemporaryFile(dir=scratch) as opened:
                _decrypt(outer, passphrase, opened)
                with zipfile.ZipFile(opened) as inner:
                    yield inner
    except (zipfile.BadZipFile, FileNotFoundError, IsADirectoryError) as error:
        raise NotABackup(file=str(source), why=str(error)) from error


def is_encrypted(source: Path) -> bool:
    try:
        with zipfile.ZipFile(source) as outer:
            return IDENTITY in outer.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        raise NotABackup(file=str(source), why=str(error)) from error


def read_secrets(source: Path, passphrase: str) -> bytes | None:
    """The secrets file, where an encrypted backup holds it. Raises PassphraseWrong."""
    with zipfile.ZipFile(source) as outer:
        try:  # the identity first: a wrong passphrase is told as such even where no keys are
            pyrage.passphrase.decrypt(outer.read(IDENTITY), passphrase)
            return pyrage.passphrase.decrypt(outer.read(SECRETS), passphrase) if SECRETS in outer.namelist() else None
        except pyrage.DecryptError as error:
            raise PassphraseWrong from error


def _decrypt(outer: zipfile.ZipFile, passphrase: str, sink: IO[bytes]) -> None:
    try:
        text = pyrage.passphrase.decrypt(outer.read(IDENTITY), passphrase).decode()
    except pyrage.DecryptError as error:
        raise PassphraseWrong from error
    with outer.open(INNER) as source:
        try:
            pyrage.decrypt_io(source, sink, [pyrage.x25519.Identity.from_str(text)])
        except pyrage.DecryptError as error:
            raise zipfile.BadZipFile(str(error)) from error
    sink.seek(0)
