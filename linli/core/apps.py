from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "linli.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core import periodic, tasks  # noqa: F401 - tasks registers the task with procrastinate

        periodic.register()
