"""News between rooms: the lower room publishes, a higher room's handler runs in the same transaction.

Events are frozen dataclasses that a room defines in its `events` module, named in the past tense. They carry sets, not
single rows: a hundred thousand people may arrive in one import. Slow or outward work is a job that the handler
enqueues.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")
_handlers: dict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(event: type[E], handler: Callable[[E], None]) -> None:
    """Call `handler` for every such event; subscribing twice is once. Called from `AppConfig.ready`."""
    if handler not in _handlers[event]:
        _handlers[event].append(handler)


def publish(event: object) -> None:
    """In the caller's transaction: whatever a handler raises takes the whole of it back."""
    for handler in _handlers[type(event)]:
        handler(event)
