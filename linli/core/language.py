"""In which language to answer a request that goes another road than Django's middleware."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils import translation


def find_asked(environ: dict[str, Any]) -> str:
    """What Accept-Language asks for first among those there are."""
    for part in environ.get("HTTP_ACCEPT_LANGUAGE", "").split(","):
        name = part.split(";")[0].strip()
        if name:
            try:
                return translation.get_supported_language_variant(name)
            except LookupError:
                continue
    return settings.LANGUAGE_CODE


def find_chosen(environ: dict[str, Any]) -> str:
    """What the reader of the pages has chosen, else as above."""
    for part in environ.get("HTTP_COOKIE", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == settings.LANGUAGE_COOKIE_NAME and value in dict(settings.LANGUAGES):
            return str(value)
    return find_asked(environ)
