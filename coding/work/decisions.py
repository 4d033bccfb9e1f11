"""How a variable takes over what the one before it holds: by rule, or by asking people again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from coding import codebooks
from coding.canonical import Domain, Invalid, join, members, parse
from coding.models import Cell, Entry, Project, Recoding, Variable

CODED = (Variable.Kind.CATEGORY, Variable.Kind.ORDINAL, Variable.Kind.BOOLEAN, Variable.Kind.SET)


@dataclass(frozen=True)
class Decision:
    """How an entry whose variable was replaced takes over what the old one holds.

    `codes` says for a code what it becomes; None sends its cells to be coded again. Codes not
    named stay as they are where the new entry knows them. With `recode` nothing is taken over.
    """

    old: Entry
    new: Entry
    kind: str
    reason: str
    codes: Mapping[str, str | None] = field(default_factory=dict)
    recode: bool = False

    @property
    def name(self) -> str:
        return self.new.name

    @property
    def note(self) -> str:
        """The reference to the change that everything carried bears."""
        return f"codebook {self.new.codebook.number}, {self.kind}: {self.reason}"

    @cached_property
    def states(self) -> dict[str, str]:
        needed = Variable.Kind.STATE in (self.old.domain.kind, self.new.domain.kind)
        needed = needed or self.new.domain.of_states
        return codebooks.states_of(self.new.codebook.project_id) if needed else {}

    @cached_property
    def _known(self) -> dict[str, str | None]:
        return {}

    def carried(self, text: str) -> str | None:
        """What a written value becomes under the new entry; None where people must look again."""
        return None if self.recode else self.counterpart(text)

    def counterpart(self, text: str) -> str | None:
        """What the codes say an old value is now, whether or not it is coded again."""
        if text not in self._known:
            self._known[text] = self._counterpart(text)
        return self._known[text]

    def _counterpart(self, text: str) -> str | None:
        old, new = self.old.domain, self.new.domain
        if old.is_missing(text):
            return text if new.is_missing(text) else None
        mapped = [self.codes.get(c, c) for c in (members(text) if old.kind == "set" else [text])]
        kept = {code for code in mapped if code is not None}
        if len(kept) < len(mapped) and None in mapped:
            return None
        if new.kind != "set" and len(kept) != 1:
            return None
        try:
            return parse(join(kept) if new.kind == "set" else min(kept), new, self.states)
        except Invalid:
            return None

    @cached_property
    def is_total(self) -> bool:
        """Whether the rule covers every answer that there could be.

        Who is asked again must tell nothing of what they said on a sheet that is still closed:
        there either everybody's answer is taken over, or everybody is asked.
        """
        if self.recode or any(self.counterpart(code) is None for code in _missing(self.old.domain)):
            return False
        old, new = self.old.domain, self.new.domain
        if old.kind in CODED and not old.of_states:
            same_shape = old.kind != "set" or (new.kind == "set" and new.exclusive == old.exclusive)
            codes = {"0", "1"} if old.kind == "boolean" else set(old.categories)
            return same_shape and all(self.counterpart(code) is not None for code in codes)
        return old.kind == new.kind and _is_wider(old, new)


def _missing(domain: Domain) -> list[str]:
    return [*domain.missing, *domain.set_by_rule]


def _is_wider(old: Domain, new: Domain) -> bool:
    """Whether every number, date, text or state that was possible still is."""
    below = new.minimum is None or (old.minimum is not None and new.minimum <= old.minimum)
    above = new.maximum is None or (old.maximum is not None and new.maximum >= old.maximum)
    return below and above and new.pattern in ("", old.pattern) and old.exclusive == new.exclusive


@dataclass
class Survey:
    """What a decision does to cells, before anything is written."""

    carried: list[Cell] = field(default_factory=list)
    queued: dict[int, str] = field(default_factory=dict)  # by case: what the old cell says
    carried_by: Counter[tuple[str, str]] = field(default_factory=Counter)
    queued_by: Counter[str] = field(default_factory=Counter)

    @property
    def cells(self) -> int:
        return len(self.carried) + len(self.queued)


def survey(decision: Decision, cells: Iterable[Cell]) -> Survey:
    """Which of an old variable's cells are carried by rule, and which wait for people."""
    found = Survey()
    for cell in cells:
        text = None if cell.text is None else decision.carried(cell.text)
        if text is None and cell.status != Cell.Status.UNRESOLVED:
            found.queued[cell.case_id] = cell.text or "disputed"
            found.queued_by[cell.text or "disputed"] += 1
        elif cell.status == Cell.Status.UNRESOLVED and decision.recode:
            found.queued[cell.case_id] = "unresolved"
            found.queued_by["unresolved"] += 1
        else:
            found.carried.append(cell)
            found.carried_by[cell.text or "unresolved", text or "unresolved"] += 1
    return found


def decisions_of(project: Project) -> dict[int, list[Decision]]:
    """Every decision that was ever published, by the variable that it took over from."""
    newest = codebooks.newest_entries(project)
    found: dict[int, list[Decision]] = {}
    for recoding in Recoding.objects.filter(codebook__project=project).order_by("pk"):
        decision = decision_of(recoding, newest)
        found.setdefault(recoding.old_id, []).append(decision)
    return found


def decision_of(recoding: Recoding, newest: Mapping[int, Entry]) -> Decision:
    """A decision as it was published."""
    old, new = newest[recoding.old_id], newest[recoding.new_id]
    return Decision(old, new, recoding.kind, recoding.reason, recoding.codes, recoding.again)


def ancestry(variable: Variable) -> set[int]:
    """A variable and all that it replaces, step by step."""
    found: set[int] = set()
    each: Variable | None = variable
    while each is not None and each.pk not in found:
        found.add(each.pk)
        each = each.replaces
    return found
