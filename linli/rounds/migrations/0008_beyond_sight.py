"""Marks at doors that the caller does not see, and given to entries that were merged since, count all the same."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("rounds", "0007_withdrawn_ids"), ("residents", "0003_duplicates")]

    operations = [migrations.RunSQL((SQL / "beyond.sql").read_text(), migrations.RunSQL.noop)]
