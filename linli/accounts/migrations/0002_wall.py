"""Own rows for the owner alone; the guard and invitations are asked by strangers, who know a digest or nothing."""

from django.db import migrations

from linli.core import wall


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("core", "0002_wall")]

    operations = [
        wall.own("second_factor"),
        wall.own("recovery_code", grant=wall.FULL),
        wall.own("passkey", grant=wall.FULL),
        wall.own("account_session", grant=wall.FULL),
        wall.public(
            "sign_in_guard", "counts of failed sign-ins under keyed digests: who signs in is not known yet",
            grant=wall.FULL,
        ),
        wall.public(
            "invitation", "digests of links to staff accounts, found by the link alone; who was invited by whom",
            grant=wall.WRITE,
        ),
    ]  # fmt: skip
