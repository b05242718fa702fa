"""Withdrawn marks are numbered as they come, so that they can be sealed by ranges of ids like marks and the journal.

What had been withdrawn before is numbered by when it arrived.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rounds", "0006_withdrawn")]

    operations = [
        migrations.RunSQL(
            [
                "ALTER TABLE mark_withdrawn ADD COLUMN id bigint",
                "UPDATE mark_withdrawn w SET id = n.id FROM ("
                "SELECT client_id, row_number() OVER (ORDER BY received_at, client_id) AS id FROM mark_withdrawn"
                ") n WHERE n.client_id = w.client_id",
                "ALTER TABLE mark_withdrawn ALTER COLUMN id SET NOT NULL",
                "ALTER TABLE mark_withdrawn ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY",
                "ALTER TABLE mark_withdrawn ADD CONSTRAINT mark_withdrawn_id UNIQUE (id)",
                "SELECT setval('mark_withdrawn_id_seq', max(id)) FROM mark_withdrawn HAVING count(*) > 0",
            ],
            "ALTER TABLE mark_withdrawn DROP COLUMN id",
        )
    ]
