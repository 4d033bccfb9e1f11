from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

COLUMNS = (
    *("project_id", "name", "title", "source", "version", "licence", "pair", "years_before"),
    *("absent", "lines", "report", "imported_at"),
)


def hand_over(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    """Cells are derived from series: they stand with the coding from now on."""
    after = apps.get_model("coding", "Series")
    for row in apps.get_model("curation", "Series").objects.order_by("pk").values(*COLUMNS):
        after.objects.create(**row)


class Migration(migrations.Migration):

    dependencies = [
        ('coding', '0019_series'),
        ('curation', '0007_draft_releases'),
    ]

    operations = [
        migrations.RunPython(hand_over, migrations.RunPython.noop),
        migrations.DeleteModel(name='Series'),
    ]
