"""What the doctor looks at of the machine: keys, disks, the time, and who else reaches the database."""

from __future__ import annotations

import ctypes
import ipaddress
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.db.utils import Error as DatabaseError
from django.utils.translation import gettext as _

from linli.core import crypto
from linli.core.roles import WEB_ROLE
from linli.site.findings import Finding, ask

SPACE_FAIL_MIB, SPACE_WARN_MIB = 512, 5 * 1024
LEAST_SECRET = 32
LEAST_BYTES = 8  # different bytes in a random key of 32
CLOCK_UNSYNCHRONISED = 5
TIMEX_BYTES = 256  # struct timex of Linux is smaller; the first field, 0, asks without setting


def check_secrets() -> Iterator[Finding]:
    path = Path(settings.LINLI_SECRETS_PATH)
    mode = stat.S_IMODE(path.stat().st_mode)
    good = not mode & 0o077
    yield Finding("secrets", "ok" if good else "fail", f"{path} {mode:o}", "" if good else f"chmod 600 {path}")
    keys = [*settings.LINLI_DATA_KEYS.values(), settings.LINLI_HASH_KEY, settings.LINLI_JOURNAL_KEY]
    known = "only-for-tests" in settings.SECRET_KEY or len(settings.SECRET_KEY) < LEAST_SECRET
    if known or any(len(set(key)) < LEAST_BYTES for key in keys):
        mend = _("While there is no data: remove the file and start again, which makes new ones.")
        yield Finding("secrets", "fail", _("the keys are known or were not made at random"), mend)
    if len(set(keys)) < len(keys):
        yield Finding("secrets", "fail", _("one key serves two purposes"), _("Give each purpose a key of its own."))


def check_space(embedded: Path | None) -> Iterator[Finding]:
    """Each disk once, named by the first of its folders."""
    home = Path(settings.LINLI_HOME)
    seen: set[int] = set()
    for folder in (home, embedded, home / "uploads", Path(settings.LINLI_SEALS)):
        if folder is None or not folder.exists() or folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        free = shutil.disk_usage(folder).free // (1024 * 1024)
        state = "fail" if free < SPACE_FAIL_MIB else "warn" if free < SPACE_WARN_MIB else "ok"
        mend = "" if state == "ok" else _("Free space, or set LINLI_HOME to a larger disk.")
        yield Finding("disk", state, _("%(free)s MiB free in %(home)s") % {"free": free, "home": folder}, mend)


def check_time_server() -> Iterator[Finding]:
    """Whether the machine's clock is kept right by anybody, as the kernel knows it (Linux)."""
    if sys.platform != "linux":
        return
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    if state == CLOCK_UNSYNCHRONISED:
        mend = _("Switch on a time service (systemd-timesyncd, chrony): the order of marks goes by the time.")
        yield Finding("time server", "warn", _("nobody keeps this machine's clock right"), mend)
    elif state >= 0:
        yield Finding("time server", "ok", _("the clock is kept right"))


def check_ownership() -> Iterator[Finding]:
    rows = ask(
        "SELECT relname::text FROM pg_class WHERE pg_get_userbyid(relowner) = %s"
        " UNION ALL SELECT nspname::text FROM pg_namespace WHERE pg_get_userbyid(nspowner) = %s LIMIT 5",
        WEB_ROLE, WEB_ROLE,
    )  # fmt: skip
    if rows:
        mend = _("REASSIGN OWNED BY %(role)s TO the owner of the other tables: row-level security spares owners.")
        names = ", ".join(str(name) for (name,) in rows)
        yield Finding("web role", "fail", _("it owns %(names)s") % {"names": names}, mend % {"role": WEB_ROLE})


def check_reach() -> Iterator[Finding]:
    """Who may knock at the database from other machines, and whether the way there is encrypted."""
    ((listens, away, encrypted),) = ask(
        "SELECT current_setting('listen_addresses'), inet_client_addr() IS NOT NULL"
        " AND NOT inet_client_addr() <<= '127.0.0.0/8' AND inet_client_addr() <> '::1',"
        " coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)"
    )
    if away and not encrypted:
        mend = _("Add sslmode=verify-full to DATABASE_URL, and a certificate to the server.")
        yield Finding("database reach", "fail", _("the way to the database is not encrypted"), mend)
    others = [name.strip() for name in str(listens).split(",") if name.strip() and not _is_loopback(name.strip())]
    if not others:
        yield Finding("database reach", "ok", _("from this machine alone"))
        return
    yield from _read_rules(", ".join(others))


def _read_rules(listens: str) -> Iterator[Finding]:
    try:
        rules = ask(
            "SELECT auth_method, address, netmask FROM pg_hba_file_rules WHERE type LIKE 'host%%' AND error IS NULL"
        )
    except DatabaseError:
        detail = _("it listens on %(names)s; its rules (pg_hba.conf) cannot be read by this login") % {"names": listens}
        yield Finding("database reach", "warn", detail, _("Let in the machines of Linli alone: pg_hba.conf, firewall."))
        return
    open_to_all = [address for _method, address, mask in rules if address == "all" or mask in ("0.0.0.0", "::")]  # noqa: S104
    trusting = [address for method, address, _mask in rules if method == "trust" and not _is_loopback(str(address))]
    if trusting:
        detail = _("it lets in without a password: %(names)s") % {"names": ", ".join(map(str, trusting))}
        yield Finding("database reach", "fail", detail, _("In pg_hba.conf, write scram-sha-256 instead of trust."))
    elif open_to_all:
        detail = _("it listens on %(names)s and takes anybody's attempts") % {"names": listens}
        yield Finding("database reach", "warn", detail, _("Let in the machines of Linli alone: pg_hba.conf, firewall."))
    else:
        yield Finding("database reach", "ok", _("it listens on %(names)s, for chosen machines") % {"names": listens})


def _is_loopback(name: str) -> bool:
    if name in ("localhost", "samehost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def check_user() -> Iterator[Finding]:
    if os.geteuid() == 0:
        mend = _("For daily use, make a user for Linli and run it as that user.")
        yield Finding("user", "warn", "root", mend)


def check_keys() -> Iterator[Finding]:
    """Whether the keys open what is sealed: those of another installation make everything look well until somebody
    has to be called, or is registered a second time because their number is not found."""
    for order in ("ASC", "DESC"):
        rows = ask(
            "SELECT id_sealed, id_hash FROM person WHERE id_sealed <> '' AND id_hash IS NOT NULL"
            f" ORDER BY id {order} LIMIT 1"
        )
        for sealed, hashed in rows:
            try:
                fits = crypto.lookup_hash(crypto.unseal(bytes(sealed))) == bytes(hashed)  # type: ignore[call-overload]
            except (KeyError, InvalidTag):
                fits = False
            if not fits:
                detail = _("the keys are not those that sealed the ID and phone numbers in the database")
                mend = _("Stop Linli and put back the secrets file that was in use; do not register or import before.")
                yield Finding("keys", "fail", detail, mend)
                return
        if rows and order == "DESC":
            yield Finding("keys", "ok", _("they open what is sealed"))
