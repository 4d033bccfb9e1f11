from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.case import Source
from coding.models.codebook import Variable
from coding.models.coding import Cell
from coding.models.project import Project


class Ground(models.Model):
    """A source on which the ruling on a cell rests, and the place in it."""

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    locator = models.CharField(max_length=120, blank=True)
    quote = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["cell", "source", "locator"], name="one_ground_each")
        ]

    def __str__(self) -> str:
        return f"ground {self.pk}"  # what a ruling rests on tells what it is about


class PrecedentQuerySet(models.QuerySet["Precedent"]):
    def standing(self) -> PrecedentQuerySet:
        """Not withdrawn, and the cell still says what it said."""
        still = self.filter(withdrawn_at=None, cell__status=Cell.Status.ADJUDICATED)
        return still.filter(text=F("cell__text"))


class Precedent(models.Model):
    """A ruling by which later ones are measured: where coders differ like this, rule like that."""

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    pattern = models.TextField()
    answers = models.JSONField(default=list, help_text="The answers that differed, sorted.")
    text = models.TextField(help_text="What was ruled.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    history = HistoricalRecords()

    objects = PrecedentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cell"], condition=Q(withdrawn_at=None), name="one_precedent_each"
            ),
            models.CheckConstraint(condition=~Q(pattern=""), name="precedent_has_pattern"),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | ~Q(withdrawn_reason=""),
                name="withdrawn_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"precedent {self.pk}"  # its pattern tells what a cell holds


class Proposal(models.Model):
    """What somebody who settles disputes would have the codebook say otherwise of a variable."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="proposals")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    words = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="proposal_has_words"),
            models.CheckConstraint(
                condition=Q(closed_at=None) | ~Q(answer=""), name="closed_has_answer"
            ),
        ]

    def __str__(self) -> str:
        return f"proposal {self.pk}"
