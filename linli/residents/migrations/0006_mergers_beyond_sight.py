"""What was merged at doors that whoever takes two entries apart does not see counts all the same."""

from django.db import migrations

FUNCTIONS = """
-- Both run as their owner, for the wall hides a merger from whoever does not see both doors. They tell numbers alone.

-- The merger that has to be undone before merger `a_id`: of the same survivor, or of it into another. NULL: none.
CREATE FUNCTION linli_later_merger(a_id bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT coalesce(o.within_id, o.id) FROM merger m
    JOIN merger o ON o.kind = m.kind AND o.undone_at IS NULL AND o.id > m.id
        AND (o.survivor_id = m.survivor_id OR o.merged_id = m.survivor_id)
    WHERE m.id = a_id ORDER BY o.id DESC LIMIT 1
$$;

-- The entries that were merged into one, and into these.
CREATE FUNCTION linli_merged_below(a_kind smallint, a_id bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    WITH RECURSIVE below (id) AS (
        SELECT merged_id FROM merger WHERE kind = a_kind AND survivor_id = a_id AND undone_at IS NULL
        UNION
        SELECT m.merged_id FROM merger m JOIN below b ON m.survivor_id = b.id
        WHERE m.kind = a_kind AND m.undone_at IS NULL
    ) SELECT id FROM below
$$;

DO $$
DECLARE
    v_call text;
BEGIN
    FOREACH v_call IN ARRAY ARRAY['linli_later_merger(bigint)', 'linli_merged_below(smallint, bigint)'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', v_call, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_call);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO linli_web', v_call);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("residents", "0005_numbers_of_merged_entries")]

    operations = [
        migrations.RunSQL(
            FUNCTIONS,
            "DROP FUNCTION linli_later_merger(bigint); DROP FUNCTION linli_merged_below(smallint, bigint)",
        )
    ]
