"""Words of rounds in templates. `{% load rounds %}`"""

from __future__ import annotations

from django import template
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linli.core.templatetags.linli import local, local_full, num, share
from linli.rounds.queries import RoundView
from linli.rounds.terms import Figures

register = template.Library()
LOOKS = {"draft": "", "open": " ln-tag-open", "closed": " ln-tag-closed"}


@register.simple_tag
def round_state(round_: RoundView) -> SafeString:
    return format_html('<span class="ln-tag{}">{}</span>', LOOKS[round_.state], round_.state_label)


@register.simple_tag
def period(round_: RoundView) -> str:
    """From when until by when; the day only once where both are on one."""
    start, end = timezone.localtime(round_.starts_at), timezone.localtime(round_.ends_at)
    until = f"{end:%H:%M}" if start.date() == end.date() else local(end)
    return _("%(start)s to %(end)s") % {"start": local(start), "end": until}


@register.simple_tag
def period_on_paper(round_: RoundView) -> str:
    """The same with day and year always."""
    start, end = timezone.localtime(round_.starts_at), timezone.localtime(round_.ends_at)
    until = f"{end:%H:%M}" if start.date() == end.date() else local_full(end)
    return _("%(start)s to %(end)s") % {"start": local_full(start), "end": until}


@register.simple_tag
def of_what(round_: RoundView, doors: int) -> str:
    """What stands behind the hero's number: people · doors, or households."""
    behind = ngettext("%(doors)s door", "%(doors)s doors", doors) % {"doors": num(doors)}
    return (
        _("people · %(behind)s") % {"behind": behind}
        if round_.per_person
        else _("households · %(behind)s") % {"behind": behind}
    )


@register.simple_tag
def missing(round_: RoundView, count: int) -> str:
    """18 people missing; 5 households missing."""
    if round_.per_person:
        return ngettext("%(n)s person missing", "%(n)s people missing", count) % {"n": num(count)}
    return ngettext("%(n)s household missing", "%(n)s households missing", count) % {"n": num(count)}


@register.simple_tag
def done_figure(label: str, figures: Figures) -> SafeString:
    """How many are done, and what share that is."""
    return SafeString(
        render_to_string(
            "core/figure.html",
            {"label": label, "value": num(figures.done), "unit": share(figures.share_done), "kind": ""},
        )
    )


@register.simple_tag
def import_url(round_: RoundView) -> str:
    """The upload page with this round chosen; "" while no such page is installed."""
    try:
        return f"{reverse('desk:imports')}?kind=rounds.import_marks&round={round_.code}"
    except NoReverseMatch:
        return ""
