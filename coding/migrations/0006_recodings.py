from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from coding.frozen import freeze


class Migration(migrations.Migration):

    dependencies = [
        ('coding', '0005_gold_and_certifications'),
    ]

    operations = [
        migrations.CreateModel(
            name='Recoding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text="The change, in the field's word.", max_length=20)),
                ('reason', models.TextField()),
                ('codes', models.JSONField(blank=True, default=dict, help_text='What a code becomes; null: it is coded again.')),
                ('again', models.BooleanField(default=False, help_text='Nothing is carried: all is coded again.')),
                ('codebook', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recodings', to='coding.codebook')),
                ('new', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='coding.variable')),
                ('old', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='coding.variable')),
            ],
            options={
                'ordering': ['codebook', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='cell',
            name='recoding',
            field=models.ForeignKey(blank=True, help_text='By whose rule it was carried from the variable before.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='coding.recoding'),
        ),
        migrations.AddField(
            model_name='historicalcell',
            name='recoding',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='By whose rule it was carried from the variable before.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='coding.recoding'),
        ),
        migrations.AddConstraint(
            model_name='recoding',
            constraint=models.UniqueConstraint(fields=('new',), name='one_recoding_each'),
        ),
        migrations.AddConstraint(
            model_name='recoding',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='recoding_has_reason'),
        ),
        freeze("coding_recoding", ("UPDATE", "DELETE"), "1 = 1", "what was decided at publication cannot change"),
    ]
