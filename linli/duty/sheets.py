"""The chain as a sheet: every post with who holds it, vacant ones too. Phones are masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from linli.core import crypto
from linli.core.extents import Extent
from linli.core.sheets import ExportColumn, iter_csv, write_xlsx
from linli.duty.coverage import list_everybody
from linli.duty.terms import OfficerKind, Role
from linli.places.terms import Kind, PlaceRef

IN_MEMORY = 4 << 20


def chain_columns() -> list[ExportColumn]:
    titles = (
        (pgettext("sheet", "Post"), 12), (pgettext("sheet", "Place code"), 18), (pgettext("sheet", "Place"), 18),
        (pgettext("sheet", "Kind"), 10), (pgettext("sheet", "Name"), 14), (pgettext("sheet", "Stands in"), 8),
        (pgettext("sheet", "Phone"), 14), (pgettext("sheet", "Organisation"), 18),
        (pgettext("sheet", "Kind of officer"), 12), (pgettext("sheet", "From"), 17), (pgettext("sheet", "Until"), 17),
    )  # fmt: skip
    return [ExportColumn(title, width) for title, width in titles]


def chain_rows(extent: Extent, at: datetime, *, vacant_only: bool = False) -> Iterator[Sequence[Any]]:
    """A line a post; vacant posts have no name."""
    yes, vacant = _("yes"), pgettext("post", "vacant")
    for one in list_everybody(extent, at):
        if vacant_only and one.appointment_id is not None:
            continue
        yield (
            str(Role(one.role).label), one.place.code, one.place.name, str(Kind(one.place.kind).label),
            one.name or vacant, yes if one.is_deputy else "",
            crypto.mask(crypto.unseal(one.phone)) if one.phone else "", one.organisation,
            str(OfficerKind(one.officer_kind).label) if one.officer_kind else "", _clock(one.since), _clock(one.until),
        )  # fmt: skip


def _clock(moment: datetime | None) -> datetime | None:
    return timezone.localtime(moment) if moment else None


def _lines(place: PlaceRef, at: datetime) -> tuple[str, str]:
    moment = f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
    return _("Chain of posts · %(place)s") % {"place": place.name}, _("As of %(time)s.") % {"time": moment}


def chain_csv(place: PlaceRef, extent: Extent, at: datetime, *, vacant_only: bool = False) -> Iterator[bytes]:
    title, as_of = _lines(place, at)
    return iter_csv(chain_columns(), chain_rows(extent, at, vacant_only=vacant_only), title=title, as_of=as_of)


def chain_xlsx(place: PlaceRef, extent: Extent, at: datetime, *, vacant_only: bool = False) -> IO[bytes]:
    """A workbook, at its beginning. The caller closes it."""
    title, as_of = _lines(place, at)
    target = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - handed to the response
    rows = chain_rows(extent, at, vacant_only=vacant_only)
    write_xlsx(target, chain_columns(), rows, title=title, as_of=as_of, sheet=_("Chain of posts"))
    target.seek(0)
    return target
