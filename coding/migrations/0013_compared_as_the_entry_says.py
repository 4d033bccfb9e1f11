from importlib import import_module

from django.db import migrations, models
from django.db.models import OuterRef, Subquery

from coding.frozen import freeze

frozen = import_module("coding.migrations.0002_frozen")
FREEZES = [  # those of the tables of entries and variables, and those that look into them
    freeze("coding_entry", frozen.ALL, frozen.PUBLISHED, frozen.CLOSED),
    freeze("coding_variable", ("UPDATE", "DELETE"), frozen.IN_PUBLISHED, frozen.CLOSED),
    freeze("coding_category", frozen.ALL, frozen.WORDED, frozen.CLOSED),
]
CLOSE = models.DecimalField(
    blank=True,
    decimal_places=8,
    help_text="Numbers (or days) this close count as agreeing.",
    max_digits=24,
    null=True,
)
COMPARE = models.BooleanField(default=True, help_text="Do coders have to agree on it?")


def entries_say_it(apps, schema):
    """Each entry compares as its variable did; no codebook says anything else than before."""
    variables = apps.get_model("coding", "Variable").objects.filter(pk=OuterRef("variable_id"))
    for name in ("Entry", "HistoricalEntry"):
        entries = apps.get_model("coding", name).objects.filter(variable__isnull=False)
        entries.filter(variable_id__in=variables.model.objects.values("pk")).update(
            tolerance=Subquery(variables.values("tolerance")),
            compare=Subquery(variables.values("compare")),
        )


class Migration(migrations.Migration):
    """How near answers must be is the entry's to say: the same values are compared anew."""

    dependencies = [("coding", "0012_severity_and_claims")]
    operations = [
        *(migrations.RunPython(step.reverse_code, step.code) for step in FREEZES),
        *(
            migrations.AddField(model, name, field)
            for model in ("entry", "historicalentry")
            for name, field in (("tolerance", CLOSE), ("compare", COMPARE))
        ),
        migrations.RunPython(entries_say_it, migrations.RunPython.noop),
        *(
            migrations.RemoveField(model, name)
            for model in ("variable", "historicalvariable")
            for name in ("tolerance", "compare")
        ),
        *FREEZES,
    ]
