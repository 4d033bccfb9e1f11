from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.case import Case
from coding.models.project import Member


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self, now: datetime | None = None) -> ClaimQuerySet:
        """Claims that have not expired; an assignment never does."""
        return self.filter(Q(until=None) | Q(until__gt=now or timezone.now()))

    def assigned(self) -> ClaimQuerySet:
        return self.filter(until=None)


class Claim(models.Model):
    """Who settles the disputes of a family of cases now. A hint, not a lock on what is true."""

    LASTS = timedelta(minutes=30)
    SPARE = timedelta(minutes=25)  # one that lasts longer than this is not renewed yet

    case = models.OneToOneField(Case, models.CASCADE, related_name="+")  # the family's root
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    until = models.DateTimeField(null=True, blank=True, help_text="Empty: it was assigned.")
    history = HistoricalRecords()

    objects = ClaimQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"claim {self.pk}"  # that there is a dispute tells on what was coded

    @property
    def is_live(self) -> bool:
        return self.until is None or self.until > timezone.now()


class SavedView(models.Model):
    """A member's name for a way of looking at the disputes."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["member", "name"], name="one_view_each"),
            models.CheckConstraint(condition=~Q(name=""), name="view_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
