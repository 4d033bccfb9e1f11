"""A study says how far it hangs on disagreements: loudly where it does, not at all where not."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from curation.studies import results, sensitivity
from curation.studies.coalition import STUDY
from curation.studies.combine import rubin
from curation.studies.declared import prepare
from curation.studies.estimators import Fit, NotEstimated, Term, design, logit
from curation.studies.frames import Files, Place
from curation.studies.joining import STUDY as JOINING
from curation.studies.sensitivity import Question, one_by_one, specifications
from tests.studies.made import CELLS, CODINGS, interventions, release, table

EDGE = interventions((8, 22), (30, 30))  # evacuations lower it, by a hair
FAR = interventions((4, 26), (30, 30))
ALONE = "C008"  # the first evacuation without a coalition


def first_alone(cases: list[dict[str, str]]) -> str:
    return next(c["case"] for c in cases if c["operation_type"] == "7" and c["coalition"] == "0")


def asked(files: Files, previous: Files | None = None) -> Question:
    prepared = prepare(STUDY, STUDY.frame(files.tables))
    cells, codings = files.cells(STUDY.variables), files.codings(STUDY.variables)
    return Question(STUDY, files, prepared, cells, codings, previous)


def test_a_disagreement_that_flips_a_coefficient_is_said_and_its_cell_named() -> None:
    assert first_alone(EDGE) == ALONE
    said = results.run(STUDY, release(EDGE, {ALONE: ("1", "0")}))

    assert said["sentences"] == [
        "Evacuation: lowers the outcome; the verdict is another in “As ann coded”. "
        f"It hangs on a single cell: coalition of {ALONE}."
    ]
    flips = [m for m in said["moved"] if m["flips"]]
    assert {(m["case"], m["variable"], m["instead"], m["flips"]) for m in flips} == {
        (ALONE, "coalition", "1", "verdict")
    }


def test_one_that_flips_nothing_leaves_it_silent() -> None:
    said = results.run(STUDY, release(FAR, {first_alone(FAR): ("1", "0")}))

    assert said["sentences"] == [
        "Evacuation: lowers the outcome; nothing that was tried changes that.",
        "The one cell on which coders differ moves no sign and no verdict.",
    ]
    assert [m for m in said["moved"] if m["flips"]] == []


def test_without_disagreements_nothing_is_said_of_single_cells() -> None:
    said = results.run(STUDY, release(EDGE))

    assert said["tried"] == 0
    assert said["moved"] == []
    assert len(said["sentences"]) == 1


def test_a_cell_still_disputed_is_tried_with_each_answer_that_was_given() -> None:
    cases = [dict(c, coalition="") if c["case"] == ALONE else c for c in EDGE]
    moved = one_by_one(
        asked(release(cases, {ALONE: ("1", "0")})),
        asked(release(cases)).fit(),
        lambda done, of: None,
    )

    assert {(m.said, m.instead) for m in moved} == {("", "1"), ("", "0")}


def test_each_reading_is_what_the_study_finds_when_the_release_says_so() -> None:
    """As ann coded is the settled fit of a release in which ann's answers are settled."""
    disputed = {"C005": ("0", "1"), ALONE: ("1", "0"), "C050": ("0", "1")}
    said = {case: pair[0] for case, pair in disputed.items()}
    question = asked(release(EDGE, disputed))
    hers = [dict(c, coalition=said.get(c["case"], c["coalition"])) for c in EDGE]

    found = {s.key: s.fit for s in specifications(question)}

    assert found["coder ann"] == asked(release(hers)).fit()
    assert found["coder ben"] == found["settled"]
    assert found["double"] is None  # every cell has two coders
    assert found["draws"] is None


def test_the_release_before_is_asked_the_same_terms() -> None:
    before = release(FAR, version="0.0.9")

    found = {s.key: s for s in specifications(asked(release(EDGE), before))}

    assert found["previous"].label == "Release 0.0.9"
    assert found["previous"].fit == asked(before).fit()


def test_draws_are_combined_and_uncertainty_between_them_widens_the_interval() -> None:
    rows = [
        {"draw": str(n), "unit": "intervention", "case": f"C{c:03}", "variable": "coalition",
         "value": str((n + c) % 2)}
        for n in range(1, 6)
        for c in range(8, 20)
    ]  # fmt: skip
    drawn = release(EDGE, **{"imputations.csv": table(list(rows[0]), rows)})

    found = {s.key: s.fit for s in specifications(asked(drawn))}

    settled, draws = found["settled"], found["draws"]
    assert settled is not None
    assert draws is not None
    assert draws.terms[1].coefficient > settled.terms[1].coefficient


def fit_of(*pairs: tuple[float, float]) -> Fit:
    terms = tuple(Term(f"x{n}", b, se) for n, (b, se) in enumerate(pairs))
    covariance = tuple(
        tuple(pairs[i][1] ** 2 if i == j else 0.0 for j in range(len(pairs)))
        for i in range(len(pairs))
    )
    return Fit(terms, 100, 50, 0, -1.0, covariance)


def test_rubins_rules_by_hand() -> None:
    """Means 2; within (1 + 4)/2 = 2.5, between 2, total 2.5 + 1.5 · 2 = 5.5."""
    combined = rubin([fit_of((1.0, 1.0)), fit_of((3.0, 2.0))])

    assert combined.terms[0].coefficient == 2.0
    assert combined.terms[0].error == pytest.approx(np.sqrt(5.5))


def test_draws_that_cannot_be_combined_are_refused() -> None:
    with pytest.raises(NotEstimated, match="1 draws"):
        rubin([fit_of((1.0, 1.0))])
    with pytest.raises(NotEstimated, match="same terms"):
        rubin([fit_of((1.0, 1.0)), fit_of((1.0, 1.0), (2.0, 1.0))])


def joining(cases: int = 80, states: int = 40) -> Files:
    """Simulated: rosters of which two coders differ in one state for half of the cases."""
    rng = np.random.default_rng(3)
    rows, cells, codings, risk = [], [], [], []
    for number in range(cases):
        case, evacuation = f"C{number:03}", number % 4 == 0
        home = rng.random(states) < 0.25
        joins = rng.random(states) < np.where(home, 0.25, 0.08) * (0.5 if evacuation else 1)
        codes = [str(100 + s) for s in range(states)]
        roster = [c for c, j in zip(codes, joins, strict=True) if j]
        kind, settled = "7" if evacuation else "4", ";".join(roster) or "none"
        other = ";".join(sorted({*roster, "100"})) if number % 2 else settled
        rows.append({"case": case, "partners": settled, "operation_type": kind})
        for name, said in (("partners", (settled, other)), ("operation_type", (kind, kind))):
            place = {"unit": "intervention", "case": case, "variable": name}
            cells.append(place | {"value": said[0], "status": "adjudicated", "coders": "2"})
            codings += [
                place | {"coder": c, "value": v, "purpose": "production"}
                for c, v in zip("ab", said, strict=True)
            ]
        risk += [
            {"case": case, "state": c, "state_name": c, "is_target": "0",
             "in_home_region": str(int(h)), "joined": str(int(j))}
            for c, h, j in zip(codes, home, joins, strict=True)
        ]  # fmt: skip
    made = release([])
    book = {
        "codebook": {"missing_codes": []},
        "variables": [
            {"unit": "intervention", "name": "partners", "type": "set", "roster_of": "partner"},
            {"unit": "intervention", "name": "operation_type", "type": "category"},
        ],
    }
    files = {
        "codebook.json": results.written(book),
        "intervention.csv": table(["case", "partners", "operation_type"], rows),
        "cells.csv": table(CELLS, cells),
        "codings.csv": table(CODINGS, codings),
        "risk_set.csv": table(list(risk[0]), risk),
    }
    return Files(files.get, made.version)


def test_a_state_that_only_one_coder_listed_changes_who_joined() -> None:
    files = joining()
    place = Place("intervention", "C001", "partners")
    said = files.codings(JOINING.variables)[place]["b"]

    before, after = (JOINING.frame(t) for t in (files.tables, files.tables.saying({place: said})))

    changed = before["outcome"] != after["outcome"]
    assert changed.sum() == 1
    assert before.loc[changed, "case"].tolist() == ["C001"]
    gone = JOINING.frame(files.tables.saying({place: None}))
    assert gone.loc[gone["case"] == "C001", "outcome"].isna().all()


def test_one_step_is_near_enough_to_sort_by_and_what_may_flip_is_fitted_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = joining()
    prepared = prepare(JOINING, JOINING.frame(files.tables))
    question = Question(
        JOINING, files, prepared, files.cells(JOINING.variables), files.codings(JOINING.variables)
    )
    settled = question.fit()
    every = one_by_one(question, settled, lambda done, of: None)
    monkeypatch.setattr(sensitivity, "FITTED_AGAIN", 10)

    few = one_by_one(question, settled, lambda done, of: None)

    assert len(few) < len(every)
    assert few[0] == every[0]
    assert [m for m in few if m.flips] == [m for m in every if m.flips]
    sizes = [abs(m.by) / (m.before[2] - m.before[0]) for m in every]
    assert all(a >= b - 1e-9 for a, b in pairwise(sizes))


def test_many_refits_of_a_large_study_take_a_share_of_what_as_many_whole_fits_take() -> None:
    """200 cells tried one by one cost less than 200 fits: most are only stepped."""
    files = joining(cases=60, states=40)
    prepared = prepare(JOINING, JOINING.frame(files.tables))
    question = Question(
        JOINING, files, prepared, files.cells(JOINING.variables), files.codings(JOINING.variables)
    )
    fits = 0
    whole = Question.fit

    def counted(self: Question, frame: pd.DataFrame | None = None) -> Fit:
        nonlocal fits
        fits += 1
        return whole(self, frame)

    settled = question.fit()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Question, "fit", counted)
        one_by_one(question, settled, lambda done, of: None)

    assert len(sensitivity.alternatives(question)) >= 60 // 2
    assert fits <= max(sensitivity.FITTED_AGAIN, 60)


def test_the_same_release_gives_the_same_bytes_whatever_the_time() -> None:
    files = release(EDGE, {ALONE: ("1", "0")})
    first = results.written(results.run(STUDY, files))
    time.sleep(0.01)

    assert results.written(results.run(STUDY, release(EDGE, {ALONE: ("1", "0")}))) == first


def test_a_study_without_an_estimate_says_why_and_shows_what_it_can() -> None:
    few = results.run(STUDY, release(interventions((1, 2), (2, 2))))

    assert few["estimates"][0]["fit"] is None
    assert "The rarer outcome is there 3 times" in few["estimates"][0]["reason"]
    assert few["sentences"][0].startswith("There is no estimate on the settled data")
    assert few["descriptives"][0]["rows"]


def test_a_release_without_the_outcome_says_so() -> None:
    files = joining()

    said = results.run(STUDY, files)

    assert said["reason"] == "The release holds nothing of which the outcome could be made."
    assert said["estimates"] == []


def test_columns_known_in_few_rows_are_left_out_with_the_count() -> None:
    cases = [dict(c, start_date="" if n % 3 else "1995-01-01") for n, c in enumerate(EDGE)]

    said = results.run(STUDY, release(cases))

    assert ["after_cold_war", "Known in 30 of 90 rows, fewer than half."] in said["left_out"]


def test_the_logit_of_the_study_is_that_of_its_table() -> None:
    question = asked(release(EDGE))
    table_of_it = question.prepared.frame

    assert question.fit() == logit(design(table_of_it, "outcome", ["evacuation"]))
