from __future__ import annotations

from django.db import migrations

from coding.frozen import freeze


class Migration(migrations.Migration):
    dependencies = [("curation", "0001_initial")]
    operations = [
        freeze("curation_release", ("UPDATE", "DELETE"), "1 = 1", "a release cannot change"),
    ]
