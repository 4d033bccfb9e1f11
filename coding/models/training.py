from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.case import Case
from coding.models.codebook import Variable
from coding.models.project import Member


class Gold(models.Model):
    """The settled cell of this case and variable is the right answer; the cell holds the text.

    It points at the meaning: a variable that replaces another begins without gold.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField()
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "variable"], name="one_gold_each"),
            models.CheckConstraint(condition=~Q(reason=""), name="gold_has_reason"),
        ]

    def __str__(self) -> str:
        return f"gold {self.pk}"  # which rows a case has is an answer, too


class Certification(models.Model):
    """This coder may code this variable, having shown it; its meaning, not its words."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="certifications")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = models.TextField()
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["member", "variable"], name="one_certification_each"),
            models.CheckConstraint(condition=~Q(reason=""), name="certification_has_reason"),
        ]

    def __str__(self) -> str:
        return f"certification {self.pk}"
