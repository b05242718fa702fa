"""Rules of the tree that Django's constraints cannot say, kept without a trigger."""

from django.db import migrations

from linli.core import wall

TREE = """
-- A child names its parent together with the parent's kind, and, inside a compound, with the parent's block.
ALTER TABLE place ADD CONSTRAINT place_id_kind UNIQUE (id, kind);
ALTER TABLE place ADD CONSTRAINT place_id_kind_lo UNIQUE (id, kind, lo);
ALTER TABLE place ADD CONSTRAINT place_parent_is FOREIGN KEY (parent_id, parent_kind) REFERENCES place (id, kind);
ALTER TABLE place ADD CONSTRAINT place_parent_block FOREIGN KEY (parent_id, parent_kind, parent_lo)
    REFERENCES place (id, kind, lo);

-- Blocks of one kind have one size and lie on its grid; with UNIQUE (kind, lo) no two overlap.
ALTER TABLE place ADD CONSTRAINT place_block CHECK (
    CASE kind
        WHEN 40 THEN num_nulls(lo, hi) = 2 OR num_nulls(lo, hi) = 0
            AND (lo & ((1::bigint << 37) - 1)) = 0 AND hi = lo + (1::bigint << 37)
        WHEN 70 THEN num_nulls(lo, hi) = 0 AND (lo & ((1::bigint << 28) - 1)) = 0 AND hi = lo + (1::bigint << 28)
        WHEN 80 THEN num_nulls(lo, hi) = 0 AND (lo & ((1::bigint << 17) - 1)) = 0 AND hi = lo + (1::bigint << 17)
        WHEN 90 THEN num_nulls(lo, hi) = 0 AND (lo & ((1::bigint << 11) - 1)) = 0 AND hi = lo + (1::bigint << 11)
        ELSE lo IS NULL AND hi IS NULL
    END AND lo >= 0 AND hi <= (1::bigint << 53));
-- A block rounded down to its parent's size is its parent's block: so a child lies inside its parent.
ALTER TABLE place ADD CONSTRAINT place_in_parent CHECK (
    CASE kind
        WHEN 80 THEN parent_lo IS NOT NULL AND parent_lo = (lo >> 28) << 28
        WHEN 90 THEN parent_lo IS NOT NULL AND parent_lo = (lo >> 17) << 17
        ELSE parent_lo IS NULL
    END);

-- A door lies in the block of its unit.
ALTER TABLE door ADD CONSTRAINT door_in_unit CHECK (unit_kind = 90 AND unit_lo = (key >> 11) << 11 AND key >= 0);
ALTER TABLE door ADD CONSTRAINT door_unit_is FOREIGN KEY (unit_id, unit_kind, unit_lo) REFERENCES place (id, kind, lo);
"""

SPANS = """
ALTER TABLE place_span ADD CONSTRAINT place_span_kind_is FOREIGN KEY (place_id, kind) REFERENCES place (id, kind);
ALTER TABLE place_span ADD CONSTRAINT place_span_whole UNIQUE (id, place_id, lo, hi, since, until);

-- Of one kind no two places hold a door at the same time. Compounds, buildings and units are kept apart by their
-- blocks.
ALTER TABLE place_span ADD CONSTRAINT place_span_apart EXCLUDE USING gist (
    int8range(kind, kind, '[]') WITH &&, int8range(lo, hi) WITH &&, tstzrange(since, until) WITH &&
) WHERE (kind < 70);
CREATE UNIQUE INDEX place_span_once ON place_span (place_id) WHERE kind >= 70;

-- An overlay never cuts a unit: tallies are kept a unit.
ALTER TABLE place_span ADD CONSTRAINT place_span_units CHECK ((lo & 2047) = 0 AND (hi & 2047) = 0);

-- A span lies inside a span of its parent, in keys and in time. Whoever closes a parent's span closes the children's
-- first.
ALTER TABLE place_span ADD CONSTRAINT place_span_parent_whole CHECK (
    num_nulls(parent_span_id, parent_place_id, parent_lo, parent_hi, parent_since, parent_until) IN (0, 6)
    AND (kind NOT IN (20, 30, 40) OR parent_span_id IS NOT NULL)
    AND (kind < 70 OR parent_span_id IS NULL));
ALTER TABLE place_span ADD CONSTRAINT place_span_in_parent CHECK (
    parent_lo <= lo AND hi <= parent_hi AND parent_since <= since AND until <= parent_until);
ALTER TABLE place_span ADD CONSTRAINT place_span_parent_is
    FOREIGN KEY (parent_span_id, parent_place_id, parent_lo, parent_hi, parent_since, parent_until)
    REFERENCES place_span (id, place_id, lo, hi, since, until) ON UPDATE CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial"), ("core", "0002_wall")]

    operations = [
        migrations.RunSQL(TREE, migrations.RunSQL.noop),
        migrations.RunSQL(SPANS, migrations.RunSQL.noop),
        wall.public("place", "the tree of places: no resident's data", grant=wall.WRITE),
        wall.public("place_span", "which doors a place holds: no resident's data", grant=wall.WRITE),
        wall.public("place_alias", "other names of places", grant=wall.FULL),
        wall.public("place_outline", "shapes of places", grant=wall.WRITE),
        wall.public("door", "doors: numbers and floors, no resident's data", grant=wall.WRITE),
    ]
