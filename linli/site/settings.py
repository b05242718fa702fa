"""Settings. The whole product is configured by a handful of environment variables, named here.

DATABASE_URL      a PostgreSQL (>= 15); unset: the embedded server is started
LINLI_HOME        folder of everything kept (embedded server, secrets, uploads); default ``var`` in the repository
LINLI_SECRETS     path of the secrets file; default ``secrets.json`` in LINLI_HOME
LINLI_SCHEMA      schema of this jurisdiction; default ``linli``
LINLI_TIME_ZONE   time zone of the jurisdiction; default ``Asia/Shanghai``
LINLI_HOSTS       host names served, comma separated; default the loopback names
LINLI_ORIGINS     origins trusted for forms behind a proxy, e.g. ``https://linli.example.cn``
LINLI_PROXIES     how many proxies stand in front and write X-Forwarded-For; default 1 with LINLI_HTTPS, else 0
LINLI_SECOND_FACTOR  0: roles that ask for a second factor only remind of it (for demonstrations)
LINLI_HTTPS       1 behind a proxy that speaks HTTPS: secure cookies, HSTS
LINLI_FILE_DAYS   days for which photos and voice notes from phones are kept; default 30
LINLI_RATE        requests a second that one token may make of one web process; default 200, 0: no limits
LINLI_WAIT_SECONDS  how long a request may wait for its turn; who would wait longer is told to come again; default 3
LINLI_STATEMENT_SECONDS  how long a statement of a page or of the API may take; default 60
LINLI_SEALS       folder of the file of seals; default ``seals`` in LINLI_HOME. Better on another disk
LINLI_SEALS_URL   address that every seal is sent to by POST, outside of this machine; default: none
LINLI_TILES       address of raster map tiles under the outlines, ``https://.../{z}/{x}/{y}.png``, WGS-84; default: none
LINLI_TILES_ATTRIBUTION  whose tiles those are, as their licence asks for; stands on every map
LINLI_DEBUG       1 for developers: tracebacks in the browser
LINLI_NO_DB       1: load without a database (type checker, editors, building static files)
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from linli.site.embedded import get_home, hold
from linli.site.secrets import load_secrets


def _flag(name: str) -> bool:
    return os.environ.get(name, "") in {"1", "true", "yes", "on"}


def _words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


PACKAGE_DIR = Path(__file__).resolve().parents[1]
LINLI_HOME = get_home()
LINLI_SCHEMA = os.environ.get("LINLI_SCHEMA", "linli")
LINLI_JOBS_SCHEMA = os.environ.get("LINLI_JOBS_SCHEMA", "linli_jobs")
TESTING = "pytest" in sys.modules

_secrets = load_secrets(LINLI_HOME)
SECRET_KEY = _secrets.secret_key
LINLI_SECRETS_PATH = _secrets.path
LINLI_DATA_KEYS = _secrets.data_keys
LINLI_HASH_KEY = _secrets.hash_key
LINLI_JOURNAL_KEY = _secrets.journal_key

LINLI_SEALS = Path(os.environ.get("LINLI_SEALS") or LINLI_HOME / "seals").expanduser()
LINLI_SEALS_URL = os.environ.get("LINLI_SEALS_URL", "")

LINLI_FILE_DAYS = int(os.environ.get("LINLI_FILE_DAYS") or 30)
LINLI_RATE = float(os.environ.get("LINLI_RATE") or (0 if TESTING else 200))
LINLI_WAIT_SECONDS = float(os.environ.get("LINLI_WAIT_SECONDS") or 3)
LINLI_STATEMENT_SECONDS = int(os.environ.get("LINLI_STATEMENT_SECONDS") or 60)

LINLI_TILES = os.environ.get("LINLI_TILES", "")
LINLI_TILES_ATTRIBUTION = os.environ.get("LINLI_TILES_ATTRIBUTION", "")

DEBUG = _flag("LINLI_DEBUG")
ALLOWED_HOSTS = _words("LINLI_HOSTS", "127.0.0.1,localhost,[::1]") + (["testserver"] if TESTING else [])
CSRF_TRUSTED_ORIGINS = _words("LINLI_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "ninja",  # its documentation pages load their scripts from here, not from the internet
    "linli.core",
    "linli.places",
    "linli.residents",
    "linli.duty",
    "linli.accounts",
    "linli.notices",
    "linli.rounds",
    "linli.desk",
    "linli.field",
    "linli.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "linli.site.headers.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "linli.site.overload.OverloadMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "linli.desk.middleware.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "linli.core.middleware.ProblemMiddleware",
    "linli.accounts.middleware.SessionMiddleware",
    "linli.core.middleware.ActingMiddleware",
]

ROOT_URLCONF = "linli.site.urls"
WSGI_APPLICATION = "linli.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "linli.desk.shell.shell",
            ],
        },
    },
]


def _database_url() -> str:
    named = os.environ.get("DATABASE_URL")
    if named:
        return named
    if _flag("LINLI_NO_DB"):
        return "postgresql://linli@/linli?host=/nonexistent"
    url = hold(LINLI_HOME)
    os.environ["DATABASE_URL"] = url  # children of this process use the same server without asking again
    return url


def _database(url: str, *, path: str, role: str = "", more: tuple[str, ...] = ()) -> dict[str, Any]:
    """One alias: the same server and login, told apart by search path and role."""
    parts: dict[str, Any] = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
    options = [str(parts.pop("options", "")), f"-c search_path={path}", f"-c role={role}" if role else "", *more]
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "linli"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**parts, "options": " ".join(filter(None, options)), "application_name": "linli"},
    }


# Procrastinate's SQL names no schema and lands in the first of the path: jobs have an alias of their own. Every
# alias sees both schemas, so that a job is enqueued inside a room's transaction, and tells its progress outside it.
LINLI_DATABASE_URL = _database_url()
_rooms_path = f"{LINLI_SCHEMA},{LINLI_JOBS_SCHEMA}"
# Statements that are planned once for every caller look dear to the planner, and are not: to compile them would take
# many times as long as they do.
_web_limits = (f"-c statement_timeout={LINLI_STATEMENT_SECONDS}s", "-c jit=off")
# Imports stage their rows in temporary tables; at the default of 8 MB a roster's are written out and read again.
_owner_room = ("-c temp_buffers=64MB",)
DATABASES: dict[str, dict[str, Any]] = {
    "default": _database(LINLI_DATABASE_URL, path=_rooms_path, role="linli_web", more=_web_limits)
    | {"TEST": {"MIRROR": "owner", "DEPENDENCIES": []}},
    "owner": _database(LINLI_DATABASE_URL, path=_rooms_path, more=_owner_room) | {"TEST": {"DEPENDENCIES": []}},
    "jobs": _database(LINLI_DATABASE_URL, path=f"{LINLI_JOBS_SCHEMA},{LINLI_SCHEMA}") | {"TEST": {"DEPENDENCIES": []}},
}
DATABASE_ROUTERS = ["linli.core.db.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PROCRASTINATE_DATABASE_ALIAS = "jobs"

AUTH_USER_MODEL = "core.Account"
LOGIN_URL = "desk:sign-in"
LOGIN_REDIRECT_URL = "desk:home"
LOGOUT_REDIRECT_URL = "desk:sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if TESTING:  # a hash that is slow on purpose would be most of the suite's time
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE_DIR / "site" / "locale"]
TIME_ZONE = os.environ.get("LINLI_TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = LINLI_HOME / "static"
STATICFILES_BACKEND = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if TESTING or DEBUG
    else "whitenoise.storage.CompressedManifestStaticFilesStorage"
)
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": LINLI_HOME / "files", "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": STATICFILES_BACKEND},
}
WHITENOISE_USE_FINDERS = TESTING or DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

_https = _flag("LINLI_HTTPS")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
LINLI_PROXIES = int(os.environ.get("LINLI_PROXIES") or int(_https))
LINLI_SECOND_FACTOR = os.environ.get("LINLI_SECOND_FACTOR", "1") != "0"
CSRF_FAILURE_VIEW = "linli.desk.errors.csrf_failure"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"linli": {"level": "INFO"}, "procrastinate": {"level": "WARNING"}},
}
