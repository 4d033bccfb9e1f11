from __future__ import annotations

from django.db import models
from django.utils import timezone

from coding.models.project import Project


class Series(models.Model):
    """A column of somebody else's data, by state and day: what cells are derived from, and studies.

    A newer version is another row: what a row says never changes.
    """

    class With(models.TextChoices):
        NOBODY = "", "the state alone"
        TARGET = "target", "the state and the place of the case"
        LEADS = "leads", "the state and those that lead the case"

    project = models.ForeignKey(Project, models.CASCADE, related_name="series")
    name = models.SlugField(help_text="Its name in rules, and its column in risk_set.csv.")
    title = models.CharField(max_length=200)
    source = models.TextField()
    version = models.CharField(max_length=80)
    licence = models.CharField(max_length=200)
    pair = models.CharField(max_length=8, choices=With.choices, blank=True)
    years_before = models.PositiveSmallIntegerField(
        default=0, help_text="Added up over so many years before the start; 0: at the start."
    )
    absent = models.CharField(
        max_length=40, blank=True, help_text="What no row means within the years it covers."
    )
    same = models.JSONField(
        default=list, blank=True, help_text="Groups of codes that are one state."
    )
    missing = models.JSONField(
        default=list, blank=True, help_text="Missing codes of the project among its values."
    )
    # Lines of code, other code or "", first day, last day, value.
    lines = models.JSONField(default=list)
    report = models.JSONField(default=dict)
    imported_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["project", "name"]
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="series_name"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.version}"
