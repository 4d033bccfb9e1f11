from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.project import Project


class Batch(models.Model):
    """Rulings made at once, by one rule or out of a file, that can be taken back at once."""

    class Rule(models.TextChoices):
        MAJORITY = "majority", "what most coders say"
        CERTAIN = "certain", "what the surest coder says"
        FILE = "file", "corrections out of a file"

    project = models.ForeignKey(Project, models.CASCADE, related_name="batches")
    rule = models.CharField(max_length=10, choices=Rule.choices)
    coders = models.PositiveSmallIntegerField(default=3, help_text="At least so many coders.")
    certainty = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="At least so certain; empty for any certainty."
    )
    file = models.CharField(max_length=200, blank=True, help_text="Its name.")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_reason = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="batch_has_reason"),
            models.CheckConstraint(
                condition=Q(undone_at=None) | ~Q(undone_reason=""), name="undone_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"batch {self.pk}"
