"""Addresses of residents."""

from __future__ import annotations

from tests.site.access.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
