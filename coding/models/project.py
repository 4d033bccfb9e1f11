from __future__ import annotations

import secrets
from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords


class Project(models.Model):
    """One data set in the making, with its people, its codebook and its rules."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    coders_per_case = models.PositiveSmallIntegerField(default=2)
    reconcile_by_discussion = models.BooleanField(
        default=False, help_text="Coders of a case may settle its disputes themselves."
    )
    blind_first = models.BooleanField(
        default=False,
        help_text="Adjudicators answer a dispute before they see what coders said of it.",
    )
    # Krippendorff (2019), chapter 12: below it not even tentative conclusions.
    reliability_floor = models.FloatField(
        default=0.667,
        validators=[MinValueValidator(-1), MaxValueValidator(1)],
        help_text="Alpha that each variable of a release should reach.",
    )
    risk_set = models.JSONField(
        default=dict,
        blank=True,
        help_text="From which entries it is drawn up who could have joined; empty: from none.",
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


def new_pseudonym() -> str:
    """A name that says nothing of the person nor of the order in which people joined."""
    return f"c{secrets.token_hex(3)}"


class Member(models.Model):
    """A person, or an earlier data set treated like one, in a project."""

    class Role(models.TextChoices):
        CODER = "coder"
        ADJUDICATOR = "adjudicator"
        CURATOR = "curator"
        READER = "reader"

    class Kind(models.TextChoices):
        PERSON = "person"
        MACHINE = "machine"

    project = models.ForeignKey(Project, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.CODER)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSON)
    pseudonym = models.CharField(max_length=40, default=new_pseudonym)
    digests = models.BooleanField(
        default=True, help_text="Mail of discussions that concern this person."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["project", "user"]
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_each"),
            models.UniqueConstraint(fields=["project", "pseudonym"], name="one_pseudonym_each"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.project} · {self.role}"


class State(models.Model):
    """One spell of a state's membership in the state system; a state can have several."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="states")
    code = models.CharField(max_length=12)
    abbreviation = models.CharField(max_length=8, blank=True)
    name = models.CharField(max_length=120)
    member_from = models.DateField(default=date(1, 1, 1))
    member_until = models.DateField(null=True, blank=True)
    region = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["name", "member_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "code", "member_from"], name="one_spell_per_start"
            ),
            models.CheckConstraint(
                condition=Q(member_until=None) | Q(member_until__gte=F("member_from")),
                name="spell_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Unit(models.Model):
    """A unit of analysis: what one row of the data set stands for."""

    class Rows(models.TextChoices):
        KEYED = "keyed", "known before coding, by key"
        ROSTER = "roster", "one for each state that a coder lists"
        NUMBERED = "numbered", "added by each coder, without a natural key"

    project = models.ForeignKey(Project, models.CASCADE, related_name="units")
    name = models.SlugField()
    label = models.CharField(max_length=120)
    definition = models.TextField(blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    key_name = models.CharField(max_length=80, default="key", help_text="Column of the row's key.")
    rows = models.CharField(max_length=8, choices=Rows.choices, default=Rows.KEYED)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["project", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="unit_name")]

    def __str__(self) -> str:
        return self.label or self.name
