"""People are found by their household through `person_household`; the reference had brought a second index of it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("residents", "0003_duplicates")]

    operations = [
        migrations.AlterField(
            model_name="person",
            name="household",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="people",
                to="residents.household",
            ),
        ),
    ]
