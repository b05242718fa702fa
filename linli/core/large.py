"""Lists and files that take seconds to make: a few at a time in each web process, so that the other pages still find a
turn and the processor. A few wait; who finds no room is told when to come again.

    @large()
    def export(request, code): ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from linli.core.errors import Unavailable
from linli.core.turns import Turns

AT_ONCE = 2
IN_LINE = 2
"""With those at work half of the turns that a web process has: the other half is for pages."""
LEAST_SECONDS = 5
"""Nobody is told to come before some of those are done."""
_turns = Turns(AT_ONCE, IN_LINE)

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@contextmanager
def making_large() -> Iterator[None]:
    """Waits for a turn. Raises Unavailable, with `retry_after` in seconds."""
    with ExitStack() as stack:
        try:
            stack.enter_context(_turns.one())
        except Unavailable as problem:
            problem.retry_after = max(LEAST_SECONDS, problem.retry_after or 0)
            raise
        yield


def large(when: Callable[[HttpRequest], bool] = lambda request: True) -> Callable[[View], View]:
    """A view that makes something large, always or `when` it is asked to."""

    def wrap(view: View) -> View:
        @wraps(view)
        def in_turn(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with making_large() if when(request) else nullcontext():
                return view(request, *args, **kwargs)

        return cast(View, in_turn)

    return wrap


def is_post(request: HttpRequest) -> bool:
    """Of a form that makes a file: its GET only asks."""
    return request.method == "POST"
