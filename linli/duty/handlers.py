"""What duty does when a post goes from one hand to another."""

from __future__ import annotations

from linli.duty import claims
from linli.duty.events import PostHandedOver


def follow_post(event: PostHandedOver) -> None:
    """The claims that wait for a lead move with the post."""
    claims.move_claims(event)
