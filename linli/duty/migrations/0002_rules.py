"""No account holds one role at one place twice at a time."""

from django.db import migrations

from linli.core import wall

RULES = """
ALTER TABLE appointment ADD CONSTRAINT appointment_once EXCLUDE USING gist (
    int8range(account_id, account_id, '[]') WITH &&, int8range(place_id, place_id, '[]') WITH &&,
    int4range(hashtext(role), hashtext(role), '[]') WITH &&, tstzrange(since, until) WITH &&);
"""


class Migration(migrations.Migration):
    dependencies = [("duty", "0001_initial"), ("core", "0002_wall"), ("places", "0002_rules")]

    operations = [
        migrations.RunSQL(RULES, migrations.RunSQL.noop),
        wall.public(
            "appointment", "who is appointed where: staff, not residents; read at every sign-in", grant=wall.WRITE
        ),
    ]
