"""States follow entries of the register that are merged."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("rounds", "0002_ledger"), ("residents", "0003_duplicates")]

    operations = [
        migrations.RunSQL((SQL / "merged.sql").read_text(), "DROP FUNCTION linli_standing"),
        migrations.RunSQL((SQL / "rejoin.sql").read_text(), "DROP FUNCTION linli_rejoin"),
    ]
