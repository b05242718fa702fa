from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "linli.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from linli.core import faces
        from linli.notices import field, views

        field.register()
        faces.register_nav(
            faces.NavItem(
                "notices:specials", _("Special situations"), "alert-triangle", "residents.view", 15,
                badge=views.count_open,
            )
        )  # fmt: skip
        faces.register_card(faces.HomeCard(5, "notices/_home.html", views.home_card))
