"""Where rooms bring their own pages, so that the shells above them need to know none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from linli.core.access import Actor
from linli.core.errors import Text
from linli.core.extents import Extent


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


@dataclass(frozen=True)
class DoorFace:
    """What a room says of a door wherever doors are drawn: fields of `shapes.Tile`."""

    people: int = 0
    needs: Sequence[Text] = ()
    label: Text = ""
    url: str = ""


_nav: dict[str, NavItem] = {}
_beside: dict[str, str] = {}
_panels: dict[tuple[str, str], Panel] = {}
_cards: dict[str, HomeCard] = {}
_doors: list[Callable[[Actor, datetime, Extent], dict[int, DoorFace]]] = []


def register_nav(item: NavItem) -> None:
    _nav[item.url_name] = item


def register_beside(attribute: str, template: str) -> None:
    """A piece that a room adds to every field of a form whose control bears this attribute, under the control."""
    _beside[attribute] = template


def find_beside(attributes: Iterable[str]) -> str:
    """The template of that piece; "" for none."""
    return next((_beside[one] for one in attributes if one in _beside), "")


def register_card(card: HomeCard) -> None:
    _cards[card.template] = card


def register_panel(panel: Panel) -> None:
    _panels[panel.where, panel.template] = panel


def register_doors(read: Callable[[Actor, datetime, Extent], dict[int, DoorFace]]) -> None:
    """What a room knows of doors: key of the door -> its face, for the doors that the actor may look behind."""
    if read not in _doors:
        _doors.append(read)


def read_doors(actor: Actor, at: datetime, extent: Extent) -> dict[int, DoorFace]:
    return {key: face for read in _doors for key, face in read(actor, at, extent).items()}


def list_panels(where: str) -> list[Panel]:
    return sorted((panel for panel in _panels.values() if panel.where == where), key=lambda panel: panel.order)


def list_nav(actor: Actor) -> list[NavItem]:
    """The lines this actor may follow, in order."""
    return sorted((item for item in _nav.values() if actor.may(item.permission)), key=lambda item: item.order)


def list_cards() -> list[HomeCard]:
    return sorted(_cards.values(), key=lambda card: card.order)
