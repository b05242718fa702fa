"""A phone as the protocol sees it: signs in, makes a key, seals commands, sends batches."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias
from uuid import uuid4

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.http import HttpResponse
from django.test import Client

from linli.core import clock
from tests.builders.duty import PASSWORD

JSON = "application/json"
Answer: TypeAlias = Any  # a response of Django's test client, or one of the short road that looks like it


@dataclass
class Phone:
    """`slow`: by how much its clock is behind the server's."""

    username: str
    slow: timedelta = timedelta()
    client: Client = field(default_factory=lambda: Client(headers={"accept-language": "en"}))
    told: dict[str, Any] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: os.urandom(32))
    seq: int = 0

    @property
    def now(self) -> datetime:
        return clock.now() - self.slow

    @property
    def session(self) -> str:
        return str(self.told["session"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.told['token']}"} if self.told else {}

    def sign_in(self, *, key: bool = True, **more: Any) -> Answer:
        device = {"name": "测试手机", "now": self.now.isoformat(), "tz": "Asia/Shanghai"}
        body = {"username": self.username, "password": PASSWORD, "device": device, **more}
        answer = self.client.post("/api/field/session", body, content_type=JSON)
        if answer.status_code == 201:
            self.told = answer.json()
            if key:
                assert self.register_key().status_code == 204
        return answer

    def sealed_key(self, key: bytes | None = None) -> dict[str, str]:
        public = serialization.load_der_public_key(base64.b64decode(self.told["public_key"]["spki"]))
        assert isinstance(public, rsa.RSAPublicKey)
        oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
        sealed = public.encrypt(self.key if key is None else key, oaep)
        return {"key_id": self.told["public_key"]["id"], "sealed": base64.b64encode(sealed).decode()}

    def register_key(self, key: bytes | None = None) -> Answer:
        body = {"session": self.session, **self.sealed_key(key)}
        return self.client.post("/api/field/session/key", body, content_type=JSON, headers=self.headers)

    def command(self, kind: str, *, at: datetime | None = None, id: str = "", **payload: Any) -> dict[str, Any]:
        """A command as it is frozen; `at` is the true moment, which the phone's clock tells wrong."""
        self.seq += 1
        return {
            "id": id or str(uuid4()), "kind": kind, "at": ((at or clock.now()) - self.slow).isoformat(),
            "device_seq": self.seq, "offset_ms": self.told.get("offset_ms", 0), "payload": payload,
        }  # fmt: skip

    def seal(self, command: dict[str, Any]) -> dict[str, Any]:
        """The same in its box."""
        inside = {name: value for name, value in command.items() if name not in ("id", "device_seq")}
        nonce = os.urandom(12)
        about = f"{self.session}|{command['id']}|{command['device_seq']}".encode()
        box = AESGCM(self.key).encrypt(nonce, json.dumps(inside).encode(), about)
        return {
            "id": command["id"], "device_seq": command["device_seq"], "nonce": base64.b64encode(nonce).decode(),
            "box": base64.b64encode(box).decode(),
        }  # fmt: skip

    def send(
        self,
        commands: Sequence[dict[str, Any]],
        *,
        sealed: bool = True,
        to: str = "sync",
        road: str = "long",
        **more: Any,
    ) -> Answer:
        boxes = [self.seal(command) for command in commands]
        body = {"session": self.session, "sealed": boxes} if sealed else {"commands": list(commands)}
        return self.post(to, {"device_now": self.now.isoformat(), **body, **more}, road=road)

    def results(self, commands: Sequence[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
        answer = self.send(commands, **more)
        assert answer.status_code == 200, answer.content
        found = answer.json()["results"]
        assert [one["id"] for one in found] == [command["id"] for command in commands]
        return list(found)

    def post(self, address: str, body: Any, *, road: str = "long") -> Answer:
        """`road`: Django's, or the short one that a token takes behind a real server."""
        if road == "short":
            return self._short(f"/api/field/{address}", body if isinstance(body, bytes) else json.dumps(body).encode())
        return self.client.post(f"/api/field/{address}", body, content_type=JSON, headers=self.headers)

    def _short(self, path: str, body: bytes) -> Answer:
        """As granian hands it in: the WSGI application itself."""
        import linli.site.api  # noqa: F401 - registers the short roads
        from linli.core.shortcut import put_in_front

        def never(_environ: object, _start: object) -> list[bytes]:
            raise AssertionError("went the long road")

        said: list[str] = []
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "HTTP_AUTHORIZATION": self.headers["Authorization"],
            "HTTP_ACCEPT_LANGUAGE": "en", "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(body),
        }  # fmt: skip
        content = b"".join(put_in_front(never)(environ, lambda status, _headers: said.append(status)))
        answer = HttpResponse(content, status=int(said[0][:3]))
        told: Answer = answer
        told.json = lambda: json.loads(content)
        return told

    def get(self, address: str, **headers: str) -> Answer:
        return self.client.get(f"/api/field/{address}", headers={**self.headers, **headers})

    def pack(self, cursor: str = "", **query: str) -> dict[str, Any]:
        asked = {**query, **({"cursor": cursor} if cursor else {})}
        answer = self.client.get("/api/field/pack", asked, headers=self.headers)
        assert answer.status_code == 200, answer.content
        return dict(answer.json())
