from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.case import Case, Source
from coding.models.codebook import Entry, Variable
from coding.models.coding import Cell
from coding.models.project import Project


class SecondLookQuerySet(models.QuerySet["SecondLook"]):
    def live(self) -> SecondLookQuerySet:
        return self.filter(ended_at=None)


class SecondLook(models.Model):
    """Which rulings of a project need more than one adjudicator, each blind to the others."""

    class Kind(models.TextChoices):
        SECOND = "second", "second adjudicator"
        PANEL = "panel", "panel, by majority"

    project = models.ForeignKey(Project, models.CASCADE, related_name="second_looks")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.SECOND)
    votes = models.PositiveSmallIntegerField(default=2, help_text="How many adjudicators rule.")
    variable = models.ForeignKey(
        Variable,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty: every variable. One that replaces it goes on with it.",
    )
    share = models.PositiveSmallIntegerField(default=100, help_text="Percent, drawn by lot.")
    seed = models.CharField(max_length=80)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.TextField(blank=True)
    history = HistoricalRecords()

    objects = SecondLookQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(share__gte=1) & Q(share__lte=100), name="look_share_1_to_100"
            ),
            models.CheckConstraint(
                condition=Q(kind="second", votes=2) | Q(kind="panel", votes__gte=3),
                name="look_has_votes",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(ended_reason=""), name="look_ended_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"second look {self.pk}"


class VoteQuerySet(models.QuerySet["Vote"]):
    def standing(self) -> VoteQuerySet:
        """Of rounds that have not come to a ruling yet."""
        return self.filter(closed_at=None)

    def of(self, user: User) -> VoteQuerySet:
        return self.filter(by=user)


class Vote(models.Model):
    """What one adjudicator rules on a cell that needs several. Read only through coding.blind.

    It is never changed: who thinks otherwise after all rulings are shown votes again, not blind.
    """

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(null=True, help_text="Null leaves it unresolved.")
    cause = models.CharField(max_length=16, choices=Cell.Cause.choices)
    reason = models.TextField()
    rule = models.ForeignKey(Entry, models.PROTECT, related_name="+")
    blind = models.BooleanField(default=True, help_text="Cast before the others were shown.")
    at = models.DateTimeField(default=timezone.now)
    shown_at = models.DateTimeField(
        null=True, blank=True, help_text="All had ruled: adjudicators read it since."
    )
    closed_at = models.DateTimeField(
        null=True, blank=True, help_text="The cell was ruled on: the team reads it since."
    )

    objects = VoteQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cell", "by"],
                condition=Q(closed_at=None, blind=True),
                name="one_blind_vote_each",
            ),
            models.CheckConstraint(condition=~Q(reason="") & ~Q(cause=""), name="vote_has_reason"),
        ]

    def __str__(self) -> str:
        return f"vote {self.pk}"  # what was ruled must not print itself


class VoteGround(models.Model):
    """A source on which a vote rests, and the place in it."""

    vote = models.ForeignKey(Vote, models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    locator = models.CharField(max_length=120, blank=True)
    quote = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"vote ground {self.pk}"


class Bypass(models.Model):
    """A rule that was passed by, with the reason: every release prints it."""

    class Rule(models.TextChoices):
        CODER = "coder_rules", "an adjudicator who coded the case settles it"
        ALONE = "fewer_votes", "fewer adjudicators ruled than the project asks for"
        CURATOR = "curator_codes", "a curator is coder as well"

    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    rule = models.CharField(max_length=13, choices=Rule.choices)
    case = models.ForeignKey(
        Case,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The family's root; empty: the whole project.",
    )
    cell = models.ForeignKey(Cell, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="bypass_has_reason")]

    def __str__(self) -> str:
        return f"bypass {self.pk}"
