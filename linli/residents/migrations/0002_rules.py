"""Where households and people are, kept equal by foreign keys; the wall before personal data."""

from django.db import migrations

from linli.core import wall

RULES = """
ALTER TABLE household ADD CONSTRAINT household_at_door FOREIGN KEY (key) REFERENCES door (key);
-- A person's key is the household's key, always: moving the household moves its people in the same statement.
ALTER TABLE person ADD CONSTRAINT person_in_household FOREIGN KEY (household_id, key)
    REFERENCES household (id, key) ON UPDATE CASCADE;

ALTER TABLE unit_count ADD CONSTRAINT unit_count_is_unit CHECK ((lo & 2047) = 0 AND cardinality(needs) = 8);
-- Room on the page for the next version of a row: a change touches no index.
ALTER TABLE unit_count SET (fillfactor = 80);
"""


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_initial"), ("places", "0002_rules")]

    operations = [
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
        wall.policied("household"),
        wall.policied("person"),
        wall.policied("unit_count", column="lo"),
    ]
