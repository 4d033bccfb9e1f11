from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from coding.models.project import Project


class Design(models.Model):
    """How codings were dealt out: drawn by a seed, and frozen once a coding rests on it."""

    class Kind(models.TextChoices):
        CROSSING = "crossing", "full crossing"
        OVERLAP = "overlap", "random overlap"
        BLOCKS = "blocks", "balanced blocks"
        CORE = "core", "core and strata"
        ADAPTIVE = "adaptive", "third coder where two disagree"
        SECOND = "second", "second coding of single ones"

    project = models.ForeignKey(Project, models.CASCADE, related_name="designs")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices)
    seed = models.CharField(max_length=80)
    parameters = models.JSONField(default=dict, help_text="Unit, coders by pseudonym, shares.")
    drawn_from = models.JSONField(
        default=dict, help_text="Each case's stratum, who had coded it, and who was barred."
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["project", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="design_number"),
        ]

    def __str__(self) -> str:
        return f"Design {self.number}"
