"""Connections to the database go with the turn, not with the thread: a web process has more threads than it may have
connections, since most of them wait in line or turn people away.

Whoever has a turn holds a set of connections, one an alias, each opened when it is first used. The set that was given
back last is lent first, so that few are open while little is going on. A thread of the web server has none of its own.
"""

from __future__ import annotations

from types import TracebackType

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

_idle: list[list[tuple[str, BaseDatabaseWrapper]]] = []


class Lent:
    """`with Lent():` - this thread's connections are those of a set, until the block ends."""

    __slots__ = ("_held",)

    def __enter__(self) -> None:
        try:
            held = _idle.pop()
        except IndexError:
            held = [(alias, connections.create_connection(alias)) for alias in connections]
            for _alias, connection in held:
                connection.inc_thread_sharing()  # one thread after the other, never two at once
        self._held = held
        for alias, connection in held:
            connections[alias] = connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_clean = True
        for alias, connection in self._held:
            del connections[alias]
            if connection.in_atomic_block or connection.execute_wrappers:
                is_clean = False
        if is_clean:
            _idle.append(self._held)
            return
        for _alias, connection in self._held:  # something was left in the middle: it is not for anybody else
            if connection.connection is not None:
                connection.connection.close()
