from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("coding", "0002_frozen")]

    operations = [
        migrations.AddField(
            model_name=model,
            name="listed",
            field=models.BooleanField(
                default=False, help_text="In the project's bibliography, whoever cites it."
            ),
        )
        for model in ("historicalsource", "source")
    ]
