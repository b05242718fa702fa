"""The router that the operations of residents add themselves to, and what their tokens must allow."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["residents"])
EDIT, REGISTER, VIEW = "residents.edit", "residents.register", "residents.view"
