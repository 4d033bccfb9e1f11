"""What became of a published version: carried, coded again, still waiting, and old against new.

Agreement between the old and the new value is a statistic of its own: it says how far a changed
question changed the data, not how well coders agree. Only what is opened counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User

from coding import blind, changes, codebooks, work
from coding.agreement import Coefficient, krippendorff_alpha, percent_agreement
from coding.agreement.coefficient import undefined
from coding.blind import Turned
from coding.changes import Kind
from coding.models import Case, Codebook, Entry, Recoding
from coding.reliability.scales import scale_of
from coding.work import Decision

DISPUTED = "disputed"
NONE_COMPARABLE = "Nothing was coded again that had an answer with a counterpart in the new codes."


@dataclass(frozen=True)
class OldNew:
    """Old values beside new ones, of one kind: cells, or what each coder said twice.

    comparable  pairs in which the rule of the version gives the old value a counterpart.
    unchanged   of these, where the new value is that counterpart.
    percent     unchanged / comparable.
    alpha       Krippendorff's alpha of (counterpart, new value) as two observers of a unit, on
                the new variable's scale (Krippendorff 2019, Content Analysis, chapter 12: the
                reproducibility of a coding under another instruction).
    """

    pairs: int
    comparable: int
    unchanged: int
    percent: Coefficient
    alpha: Coefficient

    @property
    def changed(self) -> int:
        return self.comparable - self.unchanged


@dataclass(frozen=True)
class Line:
    """One variable of a version: what was decided, and how far the work has come."""

    entry: Entry
    recoding: Recoding | None
    asked: int
    done: int
    carried: int = 0
    cells: OldNew | None = None
    coders: OldNew | None = None
    nobody: list[Case] = field(default_factory=list)

    @property
    def open(self) -> int:
        return self.asked - self.done


@dataclass
class Anew:
    """An entry that the version compares otherwise: the disputes it closed and opened, and how
    many further cells it gave another status or value."""

    entry: Entry
    why: str
    closed: int = 0
    opened: int = 0
    otherwise: int = 0


def compared_anew(user: User, codebook: Codebook) -> list[Anew]:
    """The entries whose cells the version compared anew, as far as this person may know."""
    lead = work.Anew.lead(codebook)
    entries = {e.variable_id: e for e in _compared_otherwise(codebook)}
    if not entries:
        return []
    cells = blind.cells_for(user).filter(variable__in=entries, case__in_universe=True)
    found: dict[int, Anew] = {}
    for moved in blind.moved_by(cells, lead):
        entry = entries[moved.variable]
        told = found.setdefault(moved.variable, Anew(entry, moved.why.removeprefix(lead)))
        told.closed += moved.was == DISPUTED != moved.now
        told.opened += moved.was != DISPUTED == moved.now
        told.otherwise += moved.was != DISPUTED != moved.now
    return list(found.values())


def _compared_otherwise(codebook: Codebook) -> list[Entry]:
    published = codebook.project.codebooks.exclude(published_at=None).order_by("-number")
    before = published.filter(number__lt=codebook.number).first()
    pairs = changes.compare(before, codebook) if before else []
    return [p.new for p in pairs if p.new and any(c.kind == Kind.COMPARED for c in p.changes)]


def lines(user: User, codebook: Codebook) -> list[Line]:
    """Each variable that the version replaced or added, as far as this person may know."""
    project = codebook.project
    newest = codebooks.newest_entries(project)
    recodings = {r.new_id: r for r in codebook.recodings.select_related("codebook")}
    replaced = {new: r.old_id for new, r in recodings.items()}
    needs = work.left(project=project, codebook=codebook, seen=blind.cells_for(user))
    apart = blind.asked_apart(user, [need.entry.variable_id for need in needs])
    cells, values = blind.turned_cells(user, replaced), blind.turned_values(user, replaced)
    waiting = {case for need in needs for case in need.nobody}
    cases = {case.pk: case for case in blind.cases_for(user).filter(pk__in=waiting)}
    found = []
    for need in needs:
        variable = need.entry.variable_id
        recoding = recodings.get(variable)
        asked, done = apart.get(variable, (0, 0))
        nobody = [cases[pk] for pk in sorted(need.nobody) if pk in cases]
        if recoding is None:
            found.append(Line(need.entry, None, asked, done, nobody=nobody))
            continue
        decision = work.decision_of(recoding, newest)
        of_it = [turned for turned in cells if turned.variable == variable]
        again = [turned for turned in of_it if not turned.carried]
        said = [turned for turned in values if turned.variable == variable]
        found.append(
            Line(
                need.entry,
                recoding,
                asked,
                done,
                carried=len(of_it) - len(again),
                cells=old_against_new(decision, again),
                coders=old_against_new(decision, said),
                nobody=nobody,
            )
        )
    return found


def old_against_new(decision: Decision, turned: Sequence[Turned]) -> OldNew:
    """How far the new values are what the rule makes of the old ones."""
    pairs = [(t.before, t.now) for t in turned if t.before is not None and t.now is not None]
    read = [(decision.counterpart(before), now) for before, now in pairs]
    comparable = [(before, now) for before, now in read if before is not None]
    unchanged = sum(before == now for before, now in comparable)
    return OldNew(len(turned), len(comparable), unchanged, *_figures(decision.new, comparable))


def _figures(entry: Entry, pairs: Sequence[tuple[str, str]]) -> tuple[Coefficient, Coefficient]:
    used = {text for pair in pairs for text in pair}
    codes = {code.code: code for code in entry.codebook.missing_codes.all()}
    scale = scale_of(entry, codes, {}, "rule", used)
    counted = [pair for pair in pairs if not scale.left_out & set(pair)]
    if not counted:
        nothing = undefined(NONE_COMPARABLE, n_units=0, n_ratings=0)
        return nothing, nothing
    placed = [[scale.place(text) for text in pair] for pair in counted]
    rated = [row for row in placed if None not in row]
    return percent_agreement(counted), krippendorff_alpha(rated, scale.measure)
