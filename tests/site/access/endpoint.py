"""What an entry of the access matrix says."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.site.access.world import Target, World


class Where(enum.Enum):
    """On which doors of the place that it is called for the permission is needed."""

    ALL = "all of the place"  # writes, exports: own and child pass; parent, sibling and foreign are refused
    PART = "a part of the place"  # reads that narrow: the parent passes too, and shows only the caller's part
    BEYOND = "more than the place"  # writes that touch two places: refused to all who hold only one
    ANYWHERE = "any place at all"  # lists and forms that name no place
    SIGNED_IN = "none: to be signed in is enough"
    OPEN = "none: strangers pass"


ALL, PART, BEYOND, ANYWHERE, SIGNED_IN, OPEN = Where
NO_PLACE = (ANYWHERE, SIGNED_IN, OPEN)  # the answer does not depend on a place: called for one's own only


@dataclass(frozen=True)
class Endpoint:
    """One way to call one address.

    `name`: "GET duty:accounts" for a page (method and name of the URL), "GET /api/duty/me" for an operation (method
    and path as in the OpenAPI document). `url`, `data`: the address and what is sent (a form to a page, JSON to the
    API) for a target. `also`: further permissions asked on the same doors. `passes`: statuses of success, where it is
    not just anything below 400 (say so when a success needs what the world does not have); `refusals`: of refusal.
    `empty_outside`: whoever holds the permission elsewhere gets an empty answer instead of a refusal. `only_reads`: a
    POST that changes nothing but the journal. One address may be declared several times, called in different ways.
    """

    name: str
    needs: str | None
    where: Where
    url: Callable[[World, Target], str]
    data: Callable[[World, Target], dict[str, Any]] | None = None
    also: tuple[str, ...] = ()
    passes: frozenset[int] = frozenset({200, 201, 202, 204, 302})
    refusals: frozenset[int] = frozenset({403, 404})
    empty_outside: bool = False
    only_reads: bool = False

    @property
    def method(self) -> str:
        return self.name.split(" ", 1)[0]

    @property
    def address(self) -> str:
        return self.name.split(" ", 1)[1]

    @property
    def is_api(self) -> bool:
        return self.address.startswith("/api/")


def fixed(address: str) -> Callable[[World, Target], str]:
    """An address that is the same for every place."""
    return lambda w, t: address
