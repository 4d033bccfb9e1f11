"""A form from a codebook entry: what a coder posts, and the written form it is kept in."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

from coding import canonical
from coding.canonical import NONE, SEPARATOR, Invalid
from coding.models import Entry, Variable

Kind = Variable.Kind
CHOICES = (Kind.CATEGORY, Kind.ORDINAL, Kind.BOOLEAN)
CERTAINTIES = ("1", "2", "3", "4")
ALONE = "A note and a certainty belong to an answer: give one, or one of the missing codes."
LONGEST_LOCATOR = 120
LONGEST_SOURCE = 500

States = Mapping[str, str]


def takes_states(entry: Entry) -> bool:
    return entry.domain.of_states or entry.variable.kind == Kind.STATE


# ------------------------------------------------------------------ what is posted


@dataclass(frozen=True)
class Posted:
    """The parts of an answer: what was typed or ticked, and what was chosen instead of it."""

    typed: tuple[str, ...]
    instead: str = ""

    @property
    def text(self) -> str:
        return self.instead or SEPARATOR.join(self.typed)


class Answer(forms.Widget):
    """Reads an answer from its inputs: `text` once or often, `add`, and `instead`.

    `instead` is a missing code or the empty set. The template draws the inputs.
    """

    def value_from_datadict(
        self, data: Mapping[str, object], files: object, name: str
    ) -> Posted | None:
        many = data if isinstance(data, MultiValueDict) else MultiValueDict({})
        typed = [text for text in (*many.getlist(name), *many.getlist("add")) if text.strip()]
        return Posted(tuple(typed), many.get("instead", ""))


# ------------------------------------------------------------------ what is kept


class AnswerField(forms.Field):
    """The written form of an answer; "" where there is none."""

    widget = Answer

    def __init__(self, entry: Entry, states: States) -> None:
        super().__init__(required=False)
        self.entry, self.states = entry, states

    def clean(self, value: Posted | None) -> str:
        if value is None or not value.text.strip():
            return ""
        if value.typed and value.instead:
            raise ValidationError(f"Both an answer and {value.instead}: keep one of the two.")
        try:
            return canonical.parse(self._spelled(value), self.entry.domain, self.states)
        except Invalid as no:
            raise ValidationError(str(no)) from None

    def _spelled(self, posted: Posted) -> str:
        """The posted text, with names of states written as their codes."""
        if posted.instead or not takes_states(self.entry):
            return posted.text
        if self.entry.variable.kind == Kind.STATE:
            return state_code(posted.text, self.states)
        words = [word for text in posted.typed for word in split_states(text, self.states)]
        return SEPARATOR.join(state_code(word, self.states) for word in words)


def split_states(text: str, states: States) -> Iterable[str]:
    """States typed in one line: separated by semicolons, or by commas where no name holds one."""
    for part in filter(None, (p.strip() for p in text.split(SEPARATOR))):
        if "," in part and _named(part, states) is None:
            yield from filter(None, (p.strip() for p in part.split(",")))
        else:
            yield part


def state_code(text: str, states: States) -> str:
    """The code of a state that was typed as a code, as a name or as “United Kingdom (200)”."""
    word = text.strip()
    if word == NONE or re.fullmatch(r"[-−]\d+", word):
        return word
    if code := _named(word, states):
        return code
    near = difflib.get_close_matches(word, states.values(), n=3, cutoff=0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else " Choose one from the list."
    raise Invalid(f"“{word[:60]}” is not in the state list.{hint}")


def _named(word: str, states: States) -> str | None:
    if word in states:
        return word
    in_brackets = re.fullmatch(r".*\(([^()]+)\)", word)
    if in_brackets and in_brackets[1] in states:
        return in_brackets[1]
    found = [code for code, name in states.items() if name.casefold() == word.casefold()]
    if len(found) > 1:
        raise Invalid(f"“{word}” names several states: write the code, {' or '.join(found)}.")
    return found[0] if found else None


class ValueForm(forms.Form):
    """One entry's answer, certainty and note."""

    certainty = forms.TypedChoiceField(
        choices=[("", "–"), *((c, c) for c in CERTAINTIES)],
        coerce=int,
        empty_value=None,
        required=False,
    )
    note = forms.CharField(required=False, max_length=canonical.LONGEST_TEXT)

    def __init__(self, data: MultiValueDict[str, str], *, entry: Entry, states: States) -> None:
        super().__init__(data)
        self.fields["text"] = AnswerField(entry, states)

    def clean(self) -> dict[str, object]:
        said = self.cleaned_data
        if said.get("text") == "" and (said.get("note") or said.get("certainty")):
            self.add_error("text", ALONE)
        return said

    @property
    def complaints(self) -> list[str]:
        """Every error in one list: the field is one thing to its coder."""
        words = {"note": "Note: ", "certainty": "Certainty: "}
        return [
            f"{words.get(name, '')}{error}"
            for name, errors in self.errors.items()
            for error in errors
        ]


class CitationForm(forms.Form):
    """Where an answer was read."""

    source = forms.CharField(
        max_length=LONGEST_SOURCE,
        error_messages={"required": "Name the source: choose it from the list or write it out."},
    )
    locator = forms.CharField(required=False, max_length=LONGEST_LOCATOR)
    quote = forms.CharField(required=False, max_length=canonical.LONGEST_TEXT)

    @property
    def complaints(self) -> list[str]:
        return [
            str(error) if name == "source" else f"{name.capitalize()}: {error}"
            for name, errors in self.errors.items()
            for error in errors
        ]
