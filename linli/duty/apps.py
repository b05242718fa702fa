from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DutyConfig(AppConfig):
    name = "linli.duty"
    label = "duty"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core import access, faces
        from linli.core.events import subscribe
        from linli.duty import authority, facets, handlers, imports
        from linli.duty.events import PostHandedOver

        access.set_authority_source(authority.find_grants, authority.authenticate_token)
        subscribe(PostHandedOver, handlers.follow_post)
        imports.register()
        facets.register()
        faces.register_nav(
            faces.NavItem("duty:appointments", _("Appointments"), "id-badge", "duty.view", 60, "register")
        )
        faces.register_nav(faces.NavItem("duty:accounts", _("Accounts"), "users", "duty.view", 61, "register"))
