from __future__ import annotations

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    name = "linli.rounds"
    label = "rounds"
    default_auto_field = "django.db.models.BigAutoField"
