"""A server that can really be stopped: no port, no open connection. Offline emulation in a browser is not that."""

from __future__ import annotations

import socket
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import LiveServerThread, QuietWSGIRequestHandler

HOST = "localhost"  # a secure context without a certificate


class _Server(ThreadedWSGIServer):
    """Knows its connections: a browser keeps some open, and would be answered on them after the port is closed."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(*arguments, **more)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().close_request(request)


class _Thread(LiveServerThread):
    httpd: _Server

    def _create_server(self, connections_override: Any = None) -> _Server:
        return _Server(
            (self.host, self.port),
            QuietWSGIRequestHandler,
            allow_reuse_address=True,
            connections_override=connections_override,
        )


class Server:
    """Serves the tests' database; stops and starts again at the same address."""

    def __init__(self) -> None:
        self.port = 0
        self._thread: _Thread | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        self._thread = _Thread(HOST, StaticFilesHandler, port=self.port)
        self._thread.daemon = True
        self._thread.start()
        self._thread.is_ready.wait()
        if self._thread.error:
            raise self._thread.error
        self.port = self._thread.port

    def stop(self) -> None:
        if self._thread is None:
            return
        connections = list(self._thread.httpd.connections)
        self._thread.terminate()
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed meanwhile
        self._thread = None
