"""How every process of the product begins: the command line, the supervisor and what it starts."""

from __future__ import annotations

import contextlib
import gc
import os


def set_up() -> None:
    """Load settings (which start the embedded server when no other is named) and the rooms."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")
    import django
    from django.conf import settings
    from django.utils import translation

    from linli.core.catalogs import compile_stale

    gc.disable()  # nothing of what is loaded here is ever garbage
    with contextlib.suppress(PermissionError):  # an installation that only root may write was compiled by root
        compile_stale()
    django.setup()
    language = os.environ.get("LINLI_LANG") or os.environ.get("LC_ALL") or os.environ.get("LANG", "")
    translation.activate("en" if language.lower().startswith("en") else settings.LANGUAGE_CODE)
    gc.freeze()  # nor is it looked through later on
    gc.set_threshold(20_000, 10, 10)  # rows by the hundred thousand come and go without a cycle: looked for less often
    gc.enable()
