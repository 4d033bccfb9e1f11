from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.functional import cached_property
from simple_history.models import HistoricalRecords

from coding.canonical import Domain
from coding.models.project import Project, Unit


class Codebook(models.Model):
    """An ordered list of entries over shared variables. Published, it never changes again."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="codebooks")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    note = models.TextField(blank=True, help_text="What changed, in words for coders.")
    document = models.JSONField(
        default=dict, blank=True, help_text="Parts of the document that no table holds."
    )
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["project", "number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="codebook_number"),
            models.UniqueConstraint(
                fields=["project"], condition=Q(published_at=None), name="one_draft"
            ),
            models.CheckConstraint(
                condition=Q(published_at=None) | ~Q(digest=""), name="published_has_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"Codebook {self.number}"


class MissingCode(models.Model):
    """A coded way of having no answer, and how reliability treats it."""

    class SetBy(models.TextChoices):
        CODER = "coder"
        RULE = "rule", "skip rule"
        NOBODY = "nobody"

    class InReliability(models.TextChoices):
        EXCLUDE = "exclude"
        CATEGORY = "category"
        CONFIGURABLE = "configurable"

    codebook = models.ForeignKey(Codebook, models.CASCADE, related_name="missing_codes")
    code = models.CharField(max_length=12)
    key = models.SlugField()
    label = models.CharField(max_length=120)
    meaning = models.TextField(blank=True)
    set_by = models.CharField(max_length=8, choices=SetBy.choices, default=SetBy.CODER)
    in_reliability = models.CharField(
        max_length=12, choices=InReliability.choices, default=InReliability.EXCLUDE
    )
    needs_note = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["codebook", "code"], name="missing_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class Variable(models.Model):
    """What is measured, and how: words change with each codebook, a change here is a new row."""

    class Kind(models.TextChoices):
        CATEGORY = "category"
        ORDINAL = "ordinal"
        BOOLEAN = "boolean"
        INTEGER = "integer"
        DECIMAL = "decimal"
        DATE = "date", "date with precision"
        TEXT = "text"
        STATE = "state"
        SET = "set", "set of codes"

    class Measure(models.TextChoices):
        NOMINAL = "nominal"
        ORDINAL = "ordinal"
        INTERVAL = "interval"
        RATIO = "ratio"

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="variables")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    measure = models.CharField(max_length=8, choices=Measure.choices, default=Measure.NOMINAL)
    unit_of_measurement = models.CharField(max_length=40, blank=True)
    minimum = models.DecimalField(max_digits=24, decimal_places=8, null=True, blank=True)
    maximum = models.DecimalField(max_digits=24, decimal_places=8, null=True, blank=True)
    pattern = models.CharField(max_length=200, blank=True)
    codes = models.JSONField(default=list, blank=True, help_text="Codes of its categories.")
    exclusive = models.JSONField(default=list, blank=True, help_text="In a set, they stand alone.")
    reference = models.CharField(
        max_length=8, blank=True, choices=[("state", "state")], help_text="A set of states."
    )
    roster_of = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="rosters"
    )
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(minimum=None) | Q(maximum=None) | Q(minimum__lte=F("maximum")),
                name="minimum_below_maximum",
            ),
        ]

    def __str__(self) -> str:
        return f"variable {self.pk}"


class Entry(models.Model):
    """A variable's words, place and column name in one codebook, and how close is agreed."""

    codebook = models.ForeignKey(Codebook, models.CASCADE, related_name="entries")
    variable = models.ForeignKey(Variable, models.PROTECT, related_name="entries")
    name = models.CharField(max_length=80)
    label = models.CharField(max_length=200)
    question = models.TextField()
    section = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField()
    rule = models.TextField(blank=True)
    example = models.TextField(blank=True)
    sources = models.TextField(blank=True)
    required = models.BooleanField(default=False)
    filter = models.BooleanField(default=False, help_text="Offered as a filter of cases.")
    weight = models.PositiveSmallIntegerField(
        default=1, help_text="How much a dispute about it matters, 0 to 9."
    )
    tolerance = models.DecimalField(
        max_digits=24,
        decimal_places=8,
        null=True,
        blank=True,
        help_text="Numbers (or days) this close count as agreeing.",
    )
    compare = models.BooleanField(default=True, help_text="Do coders have to agree on it?")
    skip_if = models.CharField(max_length=500, blank=True)
    skip_value = models.CharField(max_length=40, blank=True)
    checks = models.JSONField(default=list, blank=True)
    derived_from = models.TextField(blank=True)
    derive = models.CharField(max_length=1000, blank=True)
    extra = models.JSONField(
        default=dict, blank=True, help_text="Keys of the document that no column holds."
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(fields=["codebook", "name"], name="entry_name"),
            models.UniqueConstraint(fields=["codebook", "variable"], name="entry_variable"),
            models.CheckConstraint(condition=Q(weight__lte=9), name="weight_0_to_9"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_computed(self) -> bool:
        """A computed entry is never asked."""
        return bool(self.derive or self.derived_from)

    @property
    def names_its_row(self) -> bool:
        """On a partner's sheet, the question which state it is: the list has answered it."""
        unit = self.variable.unit
        is_key = self.variable.kind == Variable.Kind.STATE and self.name == unit.key_name
        return is_key and unit.rows == Unit.Rows.ROSTER

    @property
    def is_asked(self) -> bool:
        """A coder answers it: neither computed nor known by the row it is on."""
        return not self.is_computed and not self.names_its_row

    @cached_property
    def codes_with_note(self) -> frozenset[str]:
        """Missing codes that need a note; asks no query, as `domain`."""
        return frozenset(m.code for m in self.codebook.missing_codes.all() if m.needs_note)

    @cached_property
    def domain(self) -> Domain:
        """What may be answered here; asks no query when loaded by `codebooks.entries`."""
        v, missing = self.variable, list(self.codebook.missing_codes.all())
        categories = self.categories.all()
        by_coder = {m.code: m.label for m in missing if m.set_by == MissingCode.SetBy.CODER}
        by_rule = frozenset(m.code for m in missing if m.set_by == MissingCode.SetBy.RULE)
        exclusive = frozenset(v.exclusive)
        return Domain(
            kind=v.kind,
            categories={c.code: c.label for c in categories},
            exclusive=exclusive,
            missing=by_coder,
            set_by_rule=by_rule,
            minimum=v.minimum,
            maximum=v.maximum,
            pattern=v.pattern,
            tolerance=self.tolerance,
            of_states=v.reference == "state",
            can_be_empty=v.kind == Variable.Kind.SET and not exclusive,
        )


class Category(models.Model):
    """One possible answer as a codebook words it: what it includes and what it does not."""

    entry = models.ForeignKey(Entry, models.CASCADE, related_name="categories")
    code = models.CharField(max_length=40)
    label = models.CharField(max_length=200)
    definition = models.TextField(blank=True)
    include = models.TextField(blank=True)
    exclude = models.TextField(blank=True)
    example = models.TextField(blank=True)
    counter_example = models.TextField(blank=True, help_text="What looks like it and is none.")
    position = models.PositiveSmallIntegerField(default=0)
    history = HistoricalRecords()

    class Meta:
        ordering = ["position"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["entry", "code"], name="category_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"
