"""Who looks at the residents of a test's `town`."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.builders.duty import make_account
from tests.builders.places import District


@pytest.fixture
def clerk(town: District, client: Client) -> Client:
    """The office of the first community."""
    client.force_login(make_account(role="office", place=town.communities[0]))
    return client


@pytest.fixture
def stranger(town: District) -> Client:
    """The office of the other community."""
    made = Client()
    made.force_login(make_account(role="office", place=town.communities[1]))
    return made
