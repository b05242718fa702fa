"""Who signs in with a phone is not known yet; what lies here is sealed or a digest. Receipts hold ids alone."""

from django.db import migrations

from linli.core import wall


class Migration(migrations.Migration):
    dependencies = [("field", "0001_initial"), ("core", "0002_wall"), ("accounts", "0002_wall")]

    operations = [
        wall.public("field_key", "the server's key pairs, private halves sealed with the data keys", grant=wall.APPEND),
        wall.public(
            "field_session", "phones' sign-ins: digests of tokens and sealed keys, found by the token alone",
            grant=wall.WRITE,
        ),
        wall.public("field_receipt", "ids of commands carried out and of what they made", grant=wall.WRITE),
    ]  # fmt: skip
