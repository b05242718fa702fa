"""The journal: who did what, under which authority, where and when; as a page, and as a sheet with a purpose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

from django import forms
from django.http import FileResponse, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from linli.core import journal
from linli.core.access import Actor
from linli.core.errors import Invalid
from linli.core.journal import Wanted
from linli.core.large import is_post, large
from linli.core.requests import ActingRequest
from linli.core.shapes import Pager
from linli.core.sheets import ExportColumn, iter_csv, write_xlsx
from linli.desk import queries, terms
from linli.places import queries as places
from linli.places.terms import PLACE_CODE

PAGE_SIZE = 50
EXPORTED = 100_000
AT_ONCE = 5_000
IN_MEMORY = 4 << 20

TITLES = (_("Number"), _("When"), _("Who"), _("By way of"), _("Did what"), _("To what"), _("Where"), _("Details"))


class ExportTooLong(Invalid):
    code = "desk.journal_too_long"
    title = _("More than %(limit)s entries fit this filter.")
    advice_text = _("Choose a shorter period, or a single person or place.")


class NoPurpose(Invalid):
    code = "desk.journal_purpose"
    title = _("Say what the sheet is for.")


def _verb_choices() -> list[tuple[str, Any]]:
    """Everything, then each room as a whole with its verbs."""
    choices: list[tuple[str, Any]] = [("", _("Everything"))]
    for room, label in terms.ROOMS.items():
        verbs = [(verb, wording) for verb, wording in terms.VERBS.items() if verb.startswith(f"{room}.")]
        choices.append((str(label), [(room, _("all of it")), *verbs]))
    return choices


class JournalFilter(forms.Form):
    verb = forms.ChoiceField(label=_("What"), required=False)
    account = forms.CharField(label=_("Who (name)"), required=False, max_length=80)
    place = forms.CharField(
        label=_("Where (code of a place)"), required=False, max_length=80, widget=forms.TextInput(attrs=PLACE_CODE)
    )
    since = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    subject = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["verb"]).choices = _verb_choices()

    def clean_place(self) -> str:
        code = str(self.cleaned_data["place"]).strip()
        if code and code not in places.get_places_by_code([code]):
            raise forms.ValidationError(_("There is no place with this code."))
        return code

    def read(self, at: datetime) -> Wanted:
        asked = self.cleaned_data
        place = places.get_places_by_code([asked["place"]])[asked["place"]] if asked["place"] else None
        return Wanted(
            account=asked["account"].strip(),
            verbs=queries.verbs_of(asked["verb"]),
            subject=asked["subject"].strip(),
            since=_midnight(asked["since"]),
            until=_midnight(asked["until"] + timedelta(days=1)) if asked["until"] else None,
            inside=places.extent_of(place.id, at) if place else None,
        )


def _midnight(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@require_safe
def index(request: ActingRequest) -> HttpResponse:
    actor = request.actor
    actor.require("journal.view")
    form = JournalFilter(request.GET)
    lines: list[queries.JournalLine] = []
    if form.is_valid():
        at = request.at
        before = form.cleaned_data["before"]
        lines = queries.list_journal(actor=actor, at=at, limit=PAGE_SIZE + 1, before_id=before, wanted=form.read(at))
    shown = lines[:PAGE_SIZE]
    rest = _asked(request.GET)
    newest = "?" + urlencode(rest) if request.GET.get("before") else ""
    older = "?" + urlencode({**rest, "before": shown[-1].id}) if len(lines) > PAGE_SIZE else ""
    context = {
        "form": form,
        "lines": shown,
        "pager": Pager(next_url=older),
        "newest": newest,
        "filtered": bool(rest),
        "subject": rest.get("subject", ""),
        "query": urlencode(rest),
        "sealed": queries.find_sealed(),
        "crumbs": [(gettext("Journal"), "")],
    }
    return render(request, "desk/journal.html", context)


def _asked(query: QueryDict) -> dict[str, str | int]:
    """The filter as it stands in the address, without the place in the list."""
    return {name: str(value) for name, value in query.dict().items() if value and name != "before"}


@require_http_methods(["GET", "HEAD", "POST"])
@large(is_post)
def export(request: ActingRequest) -> HttpResponseBase:
    """What the filter shows, as a sheet: asks what for, and leaves an entry in the journal."""
    actor, at = request.actor, request.at
    actor.require("journal.view")
    form = JournalFilter(request.GET)
    if not form.is_valid():
        raise Invalid("; ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in form.errors.items()))
    if request.method != "POST":
        crumbs = [(gettext("Journal"), ""), (gettext("Export"), "")]
        context = {"purposes": terms.PURPOSES.items(), "query": request.GET.urlencode(), "crumbs": crumbs}
        return render(request, "desk/journal_export.html", context | {"limit": EXPORTED})
    purpose = request.POST.get("purpose", "")
    if purpose not in terms.PURPOSES:
        raise NoPurpose
    wanted = form.read(at)
    lines = [line for page in _pages(actor, at, wanted) for line in page]
    if len(lines) > EXPORTED:
        raise ExportTooLong(limit=f"{EXPORTED:,}")
    journal.record(
        actor=actor, at=at, verb="desk.export_journal", permission="journal.view",
        key=journal.first_key(actor, "journal.view"), purpose=purpose, rows=len(lines),
        filter={name: value for name, value in _asked(request.GET).items() if name != "account"},
    )  # fmt: skip
    return _sheet(lines, request.POST.get("format", "xlsx"), at)


def _pages(actor: Actor, at: datetime, wanted: Wanted) -> Iterator[list[queries.JournalLine]]:
    """Pages until the end, or until there are too many."""
    before, seen = None, 0
    while seen <= EXPORTED:
        page = queries.list_journal(actor=actor, at=at, limit=AT_ONCE, before_id=before, wanted=wanted)
        yield page
        if len(page) < AT_ONCE:
            return
        before, seen = page[-1].id, seen + len(page)


def _sheet(lines: Sequence[queries.JournalLine], kind: str, at: datetime) -> HttpResponseBase:
    columns = [ExportColumn(title) for title in TITLES]
    rows = (_row(line) for line in lines)
    title = gettext("Journal")
    as_of = gettext("As of %(time)s") % {"time": f"{timezone.localtime(at):%Y-%m-%d %H:%M}"}
    name = f"journal-{timezone.localtime(at):%Y%m%d-%H%M}"
    if kind == "csv":
        return StreamingHttpResponse(
            list(iter_csv(columns, rows, title=title, as_of=as_of)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )
    target = cast(IO[bytes], SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 - handed to the response
    write_xlsx(target, columns, rows, title=title, as_of=as_of)
    target.seek(0)
    return FileResponse(target, as_attachment=True, filename=f"{name}.xlsx")


def _row(line: queries.JournalLine) -> Sequence[Any]:
    facts = "; ".join(f"{name} {value}" for name, value in line.facts)
    moment = timezone.localtime(line.at).replace(tzinfo=None, microsecond=0)
    origin = str(terms.ORIGINS.get(line.origin, line.origin))
    return (line.id, moment, str(line.who), origin, str(line.wording), line.subject, line.place, facts)
