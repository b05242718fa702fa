"""No two holders of one post at once, and none but its volunteer and those who answer there see a claim."""

from django.db import migrations

from linli.core import wall

# Of several who held one role at one place so far, each gets a seat of their own; a lead's post has one.
SEATS = """
UPDATE appointment a SET seat = n.seat FROM (
    SELECT x.id, row_number() OVER (PARTITION BY x.place_id, x.role ORDER BY x.id) AS seat
    FROM appointment x JOIN place p ON p.id = x.place_id
    WHERE NOT (x.role = 'unit_lead' AND p.kind = 90 OR x.role = 'building_lead' AND p.kind = 80
               OR x.role = 'grid_lead' AND p.kind IN (60, 61, 62) OR x.role = 'area_lead' AND p.kind = 50)
) n WHERE n.id = a.id AND n.seat > 1;
"""

POSTS = """
ALTER TABLE appointment ADD CONSTRAINT appointment_post EXCLUDE USING gist (
    int8range(place_id, place_id, '[]') WITH &&, int4range(hashtext(role), hashtext(role), '[]') WITH &&,
    int4range(seat, seat, '[]') WITH &&, int4range(is_deputy::integer, is_deputy::integer, '[]') WITH &&,
    tstzrange(since, until) WITH &&);
"""


def seen_there_or_own(table: str, column: str) -> migrations.RunSQL:
    """Rows are seen by whoever answers for the place, and by the account that they are about."""
    rule = f"{column} <@ (SELECT linli_extent()) OR account_id = (SELECT linli_account())"
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY there_or_own ON {table} TO {wall.ROLE} USING ({rule}) WITH CHECK ({rule});
        GRANT {wall.WRITE} ON {table} TO {wall.ROLE};
        COMMENT ON TABLE {table} IS 'wall: policied';
        """,
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("duty", "0003_chain")]

    operations = [
        migrations.RunSQL(SEATS, migrations.RunSQL.noop),
        migrations.RunSQL(POSTS, migrations.RunSQL.noop),
        wall.public("organisation", "names of organisations that people are drawn from", grant=wall.WRITE),
        wall.public("staff", "phones of people on duty, sealed; nobody is listed by them", grant=wall.WRITE),
        wall.public("work_team", "which work teams there are, without their members", grant=wall.WRITE),
        seen_there_or_own("volunteer", "home_lo"),
        seen_there_or_own("claim", "lo"),
    ]
