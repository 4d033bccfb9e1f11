from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.codebook import Variable
from coding.models.coding import Cell
from coding.models.project import Project, Unit


class Review(models.Model):
    """Single and agreed cells to be verified: what was drawn, from what, and by which seed."""

    class Kind(models.TextChoices):
        ALL = "all", "all of them"
        SHARE = "share", "a random share"
        DOUBTFUL = "doubtful", "where doubt is likeliest"

    project = models.ForeignKey(Project, models.CASCADE, related_name="reviews")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    share = models.PositiveSmallIntegerField(default=100, help_text="Percent, drawn by lot.")
    seed = models.CharField(max_length=80)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    section = models.CharField(max_length=120, blank=True)
    variable = models.ForeignKey(Variable, models.PROTECT, null=True, blank=True, related_name="+")
    certainty = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Doubtful: a coder was only so certain."
    )
    ambiguous = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Doubtful: the rule was ruled ambiguous so often."
    )
    drawn_from = models.JSONField(default=dict, help_text="How many cells, by variable.")
    digest = models.CharField(max_length=64, help_text="sha256 of the cells that were drawn from.")
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="review_number"),
            models.CheckConstraint(
                condition=Q(share__gte=1) & Q(share__lte=100), name="review_share_1_to_100"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(ended_reason=""), name="review_ended_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Review {self.number}"

    @property
    def population(self) -> int:
        return sum(self.drawn_from.values())


class VerificationQuerySet(models.QuerySet["Verification"]):
    def open(self) -> VerificationQuerySet:
        """Nothing was found yet, and its review goes on."""
        waiting = (Verification.State.WAITING, Verification.State.RETURNED)
        return self.filter(state__in=(*waiting, Verification.State.ANSWERED), review__ended_at=None)


class Verification(models.Model):
    """One cell on the worklist of a review, and what was found. Read only through coding.blind."""

    class State(models.TextChoices):
        WAITING = "waiting", "to be looked at"
        RETURNED = "returned", "returned with a question"
        ANSWERED = "answered", "answered by its coder"
        CONFIRMED = "confirmed", "confirmed"
        CORRECTED = "corrected", "corrected"
        OVERTAKEN = "overtaken", "overtaken by a dispute"

    review = models.ForeignKey(Review, models.CASCADE, related_name="+")
    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    place = models.PositiveIntegerField(help_text="In the order in which it was drawn.")
    text = models.TextField(help_text="What the cell said when it was drawn.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    question = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    found_at = models.DateTimeField(null=True, blank=True)
    history = HistoricalRecords(no_db_index=["review", "cell"])

    objects = VerificationQuerySet.as_manager()

    class Meta:
        ordering = ["place", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["review", "cell"], name="one_verification_each"),
            models.CheckConstraint(
                condition=Q(question="") | Q(asked_by__isnull=False), name="question_has_author"
            ),
            models.CheckConstraint(
                condition=Q(answer="") | ~Q(question=""), name="answer_has_question"
            ),
        ]

    def __str__(self) -> str:
        return f"verification {self.pk}"
