"""A mark given by mistake is taken back by a mark that says what counted before: "not reached", where nothing did."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parents[1] / "sql"


class Migration(migrations.Migration):
    dependencies = [("rounds", "0003_merged")]

    operations = [migrations.RunSQL((SQL / "taken_back.sql").read_text(), migrations.RunSQL.noop)]
