"""A ruling as it is typed: one of the coders' answers or another, with a cause and a reason."""

from __future__ import annotations

from django import forms
from django.http import QueryDict

from coding import work
from coding.evidence import Evidence
from coding.forms import AnswerField, Posted

SETTLE, LEAVE, VERIFY = ACTS = ("settle", "leave", "verify")


class RulingField(AnswerField):
    """An answer for the data set, where no skip rule runs: it may be the rule's code, too."""

    def clean(self, value: Posted | None) -> str:
        code = value.text.replace("−", "-") if value else ""
        return code if code in self.entry.domain.set_by_rule else super().clean(value)


class RulingForm(forms.Form):
    """What an adjudicator says of one cell. `ruling` None leaves it unresolved."""

    take = forms.CharField(required=False, strip=False)
    cause = forms.ChoiceField(
        choices=work.CAUSES,
        error_messages={"required": "Choose why they differ."},
    )
    reason = forms.CharField(
        max_length=5_000,
        error_messages={"required": "Say why, in words that the coders will read."},
    )
    seen = forms.DateTimeField()

    def __init__(
        self, data: QueryDict | None = None, *, evidence: Evidence, act: str = SETTLE
    ) -> None:
        super().__init__(data)
        self.evidence, self.act = evidence, act
        if act == SETTLE:
            self.fields["text"] = RulingField(evidence.entry, evidence.states)
        if act == VERIFY:
            del self.fields["cause"], self.fields["reason"]

    @property
    def taken(self) -> int:
        """The number of the column that is taken; 0 for none."""
        if not self.is_bound or not (text := self._said("take")):
            return 0
        texts = [column.text for column in self.evidence.columns]
        return texts.index(text) + 1 if text in texts else 0

    @property
    def is_own(self) -> bool:
        """Another answer is given; a set is ruled on member by member unless one is taken."""
        if not self.is_bound:
            return self.evidence.is_set
        return not self.taken and any(self._said(name) for name in ("text", "add", "instead"))

    @property
    def ticked(self) -> list[str]:
        """The members of a set that are in: at first, those on which all agree."""
        if isinstance(self.data, QueryDict):
            return self.data.getlist("text")
        return [member.code for member in self.evidence.listed if member.everywhere]

    @property
    def typed(self) -> str:
        return self._said("text")

    @property
    def added(self) -> str:
        return self._said("add")

    @property
    def instead(self) -> str:
        return self._said("instead")

    def _said(self, name: str) -> str:
        return str(self.data.get(name, "")).replace("\r\n", "\n")

    @property
    def answer_errors(self) -> list[str]:
        """What is wrong with the answer, or with the page that it came from."""
        stale = ["This page is out of date: load it again."] if "seen" in self.errors else []
        return [*self.errors.get("text", []), *self.errors.get("take", []), *stale]

    def clean(self) -> dict[str, object]:
        said = self.cleaned_data
        if self.act != SETTLE:
            return {**said, "ruling": None}
        taken, own = self._said("take"), said.get("text")
        if not taken and own == "":
            self.add_error("text", "Take an answer, or give another.")
        elif taken and own and not self.evidence.is_set:
            self.add_error("text", "One answer is taken and another is written: keep one of them.")
        elif taken and taken not in {column.text for column in self.evidence.columns}:
            self.add_error("text", "Nobody gave this answer: choose again.")
        return {**said, "ruling": taken or own}
