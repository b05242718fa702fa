"""What the work is done on: a district of 96 doors, an open round over it, an account with a token.

Run inside the installation: `python -m tests.faults.ground` prints it as JSON; `describe` gives it as a `Ground`.
Nothing here may import pytest: with it the settings are those of tests, and passwords are kept in another way.
"""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.running import Site

USERNAME = "office"


@dataclass
class Ground:
    round_code: str = ""
    district: str = ""
    token: str = ""
    people: list[tuple[int, str]] = field(default_factory=list)  # (id, name), in walking order
    homes: list[tuple[str, str, str, str]] = field(default_factory=list)  # compound, building, unit, door


def make_ground() -> Ground:
    from linli.core import clock
    from linli.core.models import ApiToken
    from linli.duty.authority import digest_token
    from linli.places import queries as places
    from linli.residents.models import Person
    from tests.builders.duty import LONG_AGO, make_account
    from tests.builders.places import make_district
    from tests.builders.residents import make_household
    from tests.builders.rounds import open_over

    now = clock.now()
    made = make_district()
    for key in made.keys:
        make_household(key)
    opened = open_over(made.extent(made.district, now), at=now - timedelta(days=1))
    account = make_account(role="command", place=made.district, username=USERNAME)
    token = f"linli_{secrets.token_hex(16)}"
    ApiToken.objects.create(
        account=account, name="phones", digest=digest_token(token), scopes=["rounds.view", "rounds.mark"],
        created_at=LONG_AGO, expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    labels = places.door_labels(made.keys)
    homes = [(label.compound, label.building, label.unit, label.number) for label in (labels[key] for key in made.keys)]
    people = list(Person.objects.order_by("key", "id").values_list("id", "name"))
    return Ground(opened.code, made.district.code, token, people, homes)


def describe(site: Site) -> Ground:
    done = site.run("-m", "tests.faults.ground")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    pairs = [(int(number), str(name)) for number, name in found["people"]]
    return Ground(**{**found, "people": pairs, "homes": [tuple(home) for home in found["homes"]]})


def main() -> None:
    import django

    django.setup()
    from linli.core import db

    with db.owner(), db.atomic():
        made = make_ground()
    sys.stdout.write(json.dumps(asdict(made)))


if __name__ == "__main__":
    main()
