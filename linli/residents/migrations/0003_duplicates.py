"""Duplicates: what was found, what was decided, what was merged into what."""

import django.db.models.deletion
from django.db import migrations, models

from linli.core import wall


def both(table: str, left: str, right: str) -> migrations.RunSQL:
    """Seen and written by those alone who see both doors."""
    rule = f"{left} <@ (SELECT linli_extent()) AND {right} <@ (SELECT linli_extent())"
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY extent ON {table} TO {wall.ROLE} USING ({rule}) WITH CHECK ({rule});
        GRANT {wall.WRITE} ON {table} TO {wall.ROLE};
        COMMENT ON TABLE {table} IS 'wall: policied';
        """,
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("residents", "0002_rules"),
    ]

    operations = [
        migrations.CreateModel(
            name="Duplicate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SmallIntegerField(choices=[(1, "person"), (2, "household")])),
                ("left_id", models.BigIntegerField()),
                ("right_id", models.BigIntegerField()),
                ("left_key", models.BigIntegerField()),
                ("right_key", models.BigIntegerField()),
                ("certainty", models.FloatField()),
                ("agreement", models.JSONField(default=dict)),
                ("found_at", models.DateTimeField()),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("open", "to be decided"),
                            ("later", "put off"),
                            ("different", "not the same"),
                            ("same", "merged"),
                        ],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "duplicate",
            },
        ),
        migrations.CreateModel(
            name="MergedInto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SmallIntegerField(choices=[(1, "person"), (2, "household")])),
                ("merged_id", models.BigIntegerField()),
                ("into_id", models.BigIntegerField()),
            ],
            options={
                "db_table": "merged_into",
            },
        ),
        migrations.CreateModel(
            name="Merger",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.SmallIntegerField(choices=[(1, "person"), (2, "household")])),
                ("key", models.BigIntegerField()),
                ("other_key", models.BigIntegerField()),
                ("survivor_id", models.BigIntegerField()),
                ("merged_id", models.BigIntegerField()),
                ("taken", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
                ("id_sealed", models.BinaryField(default=b"")),
                ("phone_sealed", models.BinaryField(default=b"")),
                ("gone", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
                ("account_id", models.BigIntegerField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_by", models.BigIntegerField(null=True)),
            ],
            options={
                "db_table": "merger",
            },
        ),
        migrations.RemoveConstraint(
            model_name="person",
            name="person_presence",
        ),
        migrations.AlterField(
            model_name="person",
            name="presence",
            field=models.SmallIntegerField(
                choices=[
                    (1, "present"),
                    (2, "away"),
                    (3, "moved out"),
                    (4, "deceased"),
                    (5, "merged into another entry"),
                ],
                default=1,
            ),
        ),
        migrations.AddConstraint(
            model_name="person",
            constraint=models.CheckConstraint(
                condition=models.Q(("presence__in", [1, 2, 3, 4, 5])), name="person_presence"
            ),
        ),
        migrations.AddIndex(
            model_name="duplicate",
            index=models.Index(
                condition=models.Q(("verdict", "same"), _negated=True), fields=["left_key"], name="duplicate_left"
            ),
        ),
        migrations.AddConstraint(
            model_name="duplicate",
            constraint=models.UniqueConstraint(fields=("kind", "left_id", "right_id"), name="duplicate_once"),
        ),
        migrations.AddConstraint(
            model_name="duplicate",
            constraint=models.CheckConstraint(
                condition=models.Q(("left_id__lt", models.F("right_id"))), name="duplicate_of_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="duplicate",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", [1, 2])), name="duplicate_kind"),
        ),
        migrations.AddConstraint(
            model_name="duplicate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at", None), ("verdict", "open")),
                    models.Q(("decided_at__isnull", False), ("verdict__in", ["later", "different", "same"])),
                    _connector="OR",
                ),
                name="duplicate_decided",
            ),
        ),
        migrations.AddIndex(
            model_name="mergedinto",
            index=models.Index(fields=["kind", "into_id"], name="merged_into_whom"),
        ),
        migrations.AddConstraint(
            model_name="mergedinto",
            constraint=models.UniqueConstraint(fields=("kind", "merged_id"), name="merged_into_one"),
        ),
        migrations.AddConstraint(
            model_name="mergedinto",
            constraint=models.CheckConstraint(
                condition=models.Q(("merged_id", models.F("into_id")), _negated=True), name="merged_into_another"
            ),
        ),
        migrations.AddField(
            model_name="merger",
            name="within",
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="residents.merger"),
        ),
        migrations.AddIndex(
            model_name="merger",
            index=models.Index(fields=["kind", "survivor_id"], name="merger_survivor"),
        ),
        migrations.AddIndex(
            model_name="merger",
            index=models.Index(fields=["key"], name="merger_key"),
        ),
        migrations.AddConstraint(
            model_name="merger",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)), fields=("kind", "merged_id"), name="merger_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="merger",
            constraint=models.CheckConstraint(
                condition=models.Q(("survivor_id", models.F("merged_id")), _negated=True), name="merger_of_two"
            ),
        ),
        migrations.AddConstraint(
            model_name="merger",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", [1, 2])), name="merger_kind"),
        ),
        migrations.AddConstraint(
            model_name="merger",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at", None), ("undone_by", None)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="merger_undone",
            ),
        ),
        both("duplicate", "left_key", "right_key"),
        both("merger", "key", "other_key"),
        wall.public("merged_into", "ids of merged entries and what stands for them now", grant=wall.FULL),
    ]
