"""`linli doctor`: what is wrong with this installation, and how to mend it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.utils import Error as DatabaseError
from django.utils.translation import gettext as _

from linli.core import clock
from linli.core.roles import WEB_ROLE
from linli.core.terminal import print_json
from linli.site import doctor_host, doctor_work
from linli.site.findings import Finding, ask
from linli.site.prepare import has_pending_migrations, list_unknown_migrations
from linli.site.server_place import EmbeddedServerError, Place, find_place

OLDEST_SERVER = 150000
CLOCK_SECONDS = 2.0
AHEAD = timedelta(minutes=1)  # of the newest entry to now: no two clocks that are kept right are so far apart
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}


def examine() -> list[Finding]:
    """Run every check. One that cannot be carried out is a failure of its own, never a crash."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found.extend(check())
        except (DatabaseError, OSError) as error:
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            name = check.__name__.removeprefix("_").removeprefix("check_")
            found.append(Finding(name, "fail", reason, _mend_database()))
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


def _check_python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if good else "fail", version, "" if good else _("Install Python 3.11 or later."))


def _check_database() -> Iterator[Finding]:
    ((number, text),) = ask("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
    good = isinstance(number, int) and number >= OLDEST_SERVER
    mend = "" if good else _("Linli needs PostgreSQL 15 or later: upgrade the server.")
    place = _find_embedded()
    where = f", {place.data}" if place else ""
    yield Finding("database", "ok" if good else "fail", f"PostgreSQL {text}{where}", mend)


def _check_roles() -> Iterator[Finding]:
    rows = ask(
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
        rows = ask(
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
    newer = list_unknown_migrations()
    if newer:
        detail = _("tables are newer than the program: %(names)s") % {"names": ", ".join(newer[:3])}
        mend = _("Install the version of Linli that made them, or restore the backup made before the change.")
        yield Finding("migrations", "fail", detail, mend)
    else:
        yield Finding("migrations", "fail" if pending else "ok", detail, _("Run 'linli migrate'.") if pending else "")


def _check_wall() -> Iterator[Finding]:
    """Every table of the jurisdiction says by its comment which side of the wall it stands on."""
    rows = ask(
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


def _check_clock() -> Iterator[Finding]:
    try:
        ZoneInfo(settings.TIME_ZONE)
    except ZoneInfoNotFoundError:
        yield Finding("time zone", "fail", settings.TIME_ZONE, _("Set LINLI_TIME_ZONE, for example Asia/Shanghai."))
    ((moment,),) = ask("SELECT clock_timestamp()")
    assert isinstance(moment, datetime)  # noqa: S101 - narrows a type
    apart = abs((datetime.now(UTC) - moment).total_seconds())
    good = apart < CLOCK_SECONDS
    mend = "" if good else _("Set both machines by the same time server (NTP): event times are compared.")
    detail = _("%(seconds).1f s from the database") % {"seconds": apart}
    yield Finding("clock", "ok" if good else "fail", detail, mend)
    for (last,) in ask("SELECT at FROM journal_entry ORDER BY id DESC LIMIT 1"):
        if isinstance(last, datetime) and last > clock.now() + AHEAD:
            detail = _("the newest entry of the journal is of %(moment)s") % {"moment": f"{last:%F %R} UTC"}
            mend = _("This machine's clock is behind, or was ahead then: set it right before anybody goes on working.")
            yield Finding("clock", "fail", detail, mend)


def _check_web() -> Iterator[Finding]:
    mend = _("Unset LINLI_DEBUG: error pages would show data to anybody.") if settings.DEBUG else ""
    yield Finding("debug", "fail" if settings.DEBUG else "ok", "on" if settings.DEBUG else "off", mend)
    away = [name for name in settings.ALLOWED_HOSTS if name not in LOOPBACK]
    if away and not settings.SESSION_COOKIE_SECURE:
        mend = _("Put a proxy with a certificate in front and set LINLI_HTTPS=1: phones and passwords need it.")
        yield Finding("https", "warn", ", ".join(away), mend)
    else:
        yield Finding("https", "ok", _("on") if settings.SESSION_COOKIE_SECURE else _("only this machine is served"))


def _check_space() -> Iterator[Finding]:
    place = _find_embedded()
    yield from doctor_host.check_space(place.data if place else None)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    _check_python,
    _check_database,
    _check_roles,
    _check_schemas,
    _check_migrations,
    _check_wall,
    doctor_host.check_ownership,
    doctor_host.check_reach,
    doctor_work.check_jobs,
    doctor_work.check_schedule,
    doctor_work.check_seals,
    _check_clock,
    doctor_host.check_time_server,
    doctor_host.check_secrets,
    doctor_host.check_keys,
    _check_space,
    _check_web,
    doctor_host.check_user,
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
