"""Marks that their author withdrew from a phone are as if they had not been given, in whatever order things arrive."""

from pathlib import Path

from django.db import migrations

from linli.core import wall

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("rounds", "0005_latest_bucket"), ("core", "0002_wall")]

    operations = [
        migrations.RunSQL((SQL / "withdrawn.sql").read_text(), migrations.RunSQL.noop),
        # Once more, for databases where it stands as it was before anything could be withdrawn.
        migrations.RunSQL((SQL / "rejoin.sql").read_text(), migrations.RunSQL.noop),
        wall.public("mark_withdrawn", "ids of marks that were withdrawn, no resident's data", grant=wall.APPEND),
    ]
