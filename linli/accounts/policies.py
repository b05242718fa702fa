"""Verdicts on plain data: how long to wait, which step a code belongs to, what a browser calls itself."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from datetime import datetime, timedelta

import pyotp

from linli.accounts.errors import PasskeyNameWrong
from linli.accounts.terms import FIRST_WAIT, LONGEST_WAIT, NAME_LENGTH, STEP_SECONDS, STEPS_AROUND, Device

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for one another
CODE_GROUP, CODE_GROUPS = 5, 2  # 31 ** 10: 49 bits
# The first that is found names it: those that call themselves Chrome or Linux as well come first.
BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("DingTalk/", "DingTalk"),
    ("HuaweiBrowser/", "Huawei Browser"),
    ("MiuiBrowser/", "Mi Browser"),
    ("HeyTapBrowser/", "OPPO Browser"),
    ("VivoBrowser/", "vivo Browser"),
    ("UCBrowser/", "UC"),
    ("MQQBrowser/", "QQ Browser"),
    ("QQBrowser/", "QQ Browser"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("Edg/", "Edge"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("OPR/", "Opera"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("OpenHarmony", "HarmonyOS"),
    ("HarmonyOS", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def wait_after(failures: int, free: int) -> timedelta | None:
    """How long nothing is taken after so many failures in a row; None while `free` attempts are not used up.

    One minute, then twice as long each time, up to an hour.
    """
    if failures < free:
        return None
    doublings = min(failures - free, 16)
    factor: int = 2**doublings
    return min(FIRST_WAIT * factor, LONGEST_WAIT)


def read_network(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 that one household or office gets of IPv6; "" unknown."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def find_step(secret: str, code: str, at: datetime) -> int | None:
    """The time step (RFC 6238, 30 s) that a code of six digits belongs to, one step around `at`; None for a wrong one.

    Every step is compared, each in constant time: how long it takes tells nothing.
    """
    digits = "".join(letter for letter in code if not letter.isspace())
    now = int(at.timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret, interval=STEP_SECONDS)
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if hmac.compare_digest(generator.generate_otp(step).encode(), digits.encode()):
            found = step
    return found


def make_recovery_code() -> str:
    """Such as `k7m2p-9xqdw`."""
    groups = ("".join(secrets.choice(LETTERS) for _letter in range(CODE_GROUP)) for _group in range(CODE_GROUPS))
    return "-".join(groups)


def read_recovery_code(text: str) -> str:
    """As it was made, however it was typed: capitals, blanks and strokes do not matter."""
    letters = "".join(letter for letter in text.lower() if letter.isalnum())
    return "-".join(letters[start : start + CODE_GROUP] for start in range(0, len(letters), CODE_GROUP))


def describe_device(agent: str, name: str = "") -> Device:
    """Browser and system as people know them, from a User-Agent header."""
    browser = next((called for mark, called in BROWSERS if mark in agent), "")
    system = next((called for mark, called in SYSTEMS if mark in agent), "")
    return Device(browser, system, name)


def check_passkey_name(text: str) -> str:
    """Without surplus blanks. Raises PasskeyNameWrong."""
    text = " ".join(text.split())
    if not 0 < len(text) <= NAME_LENGTH:
        raise PasskeyNameWrong(limit=NAME_LENGTH)
    return text
