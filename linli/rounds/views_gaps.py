"""The gap list: on screen with one-click marks, on paper, and as a sheet that can be filled in and taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from linli.core import journal
from linli.core.access import Actor
from linli.core.ids import new_id
from linli.core.large import is_post, large
from linli.core.shapes import Pager
from linli.places import queries as places
from linli.places.queries import DoorLabel
from linli.places.terms import PlaceRef
from linli.residents.terms import NEED_LABELS, NEED_WORDS, Need, Purpose, need_labels
from linli.rounds import pages, queries, sheets
from linli.rounds.desk_marks import mark_from_page, take_back_from_page
from linli.rounds.errors import AddressWrong, ListTooLong, PurposeMissing
from linli.rounds.frame import base, crumbs_of, number_or_none, take, url_of
from linli.rounds.gaps import PAGE, Cursor, Filters, Gap, GapPage, list_gaps
from linli.rounds.pages import Lead, Reach
from linli.rounds.queries import RoundView
from linli.rounds.stairwell import LOOKS, Home
from linli.rounds.terms import LEAVING, MARK_WORDS, Figures, Mark
from linli.rounds.views_building import door_context

REASONS = {"not_reached": Mark.NOT_REACHED, "absent": Mark.ABSENT, "refused": Mark.REFUSED}
PRINTED = 5_000  # names on one print; more is no walk
EXPORTED = 100_000


@dataclass(frozen=True)
class GapHome:
    """The open ones of a household, as one block of the list. Numbers are texts: a template would format them."""

    household_id: str
    key: str
    number: str
    gaps: list[Gap]

    @property
    def rows(self) -> list[tuple[Gap, str, str, list[str]]]:
        """Each with the text of its id, its look and its needs."""
        return [(gap, str(gap.subject_id), LOOKS[gap.state], need_labels(gap.needs)) for gap in self.gaps]

    @property
    def count(self) -> str:
        return str(len(self.gaps))


@dataclass(frozen=True)
class GapUnit:
    """The blocks of one stairwell, in walking order."""

    name: str
    unit: PlaceRef
    lead: Lead | None = None
    homes: list[GapHome] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(len(home.gaps) for home in self.homes)


@require_safe
@vary_on_headers("HX-Target")
@large(lambda request: bool(request.GET.get("print")))
def gaps(request: HttpRequest, code: str) -> HttpResponse:
    """Who is missing in a place, in walking order; `print=1` the whole list for paper."""
    round_, actor, at = take(request, code, "rounds.gaps")
    reach = pages.find_reach(round_, request.GET.get("place", ""), "rounds.gaps", actor=actor, at=at)
    filters, cursor = _filters(request), _cursor(request)
    on_paper = bool(request.GET.get("print"))
    is_head = request.headers.get("HX-Target") == "gaps-head"  # its figures alone, after a mark
    limit = PRINTED if on_paper else 1 if is_head else PAGE
    counts = queries.get_figures(round_id=round_.id, extent=reach.extent, at=at)
    found = list_gaps(
        round_=round_, extent=reach.extent, at=at, filters=filters, after=cursor, limit=limit, counted=counts
    )
    if on_paper and found.next:
        raise ListTooLong(limit=PRINTED)
    context = base(round_, actor, reach) | {"at": at, "found": found, "chips": _chips(request, code, counts)}
    if is_head:
        return render(request, "rounds/_gaps_head.html", context)
    context["units"] = _group(found.gaps, reach.moment)
    context["pager"] = _pager(request, code, found, filters)
    context["is_first"] = cursor is None
    context["first_url"] = _url(request, code, after="", n="")
    context["print_url"] = _url(request, code, after="", n="", print=1)
    context["fresh"] = new_id()
    if not on_paper:
        context |= _said_once(request, round_, context["may"])
    context["filtered"] = filters != Filters()
    context["crumbs"] = crumbs_of(round_, reach, (_("Who is missing"), ""))
    return render(request, "rounds/gaps_print.html" if on_paper else "rounds/gaps.html", context)


def _said_once(request: HttpRequest, round_: RoundView, may: dict[str, bool]) -> dict[str, str]:
    """What is the same at every door of a list, rendered once: most of the time of a page went into it."""
    return {
        "buttons": render_to_string("rounds/_gap_buttons.html", {"may": may}, request) if may["mark"] else "",
        "mark_url": reverse("rounds:mark", args=[round_.code]),
        "marks_url": reverse("rounds:marks", args=[round_.code, 0]).removesuffix("0/"),
        "door_url": reverse("rounds:door", args=[round_.code, 0]).removesuffix("0/"),
    }


def _filters(request: HttpRequest) -> Filters:
    reason, need = request.GET.get("reason", ""), request.GET.get("need", "")
    if (reason and reason not in REASONS) or (need and need not in NEED_WORDS):
        raise AddressWrong()
    return Filters(REASONS.get(reason), NEED_WORDS.get(need, Need(0)))


def _cursor(request: HttpRequest) -> Cursor | None:
    try:
        return Cursor.parse(request.GET.get("after", ""))
    except ValueError:
        raise AddressWrong() from None


def _url(request: HttpRequest, code: str, **change: object) -> str:
    """This list with some of its parts changed."""
    kept = {name: request.GET.get(name, "") for name in ("place", "reason", "need")}
    return url_of("gaps", code, **(kept | change))


def _chips(request: HttpRequest, code: str, figures: Figures) -> dict[str, list[dict[str, Any]]]:
    """The filters: by reason with how many, and by need."""
    reason, need = request.GET.get("reason", ""), request.GET.get("need", "")
    reasons = [
        {"label": _("All"), "count": figures.open, "url": _url(request, code, reason=""), "on": not reason, "look": ""}
    ]
    reasons += [
        {
            "label": Mark(kind).label,
            "count": getattr(figures, word),
            "url": _url(request, code, reason=word),
            "on": reason == word,
            "look": LOOKS[kind],
        }
        for word, kind in REASONS.items()
    ]
    needs = [
        {"label": NEED_LABELS[one], "url": _url(request, code, need="" if need == word else word), "on": need == word}
        for word, one in NEED_WORDS.items()
    ]
    return {"reasons": reasons, "needs": needs}


def _pager(request: HttpRequest, code: str, found: GapPage, filters: Filters) -> Pager:
    before = number_or_none(request.GET.get("n", "")) or 0
    last = before + len(found.gaps)
    following = _url(request, code, after=found.next, n=last) if found.next else ""
    return Pager(
        next_url=following,
        first=before + 1 if found.gaps else None,
        last=last if found.gaps else None,
        total=None if filters != Filters() else found.total,
    )


def _group(found: list[Gap], moment: datetime) -> list[GapUnit]:
    """Into stairwells and households; four statements name them all, and who answers for them."""
    labels = places.door_labels({gap.key for gap in found})
    refs = places.get_places({gap.unit_id for gap in found})
    leads = pages.list_leads(list(refs.values()), moment)
    units: list[GapUnit] = []
    for unit_id, in_unit in groupby(found, key=lambda gap: gap.unit_id):
        rows = list(in_unit)
        label = labels[rows[0].key]
        unit = GapUnit(f"{label.compound} {label.building} {label.unit}", refs[unit_id], leads.get(unit_id))
        homes: dict[int, GapHome] = {}  # two households at one door may alternate
        for gap in rows:
            if gap.household_id not in homes:
                homes[gap.household_id] = GapHome(str(gap.household_id), str(gap.key), gap.door, [])
            homes[gap.household_id].gaps.append(gap)
        unit.homes.extend(homes.values())
        units.append(unit)
    return units


@require_POST
def mark(request: HttpRequest, code: str) -> HttpResponse:
    """One press at a door. Answers with what was there, as it now stands: a block of the list, or the door's panel."""
    round_, actor, at = take(request, code, "rounds.mark")
    key = number_or_none(request.POST.get("key", ""))
    if key is None:
        raise AddressWrong()
    homes = mark_from_page(round_=round_, key=key, posted=request.POST, actor=actor, at=at)
    return _answer(request, round_, actor, key, homes, at)


@require_POST
def take_back(request: HttpRequest, code: str) -> HttpResponse:
    """Undo one press at a door; answers as `mark` does."""
    round_, actor, at = take(request, code, "rounds.mark")
    key = number_or_none(request.POST.get("key", ""))
    if key is None:
        raise AddressWrong()
    homes = take_back_from_page(round_=round_, key=key, posted=request.POST, actor=actor, at=at)
    return _answer(request, round_, actor, key, homes, at, undone=True)


def _answer(
    request: HttpRequest, round_: RoundView, actor: Actor, key: int, homes: list[Home], at: Any, undone: bool = False
) -> HttpResponse:
    """What was there, as it now stands, with the way back from what was pressed."""
    said = {"undone": undone, "pressed": None if undone else _pressed(request)}
    if request.POST.get("from") == "list":
        return _answer_in_list(request, round_, actor, key, homes, said)
    context = base(round_, actor) | door_context(round_, actor, key, at, homes) | said
    response = render(request, "rounds/_door.html", context)
    response["HX-Trigger"] = "linli:marked"
    return response


def _pressed(request: HttpRequest) -> dict[str, str] | None:
    """What the button that takes it back sends. None where the register was corrected: that is put right there."""
    kind = request.POST.get("kind", "")
    if MARK_WORDS.get(kind) in LEAVING:
        return None
    return {"id": request.POST.get("id", ""), "kind": kind, "label": str(MARK_WORDS[kind].label)}


def _answer_in_list(
    request: HttpRequest, round_: RoundView, actor: Actor, key: int, homes: list[Home], said: dict[str, Any]
) -> HttpResponse:
    home = next((home for home in homes if str(home.household_id) == request.POST.get("household", "")), None)
    context = base(round_, actor) | said
    context |= _said_once(request, round_, context["may"])
    context |= {
        "home": home,
        "household_id": request.POST.get("household", ""),
        "key": key,
        "number": str(places.get_door(key).number),
        "fresh": new_id(),
    }
    response = render(request, "rounds/_gap_home_done.html", context)
    response["HX-Trigger"] = "linli:marked"
    return response


@require_http_methods(["GET", "POST"])
@large(is_post)
def export(request: HttpRequest, code: str) -> HttpResponseBase:
    """The list as a sheet: asks what for, leaves an entry in the journal, and carries what a sheet of marks needs."""
    round_, actor, at = take(request, code, "rounds.export")
    place = request.POST.get("place", "") or request.GET.get("place", "")
    reach = pages.find_reach(round_, place, "rounds.export", actor=actor, at=at)
    filters = _filters(request)
    if request.method == "GET":
        figures = queries.get_figures(round_id=round_.id, extent=reach.extent, at=at)
        context = base(round_, actor, reach) | {"figures": figures, "purposes": Purpose.choices}
        context["crumbs"] = crumbs_of(round_, reach, (_("Export"), ""))
        return render(request, "rounds/export.html", context)
    purpose = request.POST.get("purpose", "")
    if purpose not in Purpose.values:
        raise PurposeMissing()
    found = list_gaps(round_=round_, extent=reach.extent, at=at, filters=filters, limit=EXPORTED)
    if found.next:
        raise ListTooLong(limit=EXPORTED)
    journal.record(
        actor=actor,
        at=at,
        verb="rounds.export_gaps",
        permission="rounds.export",
        key=reach.extent.spans[0].lo if reach.extent else 0,
        subject=f"round:{round_.code}",
        purpose=purpose,
        rows=len(found.gaps),
    )
    return _sheet(round_, reach, found.gaps, request.POST.get("format", "xlsx"), at)


def _sheet(round_: RoundView, reach: Reach, found: list[Gap], kind: str, at: Any) -> HttpResponseBase:
    labels: dict[int, DoorLabel] = places.door_labels({gap.key for gap in found})
    rows = sheets.gap_rows(round_, found, labels)
    name = sheets.file_name(round_, reach.place.code if reach.place else "")
    if kind == "csv":
        return StreamingHttpResponse(
            list(sheets.gap_csv(round_, reach.place, rows, at)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )
    return FileResponse(sheets.gap_xlsx(round_, reach.place, rows, at), as_attachment=True, filename=f"{name}.xlsx")
