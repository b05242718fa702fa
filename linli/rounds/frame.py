"""What every page of rounds begins with: who asks, for which round, and where the page stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from linli.core.access import Actor
from linli.core.requests import acting
from linli.places.terms import PlaceRef
from linli.rounds import queries
from linli.rounds.pages import Reach
from linli.rounds.queries import RoundView

Crumbs = list[tuple[object, str]]


def who(request: HttpRequest) -> tuple[Actor, datetime]:
    """Who acts, and when, as the middleware set it."""
    known = acting(request)
    return known.actor, known.at


def take(request: HttpRequest, code: str, permission: str = "rounds.view") -> tuple[RoundView, Actor, datetime]:
    """The round of a page. Raises RoundNotFound, Forbidden when the permission is held nowhere."""
    actor, at = who(request)
    actor.require(permission)
    return queries.get_round_by_code(code), actor, at


def number_or_none(text: str) -> int | None:
    """A number from an address; None for none, and for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def url_of(name: str, code: str, **query: object) -> str:
    """`rounds:<name>` of a round, with what is not empty as its query."""
    kept = {key: str(value) for key, value in query.items() if value not in ("", None)}
    return reverse(f"rounds:{name}", args=[code]) + (f"?{urlencode(kept)}" if kept else "")


def crumbs_of(round_: RoundView, reach: Reach | None = None, *more: tuple[object, str]) -> Crumbs:
    """Rounds, this round, then the places down to the one that is looked at; the last is where one is."""
    crumbs: Crumbs = [(_("Rounds"), reverse("rounds:index")), (round_.name, url_of("board", round_.code))]
    if reach is not None and reach.place is not None:
        for place in [*reach.path, reach.place]:
            crumbs.append((place.name, place_url(round_, place)))
    crumbs += list(more)
    crumbs[-1] = (crumbs[-1][0], "")
    return crumbs


def place_url(round_: RoundView, place: PlaceRef) -> str:
    return url_of("board", round_.code, place=place.code)


def base(round_: RoundView, actor: Actor, reach: Reach | None = None) -> dict[str, Any]:
    """What all templates of a round are given."""
    context: dict[str, Any] = {"round": round_, "reach": reach, "place": reach.place if reach else None}
    context["code"] = reach.place.code if reach and reach.place else ""
    scope = queries.scope_of(round_.id)
    context["may"] = {
        "gaps": actor.may("rounds.gaps"),
        "mark": actor.may("rounds.mark") and round_.is_open,
        "export": actor.may("rounds.export"),
        "open": actor.may("rounds.open", scope),
        "close": actor.may("rounds.close", scope),
        "import": actor.may("rounds.import") and round_.is_open,
        "certificate": round_.certificate is not None and actor.may("rounds.view", scope),
    }
    return context
