"""The wall's two functions, and who may touch core's tables."""

from django.db import migrations

from linli.core import wall

FUNCTIONS = """
CREATE FUNCTION linli_extent() RETURNS int8multirange LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    extent text := current_setting('linli.extent', true);
BEGIN
    -- An extent nobody set is a fault, not an empty extent: a page that forgot it must fail, not report that nobody
    -- was missed.
    -- (A setting made with SET LOCAL leaves the empty string behind it, not NULL.)
    IF extent IS NULL OR extent = '' THEN
        RAISE EXCEPTION 'linli.extent is not set: nobody is acting' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN extent::int8multirange;
END $$;

CREATE FUNCTION linli_account() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
    account text := current_setting('linli.account', true);
BEGIN
    IF account IS NULL OR account = '' THEN
        RAISE EXCEPTION 'linli.account is not set: nobody is acting' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN account::bigint;
END $$;
"""

JOURNAL = """
ALTER TABLE journal_entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON journal_entry FOR SELECT TO linli_web USING (key <@ (SELECT linli_extent()));
CREATE POLICY added ON journal_entry FOR INSERT TO linli_web WITH CHECK (true);
GRANT SELECT, INSERT ON journal_entry TO linli_web;
COMMENT ON TABLE journal_entry IS 'wall: policied';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("sessions", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, "DROP FUNCTION linli_extent(); DROP FUNCTION linli_account();"),
        migrations.RunSQL(JOURNAL, migrations.RunSQL.noop),
        wall.public("account", "identity, needed before authority is known: sign-in reads it", grant=wall.WRITE),
        wall.public("django_session", "sessions, found by their secret key alone", grant=wall.FULL),
        wall.public("api_token", "digests of tokens, found by the token alone", grant=wall.WRITE),
        wall.own("job"),
        wall.closed("auth_group", "not used: authority comes from appointments"),
        wall.closed("auth_group_permissions", "not used: authority comes from appointments"),
        wall.closed("auth_permission", "not used: authority comes from appointments"),
        wall.closed("django_content_type", "not used by the web"),
        wall.closed("django_migrations", "read and written by migrate alone"),
    ]
