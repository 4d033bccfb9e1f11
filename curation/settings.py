"""Settings, each from the environment where an installation may differ. The README names them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Any
from urllib.parse import quote

import environ
from csp.constants import NONE, SELF
from django.core.management.utils import get_random_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = BASE_DIR / "var"
env = environ.Env()


def kept_secret_key(path: Path) -> str:
    """The key of this installation: made once, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, draft = mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(get_random_secret_key())
        # A second process may have been faster: the link keeps the first key, whole.
        with suppress(FileExistsError):
            os.link(draft, path)
        os.unlink(draft)
    return path.read_text()


def database(url: str) -> dict[str, Any]:
    """A connection is kept between requests; SQLite waits for its turn instead of failing."""
    config: dict[str, Any] = env.db_url_config(url)
    config |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    if config["ENGINE"].endswith("postgresql"):
        # Compiling a query costs more than any of ours takes.
        config["OPTIONS"] = {"options": "-c jit=off"}
    if config["ENGINE"].endswith("sqlite3"):
        if config["NAME"] != ":memory:":
            Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        config["OPTIONS"] = {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # With recursive triggers, REPLACE cannot delete what DELETE may not.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA recursive_triggers=ON;",
        }
    return config


# This installation
DEBUG: bool = env.bool("DEBUG", default=False)
HTTPS: bool = env.bool("HTTPS", default=False)
SECRET_KEY: str = env.str("SECRET_KEY", default="") or kept_secret_key(VAR / "secret_key")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
DATABASES = {
    "default": database(
        env.str("DATABASE_URL", default="") or f"sqlite:///{quote(str(VAR / 'casebook.sqlite3'))}"
    )
}
STORE_DIR = Path(env.str("STORE_DIR", default="") or VAR / "store")
IMPORT_MAX_MB: int = env.int("IMPORT_MAX_MB", default=50)
PRINTING: bool = env.bool("PRINTING", default=True)
DEMO_PASSWORD: str = env.str("DEMO_PASSWORD", default="")
TIME_ZONE: str = env.str("TIME_ZONE", default="UTC")
vars().update(env.email("EMAIL_URL", default="consolemail://"))
DEFAULT_FROM_EMAIL: str = env.str("EMAIL_FROM", default="casebook@localhost")
SITE_ADDRESS: str = env.str("SITE_ADDRESS", default="http://localhost:8000")

# Casebook
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "import_export",
    "simple_history",
    "coding",
    "curation",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "curation.limits.UploadLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "coding.errors.RefusedMiddleware",
]
ROOT_URLCONF = "curation.urls"
WSGI_APPLICATION = "curation.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "coding.views.shell.shell",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SIMPLE_HISTORY_DATE_INDEX = False
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
USE_TZ = True
USE_I18N = False
LANGUAGE_CODE = "en"

# Signing in
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = ["coding.access.SignIn"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Static files, under names that hold their hash
STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
# The bytes of releases in an object storage, where one is named; else in the folder STORE_DIR
if backend := env.str("STORE_BACKEND", default=""):
    STORAGES["store"] = {"BACKEND": backend, "OPTIONS": env.json("STORE_OPTIONS", default={})}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

# What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "coding.views.writing.csrf_failed"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_NAME = "casebook"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# HTTPS is the proxy's work, and the proxy says so in this header.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# Whether every subdomain speaks HTTPS is for the owner of the domain to say, not for us.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# What a request may hold; an uploaded file goes to disk and is limited where it is read
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "cel": {"level": "ERROR"},  # a rule that cannot be known is nothing to warn of
    },
}
