from __future__ import annotations

from django.db import models

from coding.models.codebook import Codebook, Variable


class Recoding(models.Model):
    """What a curator decided when one variable took over from another. Written once.

    Cells that are carried by its rule point here: it is the reference to the change.
    """

    codebook = models.ForeignKey(Codebook, models.PROTECT, related_name="recodings")
    old = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    new = models.ForeignKey(Variable, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, help_text="The change, in the field's word.")
    reason = models.TextField()
    codes = models.JSONField(
        default=dict, blank=True, help_text="What a code becomes; null: it is coded again."
    )
    again = models.BooleanField(default=False, help_text="Nothing is carried: all is coded again.")

    class Meta:
        ordering = ["codebook", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["new"], name="one_recoding_each"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="recoding_has_reason"),
        ]

    def __str__(self) -> str:
        return f"codebook {self.codebook.number}, {self.kind}: {self.reason}"
