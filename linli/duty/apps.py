from __future__ import annotations

from django.apps import AppConfig


class DutyConfig(AppConfig):
    name = "linli.duty"
    label = "duty"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core import access
        from linli.duty import authority

        access.set_authority_source(authority.find_grants, authority.authenticate_token)
