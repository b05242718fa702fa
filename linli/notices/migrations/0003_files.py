"""Photos and voice notes; the id under which a phone speaks of a special situation."""

import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_wall"),
    ]

    operations = [
        migrations.CreateModel(
            name="File",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("key", models.BigIntegerField()),
                ("person_id", models.BigIntegerField(null=True)),
                ("household_id", models.BigIntegerField(null=True)),
                ("special_id", models.BigIntegerField(null=True)),
                ("kind", models.CharField(choices=[("photo", "photo"), ("voice", "voice note")], max_length=5)),
                ("account_id", models.BigIntegerField()),
                ("taken_at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "db_table": "notice_file",
            },
        ),
        migrations.CreateModel(
            name="FilePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("start", models.IntegerField()),
                ("data", models.BinaryField()),
            ],
            options={
                "db_table": "notice_file_part",
            },
        ),
        migrations.AddField(
            model_name="special",
            name="client_id",
            field=models.UUIDField(null=True, unique=True),
        ),
        migrations.CreateModel(
            name="FileBytes",
            fields=[
                (
                    "file",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="notices.file",
                    ),
                ),
                ("account_id", models.BigIntegerField()),
                ("kind", models.CharField(choices=[("photo", "photo"), ("voice", "voice note")], max_length=5)),
                ("announced_at", models.DateTimeField()),
                ("size", models.IntegerField()),
                ("sha256", models.BinaryField(max_length=32)),
                ("session_id", models.UUIDField(null=True)),
                ("have", models.IntegerField(default=0)),
                ("content", models.BinaryField(default=b"")),
                ("whole_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "notice_file_bytes",
            },
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(fields=["key"], name="notice_file_key"),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("special_id__isnull", False)), fields=["special_id"], name="notice_file_special"
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(
                condition=models.Q(("person_id__isnull", False)), fields=["person_id"], name="notice_file_person"
            ),
        ),
        migrations.AddIndex(
            model_name="file",
            index=models.Index(fields=["received_at"], name="notice_file_received"),
        ),
        migrations.AddConstraint(
            model_name="file",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["photo", "voice"])), name="notice_file_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="file",
            constraint=models.CheckConstraint(
                condition=models.Q(("received_at__gte", models.F("taken_at"))), name="notice_file_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="file",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("household_id", None), ("person_id", None)),
                    models.Q(("person_id", None), ("special_id", None)),
                    models.Q(("household_id", None), ("special_id", None)),
                    _connector="OR",
                ),
                name="notice_file_about",
            ),
        ),
        migrations.AddField(
            model_name="filepart",
            name="file",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="notices.file"),
        ),
        migrations.AddIndex(
            model_name="filebytes",
            index=models.Index(fields=["account_id", "announced_at"], name="notice_file_bytes_account"),
        ),
        migrations.AddConstraint(
            model_name="filebytes",
            constraint=models.CheckConstraint(
                condition=models.Q(("size__gte", 1), ("size__lte", 524288)), name="notice_file_size"
            ),
        ),
        migrations.AddConstraint(
            model_name="filebytes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("have__gte", 0),
                    (
                        "have__lte",
                        django.db.models.expressions.CombinedExpression(models.F("size"), "+", models.Value(28)),
                    ),
                ),
                name="notice_file_have",
            ),
        ),
        migrations.AddConstraint(
            model_name="filebytes",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("content", b""), ("whole_at", None)),
                    models.Q(("whole_at__isnull", False), models.Q(("content", b""), _negated=True)),
                    _connector="OR",
                ),
                name="notice_file_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="filepart",
            constraint=models.UniqueConstraint(fields=("file", "start"), name="notice_file_part_once"),
        ),
        migrations.AddConstraint(
            model_name="filepart",
            constraint=models.CheckConstraint(
                condition=models.Q(("start__gte", 0), models.Q(("data", b""), _negated=True)),
                name="notice_file_part_start",
            ),
        ),
    ]
