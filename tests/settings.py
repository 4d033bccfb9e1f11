"""Settings of the tests: those of an installation, quicker, and leaving nothing under var/."""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

os.environ.setdefault("SECRET_KEY", "only-for-tests-" * 4)

from curation.settings import *  # noqa: F403
from curation.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Unhashed names: a test needs no collectstatic before it.
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}
WHITENOISE_AUTOREFRESH = True
STORE_DIR = Path(mkdtemp(prefix="casebook-store-"))
atexit.register(rmtree, STORE_DIR, ignore_errors=True)
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
