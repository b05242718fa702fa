"""Search keys of the names that are there. Some four seconds for a city of 10,000 different names."""

from __future__ import annotations

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from linli.core import db
from linli.places.keys import store_missing_keys


def fill(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    with db.owner():
        store_missing_keys()


class Migration(migrations.Migration):
    dependencies = [("places", "0003_keys_and_regrids")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
