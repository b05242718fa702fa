"""Seals of the journal, the record of periodic work, and indexes for the journal's filters."""

from django.db import migrations, models

from linli.core import wall

LENGTHS = """
ALTER TABLE seal_block ADD CONSTRAINT seal_block_lengths CHECK (
    octet_length(digest) = 32 AND octet_length(previous) = 32 AND octet_length(hash) = 32 AND octet_length(mac) = 32)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_wall"),
    ]

    operations = [
        migrations.CreateModel(
            name="PeriodicRun",
            fields=[
                ("name", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("succeeded_at", models.DateTimeField(null=True)),
                ("result", models.CharField(blank=True, max_length=200)),
                ("error", models.CharField(blank=True, max_length=400)),
            ],
            options={
                "db_table": "periodic_run",
            },
        ),
        migrations.CreateModel(
            name="SealBlock",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("source", models.CharField(max_length=20)),
                ("form", models.SmallIntegerField()),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("count", models.BigIntegerField()),
                ("digest", models.BinaryField(max_length=32)),
                ("previous", models.BinaryField(max_length=32, unique=True)),
                ("hash", models.BinaryField(max_length=32)),
                ("mac", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "seal_block",
            },
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(fields=["account_name", "-id"], name="journal_account"),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(fields=["verb", "-id"], name="journal_verb"),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(
                condition=models.Q(("subject", ""), _negated=True), fields=["subject", "-id"], name="journal_subject"
            ),
        ),
        migrations.AddIndex(
            model_name="sealblock",
            index=models.Index(condition=models.Q(("sent_at", None)), fields=["number"], name="seal_block_unsent"),
        ),
        migrations.AddConstraint(
            model_name="sealblock",
            constraint=models.UniqueConstraint(fields=("source", "first"), name="seal_block_once"),
        ),
        migrations.AddConstraint(
            model_name="sealblock",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gte", 1), ("first__lte", models.F("last")), ("number__gte", 1)),
                name="seal_block_range",
            ),
        ),
        migrations.RunSQL(LENGTHS, migrations.RunSQL.noop),
        wall.public("seal_block", "counts and digests of sealed blocks, no resident's data"),
        wall.closed("periodic_run", "when periodic work last ran: the worker's and the doctor's"),
    ]
