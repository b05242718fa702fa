"""Special situations."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Special",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.BigIntegerField()),
                ("place_id", models.BigIntegerField(null=True)),
                ("person_id", models.BigIntegerField(null=True)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("ill", "somebody is ill or hurt"),
                            ("fire", "fire, gas or water"),
                            ("dispute", "a dispute"),
                            ("missing", "somebody is missing"),
                            ("supply", "without food or medicine"),
                            ("other", "something else"),
                        ],
                        max_length=8,
                    ),
                ),
                ("text", models.BinaryField(default=b"")),
                ("account_id", models.BigIntegerField()),
                ("happened_at", models.DateTimeField()),
                ("device_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.BigIntegerField(null=True)),
                ("outcome", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "db_table": "special",
                "indexes": [
                    models.Index(condition=models.Q(("settled_at", None)), fields=["key"], name="special_open"),
                    models.Index(fields=["-received_at"], name="special_received"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("what__in", ["ill", "fire", "dispute", "missing", "supply", "other"])),
                        name="special_what",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("received_at__gte", models.F("happened_at"))), name="special_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("settled_at", None), ("settled_by", None)),
                            models.Q(
                                ("settled_at__gte", models.F("received_at")),
                                ("settled_by__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="special_settled",
                    ),
                ],
            },
        ),
    ]
