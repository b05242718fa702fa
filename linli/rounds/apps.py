from __future__ import annotations

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    name = "linli.rounds"
    label = "rounds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core.events import subscribe
        from linli.residents.events import PeopleChanged
        from linli.rounds import bulk, handlers  # noqa: F401 - bulk registers the kinds of jobs

        subscribe(PeopleChanged, handlers.follow_people)
