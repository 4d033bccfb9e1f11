from __future__ import annotations

from django.db import models
from simple_history.models import HistoricalRecords

from coding.models.project import Project, Unit


class Case(models.Model):
    """One instance of a unit of analysis."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases")
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=250)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    # The top of the family, so that blindness asks one column whatever the depth; null = itself.
    root = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    facts = models.JSONField(default=dict, blank=True, help_text="Known before coding.")
    rostered = models.BooleanField(default=False, help_text="Exists because a coder listed it.")
    in_universe = models.BooleanField(default=True, help_text="Part of the data set.")
    superseded_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+"
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["key"]
        constraints = [models.UniqueConstraint(fields=["unit", "key"], name="case_key")]
        indexes = [models.Index(fields=["root"], name="case_family")]

    def __str__(self) -> str:
        return self.key

    @property
    def family_id(self) -> int:
        """The root case's id: a case, its partners and its objectives share it."""
        return self.root_id or self.pk


class Source(models.Model):
    """A document that values are cited to."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="sources")
    citation = models.CharField(max_length=500)
    csl = models.JSONField(default=dict, blank=True, help_text="CSL-JSON fields.")
    url = models.URLField(max_length=500, blank=True)
    # Whether it is there must not depend on who cites it: that would tell on closed codings.
    listed = models.BooleanField(
        default=False, help_text="In the project's bibliography, whoever cites it."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["citation"]
        constraints = [
            models.UniqueConstraint(fields=["project", "citation"], name="source_citation"),
        ]

    def __str__(self) -> str:
        return self.citation
