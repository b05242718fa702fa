"""HTTP API of residents: households, people, search, counts. Searches are POSTs: no ID number stands in an address."""

from __future__ import annotations

from linli.residents.api import households, people
from linli.residents.api.router import router

__all__ = ["households", "people", "router"]
