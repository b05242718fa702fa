"""The span of a compound, building or unit is its block: tied to the place's keys, and of its size."""

from django.db import migrations

SPANS = """
-- NULL for overlays, whose spans are free of blocks, so that the foreign key leaves them out.
ALTER TABLE place_span ADD COLUMN block_lo bigint GENERATED ALWAYS AS (CASE WHEN kind >= 70 THEN lo END) STORED;
ALTER TABLE place_span ADD CONSTRAINT place_span_block_is FOREIGN KEY (place_id, kind, block_lo)
    REFERENCES place (id, kind, lo);
ALTER TABLE place_span ADD CONSTRAINT place_span_block CHECK (
    CASE kind
        WHEN 70 THEN hi = lo + (1::bigint << 28)
        WHEN 80 THEN hi = lo + (1::bigint << 17)
        WHEN 90 THEN hi = lo + (1::bigint << 11)
        ELSE kind < 70
    END);
"""


class Migration(migrations.Migration):
    dependencies = [("places", "0004_fill_keys")]

    operations = [
        migrations.RunSQL(SPANS, "ALTER TABLE place_span DROP COLUMN block_lo, DROP CONSTRAINT place_span_block")
    ]
