"""Forms of the back office whose rows may be there already, unseen.

What only a closed coding has made is new to whoever adds it: the row is taken over, and neither
an error nor a changed date tells that it was there.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from coding import blind
from coding.models import Case, Source
from curation import files
from curation.faults import BadInput
from curation.intake import CaseColumns, check_cases


class CaseForm(forms.ModelForm):  # type: ignore[type-arg]
    """A case under the rules of `import_cases`."""

    user: User

    class Meta:
        model = Case
        fields = ("unit", "key", "title", "parent", "facts", "in_universe", "superseded_by")

    def clean_facts(self) -> dict[str, str]:
        facts = self.cleaned_data["facts"] or {}
        plain = isinstance(facts, dict) and all(isinstance(v, str | int) for v in facts.values())
        if not plain:
            raise ValidationError('Facts are names with texts: {"region": "Asia"}.')
        return {name: str(text) for name, text in facts.items()}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk is None and not self.errors:
            self._check_new(cleaned)
        return cleaned

    def _check_new(self, cleaned: dict[str, Any]) -> None:
        unit, parent = cleaned["unit"], cleaned["parent"]
        row = {"key": cleaned["key"], "title": cleaned["title"]}
        row |= {"parent": parent.key} if parent else {}
        try:
            [known] = check_cases(unit.project, unit, files.table_of([row]), CaseColumns())
        except BadInput as error:
            for fault in error.faults:
                self.add_error(None, f"“{fault.value}” {fault.rule}")
            return
        cleaned["parent"] = known.parent
        self.instance.root_id = known.parent.family_id if known.parent else None
        same = Case.objects.filter(unit=unit, key=known.key)
        _take_over(self.instance, same.exclude(pk__in=blind.open_cases(self.user).values("pk")))


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A source of the bibliography."""

    url = forms.URLField(max_length=500, required=False, assume_scheme="https")
    user: User

    class Meta:
        model = Source
        fields = ("project", "citation", "url", "csl", "listed")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk is None and not self.errors:
            self.instance.listed = True
            same = Source.objects.filter(project=cleaned["project"], citation=cleaned["citation"])
            seen = blind.open_sources(self.user).values("pk")
            _take_over(self.instance, same.exclude(pk__in=seen))
        return cleaned


def _take_over(new: Case | Source, hidden: QuerySet[Any]) -> None:
    if found := hidden.first():
        new.pk = found.pk
        new._state.adding = False
