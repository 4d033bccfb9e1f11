from importlib import import_module

from django.db import migrations, models

from coding.frozen import freeze

frozen = import_module("coding.migrations.0002_frozen")
FREEZE = freeze("coding_category", frozen.ALL, frozen.WORDED, frozen.CLOSED)
TEXT = models.TextField(blank=True, default="", help_text="What looks like it and is none.")


class Migration(migrations.Migration):
    """SQLite makes the table anew, and with the old one its triggers go: they are put back."""

    dependencies = [("coding", "0008_batches")]
    operations = [
        migrations.RunPython(FREEZE.reverse_code, FREEZE.code),
        migrations.AddField("category", "counter_example", TEXT, preserve_default=False),
        migrations.AddField("historicalcategory", "counter_example", TEXT, preserve_default=False),
        FREEZE,
    ]
