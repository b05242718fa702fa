"""Passkeys (WebAuthn level 2), by the library `fido2`: plain data in, plain data out, no database.

A passkey belongs to the host name it was made at. The user handle that it brings along names the account, so that the
account is known before anything is looked up; it is keyed, so that a handle made up is refused at once.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from linli.accounts.errors import PasskeyAddressWrong, PasskeyRefused
from linli.core import crypto

SITE_NAME = "Linli 邻里"
ID_BYTES = 8
Json = dict[str, Any]


@dataclass(frozen=True)
class Site:
    """Where this page is open: the host without a port, and the origin as browsers write it."""

    host: str
    origin: str

    @property
    def takes_passkeys(self) -> bool:
        """Browsers refuse passkeys at a bare address."""
        try:
            ipaddress.ip_address(self.host.strip("[]"))
        except ValueError:
            return bool(self.host)
        return False


@dataclass(frozen=True)
class MadePasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int


def begin_registration(
    site: Site, account_id: int, username: str, name: str, held: Iterable[bytes]
) -> tuple[Json, Json]:
    """Options for `navigator.credentials.create`, and the state to check its answer by. `held`: the account's passkeys,
    which the same device is not asked for again. Raises PasskeyAddressWrong."""
    user = PublicKeyCredentialUserEntity(name=username, id=make_handle(account_id), display_name=name or username)
    options, state = _server(site).register_begin(
        user,
        [AttestedCredentialData(key) for key in held],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options)["publicKey"], state


def finish_registration(site: Site, response: object, state: Json) -> MadePasskey:
    """Raises PasskeyRefused, PasskeyAddressWrong."""
    server = _server(site)
    try:
        made = server.register_complete(state, _mapping(response))
    except Exception as error:  # bytes from outside: whatever the library trips over is a refusal
        raise PasskeyRefused from error
    if made.credential_data is None:
        raise PasskeyRefused
    return MadePasskey(made.credential_data.credential_id, bytes(made.credential_data), made.counter)


def begin_sign_in(site: Site) -> tuple[Json, Json]:
    """Options for `navigator.credentials.get`, for whichever passkey of this site the device holds, and the state.
    Raises PasskeyAddressWrong."""
    options, state = _server(site).authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
    return dict(options)["publicKey"], state


def read_account_id(response: object) -> int:
    """Whose passkey an answer claims to be; proved only by `finish_sign_in`. Raises PasskeyRefused."""
    try:
        handle = AuthenticationResponse.from_dict(_mapping(response)).response.user_handle or b""
    except Exception as error:  # as above
        raise PasskeyRefused from error
    account_id = int.from_bytes(handle[:ID_BYTES], "big")
    if not hmac.compare_digest(handle, make_handle(account_id)):
        raise PasskeyRefused
    return account_id


def finish_sign_in(
    site: Site, response: object, state: Json, held: Mapping[bytes, tuple[bytes, int]]
) -> tuple[bytes, int]:
    """Which of the passkeys `held` (credential id -> public key, counter) signed, and its new counter.

    A counter that does not rise betrays a copy of the key. Raises PasskeyRefused, PasskeyAddressWrong.
    """
    server = _server(site)
    try:
        keys = [AttestedCredentialData(key) for key, _count in held.values()]
        used = server.authenticate_complete(state, keys, _mapping(response))
        count = AuthenticationResponse.from_dict(_mapping(response)).response.authenticator_data.counter
    except Exception as error:  # as above
        raise PasskeyRefused from error
    before = held[used.credential_id][1]
    if (count or before) and count <= before:
        raise PasskeyRefused
    return used.credential_id, count


def make_handle(account_id: int) -> bytes:
    return account_id.to_bytes(ID_BYTES, "big") + (crypto.lookup_hash(f"passkey:{account_id}") or b"")


def _server(site: Site) -> Fido2Server:
    if not site.takes_passkeys:
        raise PasskeyAddressWrong(host=site.host)
    entity = PublicKeyCredentialRpEntity(name=SITE_NAME, id=site.host)
    return Fido2Server(entity, verify_origin=lambda origin: hmac.compare_digest(origin.encode(), site.origin.encode()))


def _mapping(response: object) -> Mapping[str, Any]:
    if not isinstance(response, Mapping):
        raise PasskeyRefused
    return response
