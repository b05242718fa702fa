"""The WSGI application that granian serves. It runs as the web role: nothing here says `owner`."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "linli.site.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
