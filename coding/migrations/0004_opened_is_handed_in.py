from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('coding', '0003_listed_sources'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='coding',
            name='unblinded_after_submitted',
        ),
        migrations.AddConstraint(
            model_name='coding',
            constraint=models.CheckConstraint(condition=models.Q(('unblinded_at', None), models.Q(('submitted_at__isnull', False), ('submitted_at__lte', models.F('unblinded_at'))), _connector='OR'), name='unblinded_after_submitted'),
        ),
    ]
