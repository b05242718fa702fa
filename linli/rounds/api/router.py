"""The one router that the modules of this package put their operations on."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["rounds"])
