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
        from linli.duty import authority, claims, dissolved, facets, field, handlers, imports, views_chain
        from linli.duty.events import PostHandedOver
        from linli.places.events import Redrawn

        access.set_authority_source(authority.find_grants, authority.authenticate_token)
        access.set_token_memory(authority.recall_token, authority.prove_token)
        subscribe(PostHandedOver, handlers.follow_post)
        subscribe(Redrawn, dissolved.follow_redrawn)
        imports.register()
        facets.register()
        field.register()
        faces.register_panel(faces.Panel("place", 10, "duty/_place_panel.html", views_chain.place_panel))
        faces.register_panel(faces.Panel("door", 10, "duty/_door_panel.html", views_chain.door_panel))
        faces.register_nav(faces.NavItem("duty:chain", _("Chain of posts"), "hierarchy-2", "duty.view", 55, "register"))
        faces.register_nav(
            faces.NavItem(
                "duty:claims", _("Volunteers' claims"), "hand-stop", "duty.confirm", 56, "register", claims.count_claims
            )
        )
        faces.register_nav(
            faces.NavItem("duty:appointments", _("Appointments"), "id-badge", "duty.view", 60, "register")
        )
        faces.register_nav(faces.NavItem("duty:accounts", _("Accounts"), "users", "duty.view", 61, "register"))
