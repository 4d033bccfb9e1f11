from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.case import Case
from coding.models.codebook import Variable


class Waiver(models.Model):
    """This check of this variable need not hold for this case, and why.

    It names the check by its expression: a check that is changed has not been waived.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    rule = models.CharField(max_length=1000)
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "variable", "rule"], name="one_waiver_each"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_has_reason"),
        ]

    def __str__(self) -> str:
        return f"waiver {self.pk}"  # that a check is broken tells what a cell holds
