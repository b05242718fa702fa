"""Tables of phones."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FieldKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("spki", models.BinaryField()),
                ("private", models.BinaryField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "field_key",
            },
        ),
        migrations.CreateModel(
            name="FieldReceipt",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=40)),
                ("account_id", models.BigIntegerField()),
                ("event_at", models.DateTimeField()),
                ("device_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("given", models.JSONField(default=dict)),
            ],
            options={
                "db_table": "field_receipt",
            },
        ),
        migrations.CreateModel(
            name="FieldSession",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("device", models.CharField(blank=True, default="", max_length=60)),
                ("time_zone", models.CharField(blank=True, default="", max_length=60)),
                ("offset_ms", models.BigIntegerField(default=0)),
                ("key_sealed", models.BinaryField(default=b"")),
                ("started_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "db_table": "field_session",
                "indexes": [models.Index(fields=["seen_at"], name="field_session_seen")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("seen_at__gte", models.F("started_at"))), name="field_session_time"
                    )
                ],
            },
        ),
    ]
