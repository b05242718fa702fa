"""`linli doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import connections
from django.db.utils import Error as DatabaseError
from django.utils.translation import gettext as _

from linli.core.roles import WEB_ROLE
from linli.core.terminal import print_json
from linli.site.prepare import has_pending_migrations
from linli.site.server_place import EmbeddedServerError, Place, find_place

OLDEST_SERVER = 150000
SPACE_FAIL_MIB, SPACE_WARN_MIB = 512, 5 * 1024
CLOCK_SECONDS = 2.0
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}


@dataclass(frozen=True)
class Finding:
    """One check: ``state`` is ok, warn or fail; ``mend`` says what to do and is empty when all is well."""

    check: str
    state: str
    detail: str
    mend: str = ""


def examine() -> list[Finding]:
    """Run every check. One that cannot be carried out is a failure of its own, never a crash."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found.extend(check())
        except (DatabaseError, OSError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            found.append(Finding(check.__name__.removeprefix("_check_"), "fail", reason, _mend_database()))
    return found


def _find_embedded() -> Place | None:
    """The place of the embedded server, when that is the one we use."""
    with contextlib.suppress(EmbeddedServerError):
        place = find_place(Path(settings.LINLI_HOME))
        if place.url == settings.LINLI_DATABASE_URL:
            return place
    return None


def _mend_database() -> str:
    place = _find_embedded()
    if place is not None:
        return _("Look at %(log)s, then start again with 'linli run'.") % {"log": place.log}
    return _("Check DATABASE_URL, and that the PostgreSQL server runs and lets this machine in.")


def _ask(query: str, *parameters: str) -> list[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def _check_python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if good else "fail", version, "" if good else _("Install Python 3.11 or later."))


def _check_database() -> Iterator[Finding]:
    ((number, text),) = _ask("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
    good = isinstance(number, int) and number >= OLDEST_SERVER
    mend = "" if good else _("Linli needs PostgreSQL 15 or later: upgrade the server.")
    place = _find_embedded()
    where = f", {place.data}" if place else ""
    yield Finding("database", "ok" if good else "fail", f"PostgreSQL {text}{where}", mend)


def _check_roles() -> Iterator[Finding]:
    rows = _ask(
        "SELECT rolsuper OR rolbypassrls, pg_has_role(current_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = %s",
        WEB_ROLE,
    )
    if not rows:
        yield Finding("web role", "fail", _("%(role)s is missing") % {"role": WEB_ROLE}, _("Run 'linli migrate'."))
        return
    bypasses, member = rows[0]
    if bypasses:
        mend = f"ALTER ROLE {WEB_ROLE} NOSUPERUSER NOBYPASSRLS"
        yield Finding("web role", "fail", _("%(role)s walks past row-level security") % {"role": WEB_ROLE}, mend)
    elif not member:
        mend = f"GRANT {WEB_ROLE} TO <login>"
        yield Finding("web role", "fail", _("the login may not become %(role)s") % {"role": WEB_ROLE}, mend)
    else:
        yield Finding("web role", "ok", WEB_ROLE)


def _check_schemas() -> Iterator[Finding]:
    for name in (settings.LINLI_SCHEMA, settings.LINLI_JOBS_SCHEMA):
        rows = _ask(
            "SELECT has_schema_privilege(%s, oid, 'USAGE'), has_schema_privilege(%s, oid, 'CREATE') "
            "FROM pg_namespace WHERE nspname = %s",
            WEB_ROLE,
            WEB_ROLE,
            name,
        )
        good = rows == [(True, False)]
        mend = "" if good else _("Run 'linli migrate'; the web role must not own or create anything in the schema.")
        yield Finding("schema", "ok" if good else "fail", name, mend)


def _check_migrations() -> Iterator[Finding]:
    pending = has_pending_migrations()
    detail = _("tables are older than the program") if pending else _("up to date")
    yield Finding("migrations", "fail" if pending else "ok", detail, _("Run 'linli migrate'.") if pending else "")


def _check_wall() -> Iterator[Finding]:
    """Every table of the jurisdiction says by its comment which side of the wall it stands on."""
    rows = _ask(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND coalesce(obj_description(c.oid), '') NOT LIKE 'wall: %%' "
        "AND EXISTS (SELECT 1 FROM information_schema.role_table_grants g "
        "WHERE g.table_schema = n.nspname AND g.table_name = c.relname AND g.grantee = %s) ORDER BY 1",
        settings.LINLI_SCHEMA,
        WEB_ROLE,
    )
    open_tables = ", ".join(str(name) for (name,) in rows)
    mend = _("A migration must say policied, public or closed for each; until then revoke the grants.") if rows else ""
    yield Finding("wall", "fail" if rows else "ok", open_tables or _("every granted table is declared"), mend)


def _check_jobs() -> Iterator[Finding]:
    rows = _ask(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' "
        "AND (scheduled_at IS NULL OR scheduled_at < now() - interval '5 minutes') "
        "AND NOT EXISTS (SELECT 1 FROM procrastinate_workers WHERE last_heartbeat > now() - interval '1 minute')"
    )
    waiting = rows[0][0]
    mend = _("No worker is running: start 'linli run' or 'linli work'.") if waiting else ""
    yield Finding("jobs", "warn" if waiting else "ok", _("%(number)s waiting") % {"number": waiting}, mend)


def _check_clock() -> Iterator[Finding]:
    try:
        ZoneInfo(settings.TIME_ZONE)
    except ZoneInfoNotFoundError:
        yield Finding("time zone", "fail", settings.TIME_ZONE, _("Set LINLI_TIME_ZONE, for example Asia/Shanghai."))
    ((moment,),) = _ask("SELECT clock_timestamp()")
    assert isinstance(moment, datetime)  # noqa: S101 - narrows a type
    apart = abs((datetime.now(UTC) - moment).total_seconds())
    good = apart < CLOCK_SECONDS
    mend = "" if good else _("Set both machines by the same time server (NTP): event times are compared.")
    detail = _("%(seconds).1f s from the database") % {"seconds": apart}
    yield Finding("clock", "ok" if good else "fail", detail, mend)


def _check_secrets() -> Iterator[Finding]:
    path = Path(settings.LINLI_SECRETS_PATH)
    mode = stat.S_IMODE(path.stat().st_mode)
    good = not mode & 0o077
    yield Finding("secrets", "ok" if good else "fail", f"{path} {mode:o}", "" if good else f"chmod 600 {path}")


def _check_space() -> Iterator[Finding]:
    home = Path(settings.LINLI_HOME)
    free = shutil.disk_usage(home).free // (1024 * 1024)
    state = "fail" if free < SPACE_FAIL_MIB else "warn" if free < SPACE_WARN_MIB else "ok"
    mend = "" if state == "ok" else _("Free space, or set LINLI_HOME to a larger disk.")
    yield Finding("disk", state, _("%(free)s MiB free in %(home)s") % {"free": free, "home": home}, mend)


def _check_web() -> Iterator[Finding]:
    mend = _("Unset LINLI_DEBUG: error pages would show data to anybody.") if settings.DEBUG else ""
    yield Finding("debug", "fail" if settings.DEBUG else "ok", "on" if settings.DEBUG else "off", mend)
    away = [name for name in settings.ALLOWED_HOSTS if name not in LOOPBACK]
    if away and not settings.SESSION_COOKIE_SECURE:
        mend = _("Put a proxy with a certificate in front and set LINLI_HTTPS=1: phones and passwords need it.")
        yield Finding("https", "warn", ", ".join(away), mend)
    else:
        yield Finding("https", "ok", _("on") if settings.SESSION_COOKIE_SECURE else _("only this machine is served"))


def _check_user() -> Iterator[Finding]:
    if os.geteuid() == 0:
        mend = _("For daily use, make a user for Linli and run it as that user.")
        yield Finding("user", "warn", "root", mend)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _check_python,
    _check_database,
    _check_roles,
    _check_schemas,
    _check_migrations,
    _check_wall,
    _check_jobs,
    _check_clock,
    _check_secrets,
    _check_space,
    _check_web,
    _check_user,
)


def print_report(report: list[Finding], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(found) for found in report])
        return
    signs = {"ok": "✓", "warn": "!", "fail": "✗"}
    for found in report:
        sys.stdout.write(f"{signs[found.state]} {found.check}: {found.detail}\n")
        if found.mend:
            sys.stdout.write(f"    → {found.mend}\n")
