from __future__ import annotations

from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "linli.residents"
    label = "residents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core import events
        from linli.places.events import DoorsEnding
        from linli.residents import handlers, importers

        events.subscribe(DoorsEnding, handlers.refuse_ending)
        importers.register()
