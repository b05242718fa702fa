"""Before settings load: which keys will the restored data meet? Loading them would make new ones where none are.

In English alone, like every complaint about keys: it comes before the other languages are there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from linli.site.backup import archive
from linli.site.backup.errors import NotABackup, PassphraseWrong
from linli.site.secrets import SecretsError, find_path


def bring_keys(*, source: Path, ask: Callable[[], str], home: Path, without: bool) -> str:
    """Put the keys of a backup that has them where there are none; else insist that somebody thought of them.

    Returns the passphrase, asked for where the backup is encrypted, else "". Raises SecretsError.
    """
    path = find_path(home)
    try:
        passphrase = ask() if archive.is_encrypted(source) else ""
        kept = archive.read_secrets(source, passphrase) if passphrase else None
    except NotABackup:
        raise SecretsError(f"{source} is not a backup of Linli, or it is damaged.") from None
    except PassphraseWrong:
        raise SecretsError("The passphrase does not open this backup.") from None
    if path.exists():
        return passphrase
    if kept is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(kept)
    elif not without:
        raise SecretsError(
            f"The backup does not hold the keys, and {path} is not there. Put the secrets file of the old installation"
            " there first (mode 600). To go on without it, and without ID and phone numbers: --without-keys."
        )
    return passphrase
