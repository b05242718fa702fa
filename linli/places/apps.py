from __future__ import annotations

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "linli.places"
    label = "places"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from linli.core.faces import NavItem, register_beside, register_nav
        from linli.places import field, imports

        imports.register()
        field.register()
        register_beside("data-place-code", "places/_choose.html")
        register_nav(NavItem("places:index", _("Places"), "map-pin", "places.view", 40, "register"))
