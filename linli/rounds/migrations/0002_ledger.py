"""The coverage ledger: partitioned facts and states, tallies, receipts, and the functions that write them."""

from pathlib import Path

from django.db import migrations

from linli.core import wall

SQL = Path(__file__).parents[1] / "sql"


def script(name: str) -> migrations.RunSQL:
    return migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    dependencies = [("rounds", "0001_initial"), ("residents", "0002_rules"), ("core", "0002_wall")]

    operations = [
        script("tables"),
        script("due"),
        script("tally"),
        script("mark"),
        wall.public("round", "rounds: names, times, figures of certificates", grant=wall.WRITE),
        wall.public("round_span", "scopes of rounds", grant=wall.FULL),
        wall.policied("mark", grant=wall.APPEND),
        wall.policied("round_state"),
        wall.public("round_tally", "counts a unit, no resident's data", grant=wall.WRITE),
        wall.public("receipt", "ids of commands carried out", grant=wall.APPEND),
        migrations.RunSQL("GRANT USAGE ON SEQUENCE mark_id_seq TO linli_web", migrations.RunSQL.noop),
    ]
