from __future__ import annotations

from datetime import timedelta

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "linli.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from linli.core import faces, schedule
        from linli.notices import field, field_files, files, views, views_files

        field.register()
        field_files.register()
        schedule.register("notices.remove_files", timedelta(hours=1), files.remove_old_files)
        faces.register_panel(faces.Panel("door", 60, "notices/_files.html", views_files.door_panel))
        faces.register_panel(faces.Panel("person", 60, "notices/_files.html", views_files.person_panel))
        faces.register_nav(
            faces.NavItem(
                "notices:specials", _("Special situations"), "alert-triangle", "residents.view", 15,
                badge=views.count_open,
            )
        )  # fmt: skip
        faces.register_card(faces.HomeCard(5, "notices/_home.html", views.home_card))
