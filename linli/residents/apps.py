from __future__ import annotations

from django.apps import AppConfig


class ResidentsConfig(AppConfig):
    name = "linli.residents"
    label = "residents"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from linli.core import events, schedule
        from linli.core.faces import NavItem, register_doors, register_nav
        from linli.places import facets
        from linli.places.events import DoorsEnding
        from linli.residents import doors, field, field_pack, handlers, importers
        from linli.residents.duplicates import finding

        events.subscribe(DoorsEnding, handlers.refuse_ending)
        importers.register()
        field.register()
        field_pack.register()
        facets.register(facets.Facet("people", _("People"), 10, handlers.count_people))
        register_doors(doors.read_doors)
        register_nav(NavItem("residents:search", _("Residents"), "users", "residents.view", 50, "register"))
        register_nav(NavItem("residents:duplicates", _("Duplicates"), "users-group", finding.MERGE, 52, "register"))
        schedule.register(finding.FIND, finding.EVERY, finding.find_every_night)
