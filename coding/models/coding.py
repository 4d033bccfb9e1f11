from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.batch import Batch
from coding.models.case import Case, Source
from coding.models.codebook import Codebook, Entry, Variable
from coding.models.design import Design
from coding.models.recoding import Recoding


class CodingQuerySet(models.QuerySet["Coding"]):
    def open(self) -> CodingQuerySet:
        """Still to be submitted."""
        return self.filter(submitted_at=None, withdrawn_at=None)

    def standing(self) -> CodingQuerySet:
        """Not withdrawn."""
        return self.filter(withdrawn_at=None)

    def of(self, coder: User) -> CodingQuerySet:
        return self.filter(coder=coder)

    def first_two(self) -> CodingQuerySet:
        """What reliability reads: without the third coder, called in because two disagreed."""
        return self.filter(third=False)

    def of_family(self, root: int) -> CodingQuerySet:
        """By the cases first: an OR across the join would read every coding there is."""
        return self.filter(case__in=Case.objects.filter(Q(pk=root) | Q(root=root)).values("pk"))


class Coding(models.Model):
    """One coder's work on one case under one codebook: assigned, submitted, then unblinded."""

    class Purpose(models.TextChoices):
        PRODUCTION = "production"
        TRAINING = "training"
        REPEAT = "repeat"
        TOP_UP = "top_up", "top-up"
        RECODE = "recode"

    case = models.ForeignKey(Case, models.PROTECT, related_name="codings")
    coder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="codings")
    codebook = models.ForeignKey(Codebook, models.PROTECT, related_name="codings")
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.PRODUCTION)
    asks = models.ManyToManyField(Entry, blank=True, related_name="+")
    assigned_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    unblinded_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    question = models.TextField(blank=True, help_text="Why it was returned to its coder.")
    unblind_reason = models.TextField(blank=True, help_text="Why it was opened early.")
    design = models.ForeignKey(
        Design, models.PROTECT, null=True, blank=True, related_name="codings"
    )
    position = models.PositiveIntegerField(default=0, help_text="Place on the coder's worklist.")
    third = models.BooleanField(
        default=False, help_text="Called in because two coders disagreed: not for reliability."
    )
    history = HistoricalRecords(excluded_fields=["assigned_at"], no_db_index=["design"])

    objects = CodingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "coder", "codebook", "purpose"], name="one_coding_each"
            ),
            models.CheckConstraint(
                # Said twice: a comparison with nothing is neither true nor false, and would pass.
                condition=Q(unblinded_at=None)
                | Q(submitted_at__isnull=False, submitted_at__lte=F("unblinded_at")),
                name="unblinded_after_submitted",
            ),
        ]
        indexes = [
            models.Index(
                fields=["coder"],
                condition=Q(submitted_at=None, withdrawn_at=None),
                name="open_by_coder",
            ),
        ]

    def __str__(self) -> str:
        return f"coding {self.pk}"  # a case that a coder listed must not print itself


class Value(models.Model):
    """What one coder says of one variable. Read only through coding.blind."""

    coding = models.ForeignKey(Coding, models.PROTECT, related_name="+")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    text = models.TextField()
    certainty = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.TextField(blank=True)
    saved_at = models.DateTimeField(default=timezone.now)
    history = HistoricalRecords(no_db_index=["coding", "variable"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coding", "variable"], name="one_value_each"),
            models.CheckConstraint(condition=~Q(text=""), name="value_not_blank"),
            models.CheckConstraint(
                condition=Q(certainty=None) | Q(certainty__range=(1, 4)), name="certainty_1_to_4"
            ),
        ]
        indexes = [models.Index(fields=["variable", "coding"], name="value_by_variable")]


class Citation(models.Model):
    """Where a value was read: source, place in it, and the words."""

    value = models.ForeignKey(Value, models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+")
    locator = models.CharField(max_length=120, blank=True)
    quote = models.TextField(blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["value", "source", "locator"], name="one_citation_each"
            ),
        ]


class Cell(models.Model):
    """What the data set says of one case and one variable. Read only through coding.blind."""

    class Status(models.TextChoices):
        SINGLE = "single"
        AGREED = "agreed"
        DISPUTED = "disputed"
        ADJUDICATED = "adjudicated"
        UNRESOLVED = "unresolved"
        DERIVED = "derived"

    class Cause(models.TextChoices):
        SLIP = "slip", "slip of a coder"
        RULE = "rule_ambiguous", "rule ambiguous"
        CONFLICT = "source_conflict", "sources conflict"
        MISSING = "source_missing", "source missing"
        JUDGEMENT = "judgement", "true judgement"
        IMPORT = "import_error", "import or mapping error"

    case = models.ForeignKey(Case, models.PROTECT, related_name="+")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=Status.choices)
    text = models.TextField(null=True)
    coders = models.PositiveSmallIntegerField(default=0)
    cause = models.CharField(max_length=16, choices=Cause.choices, blank=True)
    reason = models.TextField(blank=True)
    rule = models.ForeignKey(
        Entry,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The entry whose rule decided.",
    )
    flagged = models.BooleanField(default=False, help_text="A later coding differs.")
    distance = models.FloatField(
        default=0, help_text="How far its codings lie apart, 0 to 1, when they were compared."
    )
    reopened = models.BooleanField(default=False, help_text="Somebody must look at it again.")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="+")
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    since = models.DateTimeField(default=timezone.now, help_text="In this status since.")
    recoding = models.ForeignKey(
        Recoding,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="By whose rule it was carried from the variable before.",
    )
    history = HistoricalRecords(no_db_index=["variable", "batch", "rule"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "variable"], name="one_cell_each"),
            models.CheckConstraint(
                condition=Q(status__in=["disputed", "unresolved"], text=None)
                | (~Q(status__in=["disputed", "unresolved"]) & Q(text__isnull=False)),
                name="disputed_means_no_text",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["adjudicated", "unresolved"])
                | (~Q(reason="") & ~Q(cause="")),
                name="adjudicated_has_reason_and_cause",
            ),
            models.CheckConstraint(
                condition=Q(distance__gte=0) & Q(distance__lte=1), name="distance_0_to_1"
            ),
        ]
        indexes = [models.Index(fields=["status", "variable", "case"], name="cell_by_status")]
