from importlib import import_module

import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

from coding.frozen import freeze

frozen = import_module("coding.migrations.0002_frozen")
CLOSED = frozen.CLOSED
FREEZES = [  # those of the table of entries, and those that look into it
    freeze("coding_entry", frozen.ALL, frozen.PUBLISHED, CLOSED),
    freeze("coding_variable", ("UPDATE", "DELETE"), frozen.IN_PUBLISHED, CLOSED),
    freeze("coding_category", frozen.ALL, frozen.WORDED, CLOSED),
]


def disputes_are_wholly_apart(apps, schema):
    """Until its case is compared again, a dispute from before counts as wholly apart."""
    for name in ("Cell", "HistoricalCell"):
        disputed = apps.get_model("coding", name).objects.filter(status="disputed")
        disputed.update(distance=1)


class Migration(migrations.Migration):
    """SQLite makes the table of entries anew, and its triggers go: they are put back."""

    dependencies = [
        ('coding', '0011_rulings_remembered'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(migrations.RunPython(step.reverse_code, step.code) for step in FREEZES),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField(blank=True, help_text='Empty: it was assigned.', null=True)),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='HistoricalClaim',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('until', models.DateTimeField(blank=True, help_text='Empty: it was assigned.', null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_change_reason', models.TextField(null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical claim',
                'verbose_name_plural': 'historical claims',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('query', models.CharField(blank=True, max_length=2000)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.AddField(
            model_name='cell',
            name='distance',
            field=models.FloatField(default=0, help_text='How far its codings lie apart, 0 to 1, when they were compared.'),
        ),
        migrations.AddField(
            model_name='entry',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, help_text='How much a dispute about it matters, 0 to 9.'),
        ),
        migrations.AddField(
            model_name='historicalcell',
            name='distance',
            field=models.FloatField(default=0, help_text='How far its codings lie apart, 0 to 1, when they were compared.'),
        ),
        migrations.AddField(
            model_name='historicalentry',
            name='weight',
            field=models.PositiveSmallIntegerField(default=1, help_text='How much a dispute about it matters, 0 to 9.'),
        ),
        migrations.AddConstraint(
            model_name='cell',
            constraint=models.CheckConstraint(condition=models.Q(('distance__gte', 0), ('distance__lte', 1)), name='distance_0_to_1'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('weight__lte', 9)), name='weight_0_to_9'),
        ),
        migrations.AddField(
            model_name='claim',
            name='case',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='coding.case'),
        ),
        migrations.AddField(
            model_name='claim',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalclaim',
            name='case',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='coding.case'),
        ),
        migrations.AddField(
            model_name='historicalclaim',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalclaim',
            name='user',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='savedview',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_views', to='coding.member'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(fields=('member', 'name'), name='one_view_each'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='view_has_name'),
        ),
        *FREEZES,
        migrations.RunPython(disputes_are_wholly_apart, migrations.RunPython.noop),
    ]
