"""A mark is its command's own receipt (docs/adr/0015-a-mark-is-its-own-receipt.md).

The functions that write the ledger are made anew: each file is whole, and says the same when it is run again.
"""

from pathlib import Path

from django.db import migrations

from linli.core import wall

SQL = Path(__file__).parents[1] / "sql"


def script(name: str) -> migrations.RunSQL:
    return migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    dependencies = [("rounds", "0008_beyond_sight")]

    operations = [
        script("own_receipt"),
        wall.policied("round_state"),
        script("tally"),
        script("mark"),
        script("rejoin"),
        script("beyond"),
    ]
