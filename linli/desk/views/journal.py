"""The journal: who did what, under which authority, where and when."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from linli.core.access import Actor
from linli.core.shapes import Pager
from linli.desk import queries, terms

PAGE_SIZE = 50


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
    since = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["verb"]).choices = _verb_choices()


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    actor = cast(Actor, request.actor)  # type: ignore[attr-defined]
    actor.require("journal.view")
    form = JournalFilter(request.GET)
    lines: list[queries.JournalLine] = []
    if form.is_valid():
        lines = _read(actor, request.at, form.cleaned_data)  # type: ignore[attr-defined]
    shown = lines[:PAGE_SIZE]
    rest: dict[str, str | int] = {
        name: str(value) for name, value in request.GET.dict().items() if value and name != "before"
    }
    newest = "?" + urlencode(rest) if request.GET.get("before") else ""
    older = "?" + urlencode({**rest, "before": shown[-1].id}) if len(lines) > PAGE_SIZE else ""
    context = {
        "form": form,
        "lines": shown,
        "pager": Pager(next_url=older),
        "newest": newest,
        "filtered": bool(rest),
        "crumbs": [(gettext("Journal"), "")],
    }
    return render(request, "desk/journal.html", context)


def _read(actor: Actor, at: datetime, asked: dict[str, Any]) -> list[queries.JournalLine]:
    since = asked["since"]
    return queries.list_journal(
        actor=actor,
        at=at,
        limit=PAGE_SIZE + 1,
        before_id=asked["before"],
        verb=asked["verb"],
        account=asked["account"].strip(),
        since=timezone.make_aware(datetime.combine(since, time.min)) if since else None,
    )
