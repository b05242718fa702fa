"""Sealed fields: what is sealed opens again, equal values are found by one hash, and a batch is no other thing."""

from __future__ import annotations

import hmac
from typing import Any

import pytest

from linli.core import crypto


@pytest.mark.parametrize("length", [16, 32, 64, 65])
def test_the_hash_is_hmac_sha256_cut_to_sixteen_bytes(settings: Any, length: int) -> None:
    key = bytes(range(length))
    settings.LINLI_HASH_KEY = key
    for value in ("15400000001", "99910119420315001x", "张三"):
        assert crypto.lookup_hash(value) == hmac.digest(key, value.upper().encode(), "sha256")[:16]
    assert crypto.lookup_hash("") is None


def test_a_batch_is_sealed_and_hashed_as_its_values_are() -> None:
    values = ["15400000001", "", "999101194203150018", "15400000001"]
    sealed = crypto.seal_all(values)
    assert [crypto.unseal(one) for one in sealed] == values
    assert sealed[1] == b""
    assert sealed[0] != sealed[3], "a nonce of its own for each"
    assert crypto.hash_all(values) == [crypto.lookup_hash(value) for value in values]
    assert crypto.seal_all([]) == []
    assert crypto.hash_all([]) == []
