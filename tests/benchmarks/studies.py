"""How fast a study is on 12,000 rows: one JSON line for each figure.

python -m tests.benchmarks.studies
"""

from __future__ import annotations

import os
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "curation.settings")
    django.setup()
    import_module("tests.benchmarks.studies_steps").measure()
