"""The WSGI application that granian serves. It runs as the web role: nothing here says `owner`."""

from __future__ import annotations

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from linli.core import entrance, lending
from linli.core.shortcut import Application, put_in_front

django_application = get_wsgi_application()

from linli.site.api import api  # noqa: E402, F401 - the rooms' operations register their short roads
from linli.site.static_files import list_addresses  # noqa: E402

application = entrance.guard(
    put_in_front(cast(Application, django_application), lending.Lent),
    is_file=frozenset(() if settings.DEBUG else list_addresses()).__contains__,
    lend=lending.Lent,
)
