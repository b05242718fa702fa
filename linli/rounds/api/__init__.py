"""HTTP API of rounds: make, open and close them, mark, read figures and who is still missing."""

from __future__ import annotations

from linli.rounds.api import figures, marks, rounds, undo
from linli.rounds.api.router import router

__all__ = ["figures", "marks", "rounds", "router", "undo"]
