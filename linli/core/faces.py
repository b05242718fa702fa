"""Where rooms bring their own pages, so that the shells above them need to know none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from linli.core.access import Actor
from linli.core.errors import Text


@dataclass(frozen=True)
class NavItem:
    """A line of the desk's navigation. `group`: "" (daily work), "register" or "watch"; `icon` a Tabler icon's name."""

    url_name: str
    label: Text
    icon: str
    permission: str
    order: int
    group: str = ""
    badge: Callable[[Actor, datetime], int] | None = None  # a number of things that wait


@dataclass(frozen=True)
class HomeCard:
    """A piece of the home page: a template and what fills it. Returns None when there is nothing to show this actor."""

    order: int
    template: str
    context: Callable[[Actor, datetime], dict[str, object] | None]


@dataclass(frozen=True)
class Panel:
    """A piece that a room adds to another room's page: `where` "place" (subject: id of a place), "door" (its key) or
    "person" (id).

    `context` fills the template; None: nothing to show this actor.
    """

    where: str
    order: int
    template: str
    context: Callable[[Actor, datetime, int], dict[str, object] | None]


_nav: dict[str, NavItem] = {}
_panels: dict[tuple[str, str], Panel] = {}
_cards: dict[str, HomeCard] = {}


def register_nav(item: NavItem) -> None:
    _nav[item.url_name] = item


def register_card(card: HomeCard) -> None:
    _cards[card.template] = card


def register_panel(panel: Panel) -> None:
    _panels[panel.where, panel.template] = panel


def list_panels(where: str) -> list[Panel]:
    return sorted((panel for panel in _panels.values() if panel.where == where), key=lambda panel: panel.order)


def list_nav(actor: Actor) -> list[NavItem]:
    """The lines this actor may follow, in order."""
    return sorted((item for item in _nav.values() if actor.may(item.permission)), key=lambda item: item.order)


def list_cards() -> list[HomeCard]:
    return sorted(_cards.values(), key=lambda card: card.order)
