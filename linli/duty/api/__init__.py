"""HTTP API of duty: who am I, who is appointed where, the chain, volunteers, work teams."""

from __future__ import annotations

from linli.duty.api import accounts, chain, claims, dissolved, teams  # noqa: F401 - each brings its operations
from linli.duty.api.router import router

__all__ = ["router"]
