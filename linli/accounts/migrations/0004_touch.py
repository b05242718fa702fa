"""A session is in use: noted in one round trip, where who acts is not told to the wall otherwise."""

from django.db import migrations

TOUCH = """
CREATE FUNCTION linli_touch_session(a_account bigint, a_key text, a_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_acting text := coalesce(current_setting('linli.account', true), '');
BEGIN
    PERFORM set_config('linli.account', a_account::text, true);
    UPDATE account_session SET seen_at = a_at WHERE session_key = a_key AND seen_at < a_at;
    PERFORM set_config('linli.account', v_acting, true);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_device"), ("core", "0002_wall")]

    operations = [migrations.RunSQL(TOUCH, "DROP FUNCTION linli_touch_session(bigint, text, timestamptz)")]
