"""A phone as the protocol sees it: signs in, makes a key, seals commands, sends batches."""

from __future__ import annotations

import base64
import gzip
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
    """`slow`: by how much its clock is behind the server's. `is_dense`: its boxes hold lists, with moments as numbers,
    as the app makes them; else objects with texts, as it made them before."""

    username: str
    slow: timedelta = timedelta()
    client: Client = field(default_factory=lambda: Client(headers={"accept-language": "en"}))
    told: dict[str, Any] = field(default_factory=dict)
    key: bytes = field(default_factory=lambda: os.urandom(32))
    seq: int = 0
    is_dense: bool = False

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
        return self.box(command["id"], command["device_seq"], condense(inside) if self.is_dense else inside)

    def box(self, id: str, seq: int, inside: Any) -> dict[str, Any]:
        nonce = os.urandom(12)
        box = AESGCM(self.key).encrypt(nonce, json.dumps(inside).encode(), f"{self.session}|{id}|{seq}".encode())
        return {
            "id": id, "device_seq": seq, "nonce": base64.b64encode(nonce).decode(),
            "box": base64.b64encode(box).decode(),
        }  # fmt: skip

    def send(
        self,
        commands: Sequence[dict[str, Any]],
        *,
        sealed: bool = True,
        to: str = "sync",
        road: str = "long",
        compressed: bool = False,
        **more: Any,
    ) -> Answer:
        boxes = [self.seal(command) for command in commands]
        body = {"session": self.session, "sealed": boxes} if sealed else {"commands": list(commands)}
        sent = {"device_now": self.now.isoformat(), **body, **more}
        if compressed:
            return self.post(to, gzip.compress(json.dumps(sent).encode()), road=road, encoding="gzip")
        return self.post(to, sent, road=road)

    def results(self, commands: Sequence[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
        answer = self.send(commands, **more)
        assert answer.status_code == 200, answer.content
        found = answer.json()["results"]
        assert [one["id"] for one in found] == [command["id"] for command in commands]
        return list(found)

    def post(self, address: str, body: Any, *, road: str = "long", encoding: str = "") -> Answer:
        """`road`: Django's, or the short one that a token takes behind a real server."""
        if road == "short":
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            return self._short(f"/api/field/{address}", sent, encoding)
        headers = {**self.headers, **({"Content-Encoding": encoding} if encoding else {})}
        return self.client.post(f"/api/field/{address}", body, content_type=JSON, headers=headers)

    def _short(self, path: str, body: bytes, encoding: str) -> Answer:
        """As granian hands it in: the WSGI application itself."""
        import linli.site.api  # noqa: F401 - registers the short roads
        from linli.core.shortcut import put_in_front

        def never(_environ: object, _start: object) -> list[bytes]:
            raise AssertionError("went the long road")

        said: list[str] = []
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "HTTP_AUTHORIZATION": self.headers["Authorization"],
            "HTTP_ACCEPT_LANGUAGE": "en", "REMOTE_ADDR": "127.0.0.1", "wsgi.input": io.BytesIO(body),
        }  # fmt: skip
        if encoding:
            environ["HTTP_CONTENT_ENCODING"] = encoding
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


def condense(inside: dict[str, Any]) -> list[Any]:
    """What an object in a box says, as the list that the app writes; what is no moment stays as it is."""
    names = ("kind", "at", "payload", "offset_ms", "pack_at")
    return [number_of(inside.get(name)) if name.endswith("at") else inside.get(name) for name in names]


def number_of(moment: Any) -> Any:
    """A text's moment in milliseconds since 1970; anything else as it is."""
    try:
        return int(datetime.fromisoformat(moment).timestamp() * 1000)
    except (TypeError, ValueError):
        return moment
