from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from coding.models.coding import Cell


class FirstAnswer(models.Model):
    """What an adjudicator answered before any coder's answer was shown. It is never changed."""

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cell", "by"], name="one_first_answer_each"),
            models.CheckConstraint(condition=~models.Q(text=""), name="first_answer_not_blank"),
        ]

    def __str__(self) -> str:
        return f"first answer {self.pk}"
