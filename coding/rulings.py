"""A ruling as it is typed: one of the coders' answers or another, with a cause and a reason."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.http import QueryDict

from coding import work
from coding.evidence import Evidence
from coding.forms import AnswerField, Posted
from coding.models import Entry
from coding.precedents import Known

SETTLE, LEAVE, VERIFY, FIRST, MOVE = ACTS = ("settle", "leave", "verify", "first", "move")
ANSWERING = (SETTLE, FIRST, MOVE)


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
    rule = forms.CharField(required=False, max_length=200)
    departs = forms.CharField(required=False, max_length=2_000)
    seen = forms.DateTimeField()

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        evidence: Evidence,
        act: str = SETTLE,
        entries: Iterable[Entry] = (),
    ) -> None:
        super().__init__(data)
        self.evidence, self.act = evidence, act
        self.named = {entry.name: entry for entry in entries}
        self.against: Known | None = None  # the precedent that the ruling goes against
        if act in ANSWERING:
            self.fields["text"] = RulingField(evidence.entry, evidence.states)
        if act in (VERIFY, FIRST):
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
    def ruled_by(self) -> str:
        """The entry whose rule decides: at first that of the ruling before, if it was another."""
        return self._said("rule") if self.is_bound else self.evidence.other_rule

    @property
    def rests_on(self) -> list[str]:
        """The places that are ticked as those that decided."""
        if isinstance(self.data, QueryDict):
            return self.data.getlist("ground")
        return [passage.place for passage in self.evidence.grounds]

    @property
    def is_grounded(self) -> bool:
        return bool(self.ruled_by or self.rests_on)

    @property
    def departure(self) -> str:
        return self._said("departs")

    @property
    def answer_errors(self) -> list[str]:
        """What is wrong with the answer, or with the page that it came from."""
        stale = ["This page is out of date: load it again."] if "seen" in self.errors else []
        return [*self.errors.get("text", []), *self.errors.get("take", []), *stale]

    def clean_rule(self) -> Entry | None:
        name = self.cleaned_data["rule"].split(" ")[0]
        if name and name not in self.named:
            raise forms.ValidationError(f"The codebook has no entry {name}: choose from the list.")
        return self.named.get(name)

    def clean(self) -> dict[str, object]:
        ruling = self._ruling()
        places = {passage.place: passage for passage in self.evidence.passages}
        if any(place not in places for place in self.rests_on):
            self.add_error("rule", "Nobody cites that place here: load the page again.")
        if self.act not in (VERIFY, FIRST, MOVE) and not self.errors:
            self._measure(ruling)
        chosen = [places[place] for place in self.rests_on if place in places]
        return {**self.cleaned_data, "ruling": ruling, "grounds": chosen}

    def _measure(self, ruling: str | None) -> None:
        """A ruling against a precedent says why; the reason keeps it."""
        self.against = self.evidence.against(ruling)
        why = self.cleaned_data["departs"]
        if self.against is None:
            return
        if not why:
            self.add_error(
                "departs",
                f"{self.against.case.title} is a precedent: the same answers differed there, and "
                f"the ruling was {self.against.shown}. Say why it does not hold here.",
            )
            return
        reason = self.cleaned_data["reason"].rstrip(".")
        self.cleaned_data["reason"] = (
            f"{reason}. Against the precedent {self.against.case.title}: {why}"
        )

    def _ruling(self) -> str | None:
        said = self.cleaned_data
        if self.act not in ANSWERING:
            return None
        taken, own = self._said("take"), said.get("text")
        if not taken and own == "":
            self.add_error("text", "Take an answer, or give another.")
        elif taken and own and not self.evidence.is_set:
            self.add_error("text", "One answer is taken and another is written: keep one of them.")
        elif taken and taken not in {column.text for column in self.evidence.columns}:
            self.add_error("text", "Nobody gave this answer: choose again.")
        return taken or own
