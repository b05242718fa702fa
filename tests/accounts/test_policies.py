"""Verdicts on plain data: waits, codes, networks, devices."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from datetime import UTC, datetime, timedelta

import pytest

from linli.accounts import policies
from linli.accounts.terms import FREE_ATTEMPTS, LONGEST_WAIT

AT = datetime(2026, 11, 22, 1, 0, 10, tzinfo=UTC)


def code_of(secret: str, at: datetime) -> str:
    """RFC 6238 worked out by hand, to compare with."""
    counter = struct.pack(">Q", int(at.timestamp()) // 30)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def test_waits_begin_after_the_free_attempts_double_and_end_at_an_hour() -> None:
    waits = [policies.wait_after(failures, FREE_ATTEMPTS) for failures in range(20)]
    assert waits[:FREE_ATTEMPTS] == [None] * FREE_ATTEMPTS
    minutes = [wait / timedelta(minutes=1) for wait in waits[FREE_ATTEMPTS:] if wait]
    assert minutes[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert set(minutes[7:]) == {60}
    assert policies.wait_after(1_000_000, FREE_ATTEMPTS) == LONGEST_WAIT


@pytest.mark.parametrize(("shift", "known"), [(-61, False), (-30, True), (0, True), (30, True), (61, False)])
def test_codes_of_the_step_before_and_after_are_known(shift: int, known: bool) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    at = AT.replace(second=0)
    step = policies.find_step(secret, code_of(secret, at + timedelta(seconds=shift)), at)
    assert step == (int(at.timestamp()) + shift) // 30 if known else step is None


def test_the_example_of_the_rfc() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    at = datetime.fromtimestamp(1111111109, UTC)  # RFC 6238, appendix B: 07081804
    assert policies.find_step(secret, "081 804", at) == 1111111109 // 30
    assert policies.find_step(secret, "081805", at) is None
    assert policies.find_step(secret, "０８１８０４", at) is None


def test_recovery_codes_differ_and_are_read_however_they_are_typed() -> None:
    codes = {policies.make_recovery_code() for _number in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert policies.read_recovery_code(f" {code.upper().replace('-', ' ')} ") == code


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("2408:8000:1:2:aaaa::1", "2408:8000:1:2::/64"),
        ("2408:8000:1:2:bbbb::9", "2408:8000:1:2::/64"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_one_sender_is_an_address_or_what_a_household_gets(address: str, network: str) -> None:
    assert policies.read_network(address) == network


@pytest.mark.parametrize(
    ("agent", "browser", "system"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 Chrome/130 Safari/537.36 Edg/130", "Edge", "Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit Version/17 Mobile Safari/604.1", "Safari", "iPhone"),
        (
            "Mozilla/5.0 (Linux; Android 12; HUAWEI) Chrome/99 HuaweiBrowser/14 Mobile Safari",
            "Huawei Browser",
            "Android",
        ),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/86 MicroMessenger/8.0 Mobile Safari/537.36", "WeChat", "Android"),
        ("Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit Chrome/114 ArkWeb/4.1 Mobile", "Chrome", "HarmonyOS"),
        ("curl/8", "", ""),
    ],
)
def test_devices_have_the_names_people_know(agent: str, browser: str, system: str) -> None:
    device = policies.describe_device(agent)
    assert (device.browser, device.system) == (browser, system)
    assert str(device.label)
