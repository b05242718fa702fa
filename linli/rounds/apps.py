from __future__ import annotations

from django.apps import AppConfig


class RoundsConfig(AppConfig):
    name = "linli.rounds"
    label = "rounds"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from linli.core import faces, importers
        from linli.core.events import subscribe
        from linli.places.events import Redrawing
        from linli.residents.events import PeopleChanged
        from linli.rounds import bulk, field, field_pack, handlers, periodic, sheet_marks, views  # noqa: F401 - bulk registers the kinds of jobs

        subscribe(PeopleChanged, handlers.follow_people)
        subscribe(Redrawing, handlers.keep_closed_figures)
        importers.register(sheet_marks.IMPORTER)
        periodic.register()
        field.register()
        field_pack.register()
        faces.register_nav(
            faces.NavItem("rounds:index", _("Rounds"), "door", "rounds.view", order=10, badge=views.count_open)
        )
        faces.register_card(faces.HomeCard(10, "rounds/_home.html", views.list_home_card))
