"""A server that can really be stopped: no port, no open connection. Offline emulation in a browser is not that."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import LiveServerThread, QuietWSGIRequestHandler

ANSWER_SECONDS = 60  # as long as a statement of the web may take
HOST = "localhost"  # a secure context without a certificate


class EndingServer(ThreadedWSGIServer):
    """Knows its connections: a browser keeps some open, and would be answered on them after the port is closed."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self.connections: set[socket.socket] = set()
        self.answering: list[threading.Thread] = []
        super().__init__(*arguments, **more)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        self.answering = [thread for thread in self.answering if thread.is_alive()]
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        self.answering.append(thread)
        thread.start()

    def end(self) -> None:
        """Cut all connections, and wait for what is being done for them: nothing changes any more after that."""
        for connection in list(self.connections):
            with suppress(OSError):  # closed meanwhile
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self.answering:
            thread.join(ANSWER_SECONDS)

    def close_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().close_request(request)


class _Thread(LiveServerThread):
    httpd: EndingServer

    def _create_server(self, connections_override: Any = None) -> EndingServer:
        return EndingServer(
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
        self._thread.terminate()
        self._thread.httpd.end()
        self._thread = None
