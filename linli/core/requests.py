"""What a request of somebody signed in is, to the type checker: `core.middleware` and `core.api` put the two there."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.http import HttpRequest

from linli.core.access import Actor


class ActingRequest(HttpRequest):
    """A request inside a page or an operation: who calls, with the authority held at `at`."""

    actor: Actor
    at: datetime


def acting(request: HttpRequest) -> ActingRequest:
    """The same request, where it is known that somebody is signed in."""
    return cast(ActingRequest, request)
