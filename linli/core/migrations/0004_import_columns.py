"""What senders have said about the columns of their sheets."""

from django.db import migrations, models

from linli.core import wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_seals"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportColumns",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=60)),
                ("signature", models.CharField(max_length=64)),
                ("chosen", models.JSONField()),
                ("saved_at", models.DateTimeField()),
            ],
            options={
                "db_table": "import_columns",
                "constraints": [
                    models.UniqueConstraint(fields=("account_id", "kind", "signature"), name="import_columns_once"),
                ],
            },
        ),
        wall.own("import_columns", grant=wall.FULL),
    ]
