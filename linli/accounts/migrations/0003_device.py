from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_wall")]

    operations = [
        migrations.AddField(
            model_name="accountsession",
            name="device",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
    ]
