"""`linli backup` and `linli restore`. What needs settings is imported late: a restore sees to the keys first."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from linli.core.access import Actor


def read_passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\r\n")
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True))


def run_backup(*, target: str, passphrase: str, with_keys: bool, as_json: bool) -> None:
    from linli.core import clock, terminal
    from linli.site.backup.writing import back_up

    actor = _who()
    folder_or_file = Path(target)
    if target.endswith("/"):
        folder_or_file.mkdir(mode=0o700, parents=True, exist_ok=True)
    with terminal.progress() as watch:
        path, manifest = back_up(
            target=folder_or_file, actor=actor, at=clock.now(), passphrase=passphrase, with_keys=with_keys, watch=watch
        )
    rows = sum(table["rows"] for table in manifest["tables"])
    size = path.stat().st_size
    if as_json:
        shown: dict[str, Any] = {"file": str(path), "bytes": size, "rows": rows, "encrypted": bool(passphrase)}
        terminal.print_json(shown | manifest)
        return
    numbers = {"file": path, "mib": f"{size / 2**20:,.1f}", "tables": len(manifest["tables"]), "rows": f"{rows:,}"}
    say(_("%(file)s: %(tables)s tables, %(rows)s rows, %(mib)s MiB.") % numbers)
    if with_keys:
        say(_("The keys are in it: whoever has the file and its passphrase reads everything."))
    else:
        say(_("The keys are not in it: keep the secrets file apart. Without it, ID and phone numbers are lost."))
    if not passphrase:
        say(_("It is not encrypted: names, homes and marks can be read by whoever has the file."))


def run_restore(*, source: Path, passphrase: str, replace: bool, without_keys: bool, as_json: bool) -> None:
    from django.utils import timezone

    from linli.core import clock, terminal
    from linli.site.backup.restoring import restore

    with terminal.progress() as watch:
        done = restore(
            source=source,
            at=clock.now(),
            passphrase=passphrase,
            replace=replace,
            without_keys=without_keys,
            watch=watch,
        )
    if as_json:
        terminal.print_json(asdict(done))
        return
    made_at = f"{timezone.localtime(datetime.fromisoformat(done.made_at)):%Y-%m-%d %H:%M:%S}"
    numbers = {"tables": done.tables, "rows": f"{done.rows:,}", "made_at": made_at}
    say(_("%(tables)s tables, %(rows)s rows of %(made_at)s: counts and hashes match the backup.") % numbers)
    if not done.keys_fit:
        say(_("The keys here are not the backup's: ID and phone numbers cannot be read until those are put back."))
    say(_("Next: linli doctor, linli journal verify."))


def _who() -> Actor:
    """The account of --as; a backup at night is the system's."""
    from linli.core import access, terminal

    return terminal.get_actor() if os.environ.get(terminal.ACCOUNT_VARIABLE) else access.SYSTEM


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
