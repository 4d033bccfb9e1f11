from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models import Codebook, Project


class Release(models.Model):
    """A frozen data set. Rows are written once; the database refuses any change."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="releases")
    version = models.CharField(max_length=40)
    codebook = models.ForeignKey(Codebook, models.PROTECT, related_name="releases")
    previous = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="following"
    )
    digest = models.CharField(max_length=64)
    manifest = models.JSONField()
    notes = models.TextField(blank=True)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="releases"
    )
    released_at = models.DateTimeField()

    class Meta:
        ordering = ["project", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="release_version"),
            # A copy of a project keeps its releases, bytes and all.
            models.UniqueConstraint(fields=["project", "digest"], name="release_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.project} {self.version}"


class StudyRun(models.Model):
    """A study asked of a release, with everything that it found. The last one of a kind counts."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="studies")
    study = models.SlugField()
    result = models.JSONField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="studies"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["release", "study"], name="study_of_release")]

    def __str__(self) -> str:
        return f"{self.study} on {self.release}"


class FailedSignIn(models.Model):
    """A wrong password, counted for a while; `mark` tells neither the name nor the address."""

    mark = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["mark", "at"], name="failed_sign_in")]

    def __str__(self) -> str:
        return f"failed sign-in {self.pk}"


class Build(models.Model):
    """A long piece of work that goes on beside the requests: what was asked for, how far it is."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    project = models.ForeignKey(Project, models.CASCADE, related_name="builds")
    kind = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="builds"
    )
    asked_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    of = models.PositiveIntegerField(default=0)
    doing = models.CharField(max_length=200, blank=True)
    # Whoever does it signs with this word, and gives a sign of life as long as it goes on.
    worker = models.CharField(max_length=32, blank=True)
    beat = models.DateTimeField(null=True)
    starts = models.PositiveSmallIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            # Whoever clicks twice is led to the same work.
            models.UniqueConstraint(
                fields=["project", "kind"],
                condition=Q(state__in=["queued", "running"]),
                name="one_build_of_a_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.project}: {self.state}"


class Withholding(models.Model):
    """A coder's wish that what they said is left out of releases, as a curator wrote it down."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="withholdings")
    coder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="withholdings")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    ended_reason = models.TextField(blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="withholding_has_a_reason"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | ~Q(ended_reason=""), name="ended_withholding_has_one"
            ),
            models.UniqueConstraint(
                fields=["project", "coder"],
                condition=Q(ended_at=None),
                name="one_withholding_of_a_coder",
            ),
        ]

    def __str__(self) -> str:
        return f"withholding {self.pk}"  # whose wish it is, is for curators alone


class DraftRelease(models.Model):
    """A release that is built to be looked at: in no chain, until it is signed and cut."""

    class State(models.TextChoices):
        OPEN = "open"
        CUT = "cut"
        DISCARDED = "discarded"

    project = models.ForeignKey(Project, models.CASCADE, related_name="draft_releases")
    version = models.CharField(max_length=40)
    notes = models.TextField(blank=True)
    waivers = models.JSONField(default=dict, blank=True, help_text="Reasons by condition.")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    # What was built of it last; without signatures, which are written when it is cut.
    digest = models.CharField(max_length=64, blank=True)
    manifest = models.JSONField(default=dict, blank=True)
    built_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["project"], condition=Q(state="open"), name="one_open_draft_release"
            ),
        ]

    def __str__(self) -> str:
        return f"draft of {self.project} {self.version}"


class Signature(models.Model):
    """Somebody's word for what was built, named by its digest; it lapses with another digest.

    Where there is no second person, a curator says why in `instead`.
    """

    draft = models.ForeignKey(DraftRelease, models.CASCADE, related_name="signatures")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    instead = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "by", "digest"], condition=Q(instead=""), name="one_signature_each"
            ),
        ]

    def __str__(self) -> str:
        return f"signature {self.pk}"


class Publication(models.Model):
    """A curator's word that a project's releases are public, or no longer: the last one holds."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="publications")
    public = models.BooleanField()
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="publications")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="publication_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"{self.project} {'public' if self.public else 'closed'}"


class Withdrawal(models.Model):
    """A release that is no longer to be used: its page says so and why; its bytes stay."""

    release = models.OneToOneField(Release, models.PROTECT, related_name="withdrawal")
    reason = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="withdrawals")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="withdrawal_has_a_reason")
        ]

    def __str__(self) -> str:
        return f"{self.release} withdrawn"


class Deposit(models.Model):
    """Where a release was deposited, by its DOI: the last one holds."""

    release = models.ForeignKey(Release, models.PROTECT, related_name="deposits")
    doi = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="deposits")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.release} is {self.doi}"


class Erratum(models.Model):
    """What somebody says is wrong with a cell of a release, and what curators found.

    Who said so is for curators alone.
    """

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        FIXED = "fixed"

    project = models.ForeignKey(Project, models.PROTECT, related_name="errata")
    number = models.PositiveIntegerField()
    release = models.ForeignKey(Release, models.PROTECT, related_name="errata")
    unit = models.CharField(max_length=80)
    case = models.CharField(max_length=120)
    variable = models.CharField(max_length=80)
    value = models.TextField(blank=True, help_text="As the release has it.")
    said = models.TextField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="errata"
    )
    name = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    reported_at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="answers"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    fixed_in = models.ForeignKey(
        Release, models.PROTECT, null=True, blank=True, related_name="fixes"
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="erratum_number"),
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(answer=""), name="erratum_is_answered"
            ),
            models.CheckConstraint(
                condition=Q(state="fixed", fixed_in__isnull=False)
                | (~Q(state="fixed") & Q(fixed_in__isnull=True)),
                name="erratum_fixed_in_a_release",
            ),
        ]

    def __str__(self) -> str:
        return f"Erratum {self.number}"


class SentReport(models.Model):
    """A report of an error, counted for a while; `mark` does not tell the address it came from."""

    mark = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["mark", "at"], name="sent_report")]

    def __str__(self) -> str:
        return f"sent report {self.pk}"
