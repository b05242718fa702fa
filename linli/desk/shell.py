"""What the frame of every page needs: who acts, where they may go, what is chosen (language, large type)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from linli.core import faces, importers
from linli.core.access import Actor
from linli.core.errors import Text
from linli.core.faces import NavItem

YEAR = 365 * 24 * 3600
LANGUAGES = {code for code, _name in settings.LANGUAGES}
SIZE_COOKIE = "linli_size"
LARGE = "large"
GROUPS: tuple[tuple[str, Text], ...] = (("", ""), ("register", _("Registers")), ("watch", _("Watch")))
BOTTOM_ITEMS = 4  # what fits beside "more" at 360 px
HTML_LANGUAGES = {"zh-hans": "zh-Hans", "en": "en"}


@dataclass(frozen=True)
class Line:
    """One line of the navigation, ready to draw."""

    url: str
    label: Text
    icon: str
    current: bool
    badge: int


class Shell:
    """Worked out when the frame asks for it, so that fragments and error pages cost nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def actor(self) -> Actor | None:
        return getattr(self._request, "actor", None)

    @property
    def at(self) -> datetime | None:
        return getattr(self._request, "at", None)

    @property
    def large_type(self) -> bool:
        return is_large(self._request)

    @property
    def language(self) -> str:
        """The language of the page as HTML names it."""
        return HTML_LANGUAGES.get(get_language() or "", "zh-Hans")

    @property
    def here(self) -> str:
        """This page, to come back to after a switch. A page that answered a form is not asked for again with GET."""
        return self._request.get_full_path() if self._request.method == "GET" else ""

    @property
    def tiles(self) -> str:
        """Address of the raster tiles under maps; "" for none, which is what the product needs."""
        return str(settings.LINLI_TILES)

    @property
    def tiles_attribution(self) -> str:
        return str(settings.LINLI_TILES_ATTRIBUTION)

    @cached_property
    def groups(self) -> list[tuple[Text, list[Line]]]:
        """The navigation: (heading, lines) in order, empty groups left out."""
        actor, at = self.actor, self.at
        if actor is None or at is None:
            return []
        items = [(item, reverse(item.url_name)) for item in [*faces.list_nav(actor), *_imports(actor)]]
        items.sort(key=lambda pair: pair[0].order)
        current = _deepest([url for _item, url in items], self._request.path)
        lines: dict[str, list[Line]] = defaultdict(list)
        lines[""].append(
            Line(reverse("desk:home"), _("Command desk"), "layout-dashboard", self._request.path == "/", 0)
        )
        for item, url in items:
            badge = item.badge(actor, at) if item.badge else 0
            lines[item.group].append(Line(url, item.label, item.icon, url == current, badge))
        return [(label, lines[group]) for group, label in GROUPS if lines[group]]

    @property
    def bottom(self) -> list[Line]:
        """The lines that stand in the bar of a narrow screen."""
        return [line for _label, lines in self.groups for line in lines][:BOTTOM_ITEMS]


def _imports(actor: Actor) -> list[NavItem]:
    """The import page is for whoever may import anything at all."""
    if not importers.list_importers(actor):
        return []
    return [NavItem("desk:imports", _("Import"), "file-import", "", order=80, group="register")]


def is_large(request: HttpRequest) -> bool:
    return request.COOKIES.get(SIZE_COOKIE) == LARGE


def set_cookie(response: HttpResponse, name: str, value: str) -> None:
    """A choice that this browser remembers for a year."""
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def _deepest(urls: list[str], path: str) -> str:
    """The longest of `urls` that `path` lies under; "" for none."""
    return max((url for url in urls if path.startswith(url)), key=len, default="")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"shell": Shell(request)}
