"""Pages of duplicates: the list, two entries side by side, what was merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from linli.core.api import cut_page, read_cursor
from linli.core.errors import Invalid, NotFound, Problem, Text
from linli.core.requests import ActingRequest
from linli.core.shapes import Pager
from linli.core.templatetags.linli import local
from linli.places import queries as places
from linli.residents.duplicates import decisions, finding, households, people, queries
from linli.residents.policies import FIELD_LABELS
from linli.residents.services.people import EDITABLE
from linli.residents.terms import EntryKind, HouseholdView, PersonView, Pick, Verdict

MERGE = finding.MERGE
LEFT, RIGHT, BOTH = "left", "right", "both"
GRADES: dict[str, Text] = {
    "certain": gettext_lazy("nearly certain"),
    "likely": gettext_lazy("likely"),
    "possible": gettext_lazy("possible"),
}
TABS = (Verdict.OPEN, Verdict.LATER, Verdict.DIFFERENT)


@never_cache
@require_safe
def index(request: ActingRequest) -> HttpResponse:
    """The list of one kind and one state, the surest first."""
    request.actor.require(MERGE)
    kind = EntryKind.HOUSEHOLD if request.GET.get("kind") == "household" else EntryKind.PERSON
    said = request.GET.get("verdict", Verdict.OPEN)
    verdict = Verdict(said) if said in TABS else Verdict.OPEN
    after = read_cursor(request.GET.get("after", ""), float, int)
    found = queries.list_pairs(
        kind=kind, verdict=verdict, actor=request.actor, limit=queries.PAGE + 1,
        after=(float(after[0]), int(after[1])) if after else None,
    )  # fmt: skip
    pairs, following = cut_page(found, queries.PAGE, lambda pair: (pair.certainty, pair.id))
    counts = queries.count_pairs(actor=request.actor)
    context = {
        "pairs": [(pair, GRADES[pair.grade]) for pair in pairs],
        "kind": kind,
        "verdict": verdict,
        "kinds": [_tab(one.label, one == kind, counts.get((one, verdict), 0), one, verdict) for one in EntryKind],
        "verdicts": [_tab(one.label, one == verdict, counts.get((kind, one), 0), kind, one) for one in TABS],
        "pager": Pager(next_url=_url(kind, verdict, after=following) if following else ""),
        "crumbs": [(_("Residents"), reverse("residents:search")), (_("Duplicates"), "")],
    }
    return render(request, "residents/duplicates.html", context)


@dataclass(frozen=True)
class Tab:
    label: Text
    url: str
    is_here: bool
    count: int


def _tab(label: Text, is_here: bool, count: int, kind: EntryKind, verdict: Verdict) -> Tab:
    return Tab(label, _url(kind, verdict), is_here, count)


def _url(kind: EntryKind, verdict: Verdict, **more: str) -> str:
    query = urlencode({"kind": kind.name.lower(), "verdict": verdict, **more})
    return f"{reverse('residents:duplicates')}?{query}"


@require_POST
def find(request: ActingRequest) -> HttpResponse:
    """Look again, over one place or all of one's own; the job's page follows it."""
    request.actor.require(MERGE)
    code = request.POST.get("place", "").strip()
    place_id = places.get_place(code).id if code else None
    job = finding.request_find(place_id=place_id, actor=request.actor, at=request.at)
    return redirect("desk:job", job.id)


@never_cache
@require_http_methods(["GET", "POST"])
def pair(request: ActingRequest, id: int) -> HttpResponse:
    """Two entries side by side. Sent: they are one, and which value stands for each field."""
    request.actor.require(MERGE)
    found = queries.get_pair(id, actor=request.actor)
    problem = None
    if request.method == "POST":
        try:
            number = _merge(request, found)
        except Problem as refused:
            if refused.status in (403, 404):
                raise
            problem = refused
        else:
            said = _("Merged. It can be undone under “Merged”, no. %(number)s.")
            messages.success(request, said % {"number": number})
            return redirect(_url(found.kind, Verdict.OPEN))
    context = _people(request, found) if found.kind == EntryKind.PERSON else _homes(request, found)
    context |= {
        "pair": found,
        "grade": GRADES[found.grade],
        "problem": problem,
        "crumbs": [
            (_("Residents"), reverse("residents:search")),
            (_("Duplicates"), _url(found.kind, found.verdict)),
            (_("Pair %(number)s") % {"number": found.id}, ""),
        ],
    }
    page = "person" if found.kind == EntryKind.PERSON else "household"
    return render(request, f"residents/duplicate_{page}.html", context, status=problem.status if problem else 200)


class StaysMissing(Invalid):
    code = "residents.stays_missing"
    title = gettext_lazy("It is not said which entry stays.")
    advice_text = gettext_lazy("Choose one of the two, then merge.")


def _merge(request: ActingRequest, found: queries.PairLine) -> int:
    sides = {LEFT: found.left.id, RIGHT: found.right.id}
    stays = request.POST.get("stays", "")
    if stays not in sides:
        raise StaysMissing(field="stays")
    survivor = sides.pop(stays)
    (merged,) = sides.values()
    if found.kind == EntryKind.HOUSEHOLD:
        same = {tuple(map(int, text.split("-"))) for text in request.POST.getlist("same") if _is_pair(text)}
        ordered = sorted(one if stays == LEFT else one[::-1] for one in same)
        return households.merge_households(
            survivor_id=survivor, merged_id=merged, pairs=[(one[0], one[1]) for one in ordered],
            actor=request.actor, at=request.at,
        )  # fmt: skip
    picks = {}
    for name in EDITABLE:
        side = request.POST.get(name, "")
        if side in (LEFT, RIGHT):
            picks[name] = Pick.KEEP if side == stays else Pick.TAKE
        elif side == BOTH and name == "needs":
            picks[name] = Pick.BOTH
    return people.merge_people(survivor_id=survivor, merged_id=merged, picks=picks, actor=request.actor, at=request.at)


def _is_pair(text: str) -> bool:
    return len(parts := text.split("-")) == 2 and all(part.isascii() and part.isdigit() for part in parts)


@dataclass(frozen=True)
class Line:
    """One field of both entries. `chosen`: whose value stands unless somebody says otherwise; "" cannot be chosen."""

    name: str
    label: Text
    left: Text
    right: Text
    same: bool
    chosen: str = ""
    both: bool = False


def _people(request: ActingRequest, found: queries.PairLine) -> dict[str, Any]:
    left, right = queries.get_people_of(found, actor=request.actor, at=request.at)
    stays = LEFT if queries.is_first_better(left, right) else RIGHT
    numbers = queries.list_same_numbers(left.id, right.id)
    lines = [_line(name, left, right, stays, numbers) for name in EDITABLE]
    lines.append(Line("presence", FIELD_LABELS["presence"], left.presence.label, right.presence.label,
                      left.presence == right.presence))  # fmt: skip
    lines.append(Line("door", _("Door"), left.door, right.door, left.key == right.key))
    return {"left": left, "right": right, "lines": lines, "stays": stays}


def _line(name: str, left: PersonView, right: PersonView, stays: str, numbers: set[str]) -> Line:
    shown = [_shown(name, person) for person in (left, right)]
    same = name in numbers or (shown[0] == shown[1] and name not in ("id_number", "phone")) or not any(shown)
    other = RIGHT if stays == LEFT else LEFT
    mine, theirs = shown if stays == LEFT else shown[::-1]
    chosen = other if theirs and not mine else stays
    both = name == "needs" and bool(left.needs) and bool(right.needs) and left.needs != right.needs
    return Line(name, FIELD_LABELS[name], shown[0], shown[1], same, "" if same else BOTH if both else chosen, both)


def _shown(name: str, person: PersonView) -> str:
    if name == "needs":
        return "、".join(map(str, person.need_labels))
    if name == "sex":
        return str(person.sex.label) if person.sex else ""
    if name in ("id_number", "phone"):
        return person.id_masked if name == "id_number" else person.phone_masked
    if name == "born_on":
        return local(person.born_on) if person.born_on else ""
    return str(getattr(person, name))


def _homes(request: ActingRequest, found: queries.PairLine) -> dict[str, Any]:
    left, right = queries.get_households_of(found, actor=request.actor, at=request.at)
    pairs = queries.list_counterparts(left.id, right.id)
    people_of = {person.id: person for person in (*left.living, *right.living)}
    matched = [(people_of[one], people_of[other]) for one, other in pairs if one in people_of and other in people_of]
    inside = {person.id for both in matched for person in both}
    stays = LEFT if _is_fuller(left, right) else RIGHT
    return {
        "left": left,
        "right": right,
        "stays": stays,
        "matched": matched,
        "left_only": [person for person in left.living if person.id not in inside],
        "right_only": [person for person in right.living if person.id not in inside],
    }


def _is_fuller(left: HouseholdView, right: HouseholdView) -> bool:
    return (len(left.living), -left.id) >= (len(right.living), -right.id)


@require_POST
def decide(request: ActingRequest, id: int) -> HttpResponse:
    """Not the same, later, or back on the list."""
    request.actor.require(MERGE)
    found = queries.get_pair(id, actor=request.actor)
    said = request.POST.get("verdict", "")
    if said not in decisions.SAID:
        raise NotFound()
    decisions.decide_duplicate(pair_id=id, verdict=Verdict(said), actor=request.actor, at=request.at)
    messages.success(request, _("Noted: %(verdict)s.") % {"verdict": Verdict(said).label})
    return redirect(_url(found.kind, Verdict.OPEN))


@never_cache
@require_safe
def mergers(request: ActingRequest) -> HttpResponse:
    request.actor.require(MERGE)
    before = request.GET.get("before", "")
    before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
    found = queries.list_mergers(actor=request.actor, before_id=before_id, limit=queries.PAGE + 1)
    more = len(found) > queries.PAGE
    lines = found[: queries.PAGE]
    context = {
        "lines": lines,
        "pager": Pager(next_url=f"?before={lines[-1].id}" if more else ""),
        "crumbs": [
            (_("Residents"), reverse("residents:search")),
            (_("Duplicates"), reverse("residents:duplicates")),
            (_("Merged"), ""),
        ],
    }
    return render(request, "residents/mergers.html", context)


@require_POST
def undo(request: ActingRequest, id: int) -> HttpResponse:
    request.actor.require(MERGE)
    households.undo_merger(merger_id=id, actor=request.actor, at=request.at)
    messages.success(request, _("Taken apart again: both entries and their marks are as they were."))
    return redirect("residents:mergers")
