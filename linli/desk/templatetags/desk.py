"""Words for the desk's own pages. `{% load desk %}`"""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from linli.desk import terms

register = template.Library()
JOB_LOOKS = {"queued": "", "doing": " ln-tag-open", "done": "", "failed": " ln-tag-gap"}


@register.simple_tag
def job_state(state: str) -> SafeString:
    return format_html('<span class="ln-tag{}">{}</span>', JOB_LOOKS[state], terms.JOB_STATES[state])


@register.filter
def origin(value: str) -> str:
    """By which way an entry came: page, API, command line, job."""
    return str(terms.ORIGINS.get(value, value))


@register.simple_tag
def answer(answers: dict[str, str], name: str) -> str:
    """What was filled in under a name that the template does not know beforehand."""
    return answers.get(name, "")
