from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

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


class FailedSignIn(models.Model):
    """A wrong password, counted for a while; `mark` tells neither the name nor the address."""

    mark = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["mark", "at"], name="failed_sign_in")]

    def __str__(self) -> str:
        return f"failed sign-in {self.pk}"
