from django.db import migrations

from linli.core import wall


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_initial"), ("core", "0002_wall")]

    operations = [wall.policied("special")]
