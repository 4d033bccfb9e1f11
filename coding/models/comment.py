from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from coding.models.coding import Cell


class Comment(models.Model):
    """One contribution to the thread of a cell. Never changed. Read only through coding.blind."""

    class Kind(models.TextChoices):
        COMMENT = "comment", "says"
        QUESTION = "question", "asks"
        ANSWER = "answer", "answers"
        HANDOVER = "handover", "hands on"
        CLOSING = "closing", "closes"
        MOVE = "move", "moves"

    cell = models.ForeignKey(Cell, models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.COMMENT)
    text = models.TextField()
    about = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The question that it answers, hands on or closes.",
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="comment_not_blank"),
            models.CheckConstraint(
                condition=Q(about=None, kind__in=("comment", "question", "move"))
                | Q(about__isnull=False, kind__in=("answer", "handover", "closing")),
                name="comment_about_a_question",
            ),
        ]

    def __str__(self) -> str:
        return f"comment {self.pk}"  # what was said must not print itself


class Inquiry(models.Model):
    """Where a question of a thread stands, and who must answer it."""

    class State(models.TextChoices):
        OPEN = "open"
        ANSWERED = "answered"
        CLOSED = "closed"

    comment = models.OneToOneField(Comment, models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    history = HistoricalRecords(no_db_index=["comment"])

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["owner", "state"], name="inquiries_by_owner")]

    def __str__(self) -> str:
        return f"inquiry {self.pk}"


class Notice(models.Model):
    """That a comment concerns somebody: what the page Discussion and the digests are made of."""

    class Kind(models.TextChoices):
        OWNED = "owned", "a question to answer"
        ANSWERED = "answered", "an answer"
        MENTION = "mention", "a mention"

    comment = models.ForeignKey(Comment, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    written = models.CharField(max_length=160, blank=True, help_text="How they are mentioned.")
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="one_notice_each"),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"


class Move(models.Model):
    """What a coder holds after discussion. What they coded blind stays as it is."""

    comment = models.OneToOneField(Comment, models.PROTECT, related_name="+")
    text = models.TextField()
    cause = models.CharField(max_length=16, choices=Cell.Cause.choices)
    settles = models.BooleanField(default=False, help_text="All agree from here on.")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"move {self.pk}"
