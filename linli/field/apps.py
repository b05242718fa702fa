from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FieldConfig(AppConfig):
    name = "linli.field"
    label = "field"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.core import access, faces, schedule
        from linli.field import keys, queries
        from linli.field.terms import FORGET_EVERY, KEY_KEPT, TOKEN_PREFIX

        faces.register_nav(faces.NavItem("field:app", _("Phone app"), "device-mobile", "rounds.mark", 20))
        access.add_token_source(TOKEN_PREFIX, queries.authenticate_phone)
        schedule.register("field.forget_keys", FORGET_EVERY, lambda at: keys.forget_old_keys(before=at - KEY_KEPT))
