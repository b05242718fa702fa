"""When somebody was seen to be present, away or gone: what a phone saw earlier and sends later does not overrule it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("residents", "0006_mergers_beyond_sight")]

    operations = [migrations.AddField(model_name="person", name="presence_at", field=models.DateTimeField(null=True))]
