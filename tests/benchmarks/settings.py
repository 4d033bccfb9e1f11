"""Settings of an installation; only its hashed static files lie with the scratch database."""

from __future__ import annotations

import os
from pathlib import Path

from curation.settings import *  # noqa: F403

STATIC_ROOT = Path(os.environ["BENCHMARK_DIR"]) / "static"
