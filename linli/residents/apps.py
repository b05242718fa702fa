from __future__ import annotations

from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "linli.residents"
    label = "residents"
    default_auto_field = "django.db.models.BigAutoField"
