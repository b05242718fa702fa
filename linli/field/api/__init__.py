"""HTTP API of phones; the protocol in words is docs/sync.md."""

from __future__ import annotations

from linli.field.api import files, pack, sessions, sync  # noqa: F401 - they bring their operations
from linli.field.api.router import router

__all__ = ["router"]
