"""The hashes of a merged entry's numbers are kept with its merger: a roster that lists it again finds the survivor."""

from django.db import migrations, models

from linli.core import crypto


def fill(apps, schema_editor):
    people = apps.get_model("residents", "Person").objects.using(schema_editor.connection.alias)
    mergers = apps.get_model("residents", "Merger").objects.using(schema_editor.connection.alias)
    for merger in mergers.filter(kind=1, undone_at=None).iterator():
        merged = people.filter(pk=merger.merged_id).only("id_sealed", "phone_sealed").first()
        if merged is not None:
            merger.merged_id_hash = crypto.lookup_hash(crypto.unseal(merged.id_sealed))
            merger.merged_phone_hash = crypto.lookup_hash(crypto.unseal(merged.phone_sealed))
            merger.save(update_fields=["merged_id_hash", "merged_phone_hash"])


class Migration(migrations.Migration):
    dependencies = [("residents", "0004_one_index_of_households")]

    operations = [
        migrations.AddField("merger", "merged_id_hash", models.BinaryField(null=True)),
        migrations.AddField("merger", "merged_phone_hash", models.BinaryField(null=True)),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            "merger",
            models.Index(
                fields=["merged_id_hash"],
                name="merger_merged_id",
                condition=models.Q(("merged_id_hash__isnull", False), ("undone_at", None)),
            ),
        ),
    ]
