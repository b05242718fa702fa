"""Verdicts on plain data: names, roles, posts."""

from __future__ import annotations

import re

from linli.duty.errors import NameWrong, RoleUnknown, UsernameWrong
from linli.duty.terms import NAME_LENGTH, POST_KINDS, USERNAME_LENGTH, Role

_USERNAME = re.compile(r"[\w.@-]+")


def check_username(text: str) -> str:
    """Raises UsernameWrong."""
    if len(text) > USERNAME_LENGTH or not _USERNAME.fullmatch(text):
        raise UsernameWrong(limit=USERNAME_LENGTH)
    return text


def check_name(text: str) -> str:
    """The name without surplus blanks. Raises NameWrong."""
    text = " ".join(text.split())
    if not 0 < len(text) <= NAME_LENGTH:
        raise NameWrong(limit=NAME_LENGTH)
    return text


def read_role(text: str) -> Role:
    """Raises RoleUnknown."""
    try:
        return Role(text)
    except ValueError:
        raise RoleUnknown(role=text, roles=", ".join(Role.values)) from None


def is_sole(role: Role, kind: int) -> bool:
    """Whether one alone holds this role at a place of this kind: the lead of a unit, building, grid or area."""
    return kind in POST_KINDS.get(role, ())
