from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "linli.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from linli.accounts import handlers
        from linli.accounts.queries import find_reminder
        from linli.core import faces
        from linli.core.events import subscribe
        from linli.duty.events import AccountClosed, PasswordSet

        subscribe(AccountClosed, handlers.on_account_closed)
        subscribe(PasswordSet, handlers.on_password_set)
        faces.register_card(faces.HomeCard(100, "accounts/_reminder.html", find_reminder))
