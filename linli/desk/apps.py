from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "linli.desk"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core import faces

        faces.register_nav(
            faces.NavItem("desk:journal", _("Journal"), "history", "journal.view", order=90, group="watch")
        )
