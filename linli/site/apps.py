from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "linli.site"
    label = "linli_site"
