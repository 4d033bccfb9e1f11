"""The first project's own lists as cases and codings, by the rules of fixtures/mapping.yaml.

Pure: it reads fixtures/ and yields rows as `import_cases` and `import_codings` take them.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TextIO

from coding.canonical import bounds, join
from curation.mapping import FIXTURES, Contributions, Words, rules

Row = dict[str, str]

SLUG = "us-coalitions"

# What the demo coders code blind: well documented, none of those that the three sources
# dispute, from every region and decade; alone, with a few partners and with many.
DEMO_WORKLIST = (
    "US-1948-BER",
    "US-1964-STA",
    "US-1975-MAY",
    "US-1982-LEB1",
    "US-1983-GRN",
    "US-1986-LIB",
    "US-1989-PAN2",
    "US-1990-GUL",
    "US-1997-ALB",
    "US-1998-FOX",
    "US-2004-TSU",
    "US-2011-LIB1",
)


@dataclass(frozen=True)
class Answer:
    """What a list says of one variable."""

    variable: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """On what an answer rests, and how sure the list is of it."""

    citations: Sequence[str]
    certainty: str = ""
    locator: str = ""


# ------------------------------------------------------------------ the files


def read_states() -> list[Row]:
    """The state list: one row for each spell of membership."""
    return _read("states.csv")


def read_interventions() -> list[Row]:
    return _read(rules()["interventions"]["file"])


def read_partners() -> list[Row]:
    return _read(rules()["partners"]["file"])


def read_three_sources() -> list[Row]:
    return _read(rules()["three_sources"]["file"])


def _read(name: str) -> list[Row]:
    with (FIXTURES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# ------------------------------------------------------------------ cases


def case_rows() -> Iterator[Row]:
    """The universe of interventions, as fixtures/cases.csv holds it."""
    for row in read_interventions():
        yield {
            "key": row["intervention_id"],
            "title": row["name"],
            "fact.location": row["location_state"],
            "fact.region": row["region"],
            "fact.start_year": row["start_date"][:4],
            "fact.end_year": row["end_date"][:4],
        }


def write_cases(out: TextIO) -> None:
    """The rows of fixtures/cases.csv."""
    rows = list(case_rows())
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


# ------------------------------------------------------------------ codings, in long form


def coding_rows() -> Iterator[Row]:
    """Everything that is already known: one row for each value and citation."""
    yield from intervention_rows()
    yield from partner_rows()
    yield from three_source_rows()


def intervention_rows() -> Iterator[Row]:
    """What `compiled-list` says of interventions, their rosters included."""
    given = rules()["interventions"]
    for row in read_interventions():
        case = row["intervention_id"]
        for answer in intervention_answers(row):
            yield from _long(given["coder"], given["unit"], case, answer, _evidence(row))
        if partners := partners_of(case):
            answer = Answer(rules()["roster"]["variable"], join({p["cow_code"] for p in partners}))
            yield from _long(given["coder"], given["unit"], case, answer, _pooled(partners))


def partner_rows() -> Iterator[Row]:
    """What `compiled-list` says of each state in each intervention."""
    given = rules()["partners"]
    for row in read_partners():
        for answer in partner_answers(row):
            yield from _long(
                given["coder"], given["unit"], partner_key(row), answer, _evidence(row)
            )


def three_source_rows() -> Iterator[Row]:
    """What the two published data sets say of `coalition`."""
    given = rules()["three_sources"]
    for column, data_set in given["coders"].items():
        evidence = Evidence([data_set["source"]], locator=data_set["locator"])
        for row in read_three_sources():
            if row[column]:
                answer = Answer(given["variable"], row[column], data_set["note"])
                case = row["intervention_id"]
                yield from _long(data_set["coder"], given["unit"], case, answer, evidence)


def _long(coder: str, unit: str, case: str, answer: Answer, evidence: Evidence) -> Iterator[Row]:
    for citation in evidence.citations:
        yield {
            "coder": coder,
            "unit": unit,
            "case": case,
            "variable": answer.variable,
            "value": answer.value,
            "certainty": evidence.certainty,
            "note": answer.note,
            "source": citation,
            "locator": evidence.locator,
            "quote": "",
        }


def _evidence(row: Row) -> Evidence:
    return Evidence(row["source"].split(" | "), str(rules()["certainty"][row["confidence"]]))


def _pooled(rows: Sequence[Row]) -> Evidence:
    """All citations of several rows, once each; together they are as sure as the least sure."""
    evidence = [_evidence(row) for row in rows]
    citations = dict.fromkeys(citation for each in evidence for citation in each.citations)
    return Evidence(list(citations), min(each.certainty for each in evidence))


def partner_key(row: Row) -> str:
    return f"{row['intervention_id']}/{row['cow_code']}"


def partners_of(case: str) -> list[Row]:
    return _partners_by_case().get(case, [])


@cache
def _partners_by_case() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in read_partners():
        found.setdefault(row["intervention_id"], []).append(row)
    return found


# ------------------------------------------------------------------ interventions


def intervention_answers(row: Row) -> list[Answer]:
    """All that a row of interventions.csv says, variable by variable."""
    given, key = rules()["interventions"], row["intervention_id"]
    said: list[Answer | None] = [
        Answer(variable, _sorted(row[column]), _note_on(variable, row))
        for column, variable in given["as_it_stands"].items()
        if row[column]
    ]
    said += [said_in(words, key, row[column]) for column, words in given["by_word"].items()]
    said += [end_status(row), all_types(row)]
    return [answer for answer in said if answer]


def _sorted(cell: str) -> str:
    """State codes in the written order of a set; everything else as it stands."""
    return join(set(cell.split(";"))) if re.fullmatch(r"\d+(;\d+)+", cell) else cell


def _note_on(variable: str, row: Row) -> str:
    note = rules()["interventions"]["notes"].get(variable, "")
    if variable == "location_state" and row["location_in_state_system_at_start"] == "1":
        return ""
    if variable == "unsc_resolutions" and ";" not in row["unsc_resolutions"]:
        return ""
    return note


def said_in(words: Words, key: str, word: str) -> Answer | None:
    """A word in codes, with the word in the note; None where it is left to coders."""
    if not word:
        return None
    ruling = words["cases"].get(key)
    code = ruling["code"] if ruling else _code(words, word)
    if code is None:
        return None
    because = f" {ruling['because']}." if ruling else ""
    return Answer(words["variable"], str(code), f"In the list: {word}.{because}")


def _code(words: Words | Contributions, word: str) -> int | None:
    """A word that the mapping does not name at all is an error, not a gap."""
    return None if word in words["left_to_coders"] else words["codes"][word]


def all_types(row: Row) -> Answer | None:
    """Both activities of the list, where both have a code."""
    words = rules()["interventions"]["by_word"]["type"]
    main = said_in(words, row["intervention_id"], row["type"])
    second = _code(words, row["secondary_type"]) if row["secondary_type"] else None
    if main is None or (row["secondary_type"] and second is None):
        return None
    codes = {main.value} if second is None else {main.value, str(second)}
    listed = "; ".join(filter(None, [row["type"], row["secondary_type"]]))
    note = f"In the list: {listed}. It names at most two activities."
    return Answer("operation_types_all", join(codes), note)


def end_status(row: Row) -> Answer | None:
    """Ongoing, or ended where no other case of the list can have taken over."""
    given = rules()["interventions"]["end_status"]
    if ruling := given["cases"].get(row["intervention_id"]):
        return Answer("end_status", str(ruling["code"]), f"{ruling['because']}.")
    if not row["end_date"]:
        return Answer("end_status", str(given["ongoing"]), "In the list: ongoing.")
    if any(_may_follow(row, other) for other in read_interventions()):
        return None
    note = "The list has an end, and no other case in the same place that could have followed."
    return Answer("end_status", str(given["ended"]), note)


def _may_follow(row: Row, other: Row) -> bool:
    if row["intervention_id"] == other["intervention_id"] or not _places(row) & _places(other):
        return False
    earliest, latest, _ = bounds(row["end_date"])
    days = timedelta(rules()["interventions"]["end_status"]["successor_within_days"])
    begins = bounds(other["start_date"])[0]
    goes_on = not other["end_date"] or bounds(other["end_date"])[1] > earliest
    return goes_on and date.fromisoformat(begins) <= date.fromisoformat(latest) + days


def _places(row: Row) -> set[str]:
    return {row["location_cow"], *row["other_locations_cow"].split(";")} - {""}


# ------------------------------------------------------------------ partners


def partner_answers(row: Row) -> list[Answer]:
    """All that a row of partners.csv says; its note stands on one of the values."""
    columns = rules()["partners"]["as_it_stands"]
    values = {variable: row[column] for column, variable in columns.items() if row[column]}
    if (codes := contribution_types(row)) is not None:
        values["contribution_types"] = codes
    place = _place_of_note(row["note"], values) if row["note"] else ""
    answers = [Answer(k, v, row["note"] if k == place else "") for k, v in values.items()]
    if (kind := partner_class(row)) is not None:
        listed = row["contribution_types"].replace(";", "; ")
        answers.append(Answer("partner_class", str(kind), f"From the contributions: {listed}."))
    return answers


def contribution_types(row: Row) -> str | None:
    """The set of contributions, or None where one of the words has no code."""
    codes = [_contribution(word, row) for word in row["contribution_types"].split(";")]
    return None if None in codes else join({str(code) for code in codes})


def _contribution(word: str, row: Row) -> int | None:
    given = rules()["partners"]["contribution_types"]
    if word in given["only_in_combat"]:
        return given["only_in_combat"][word] if means_combat(word, row) else None
    return _code(given, word)


def partner_class(row: Row) -> int | None:
    """The most that the state gave, where its contributions leave no doubt."""
    given = rules()["partners"]["partner_class"]
    words = set(row["contribution_types"].split(";"))
    if ruling := given["cases"].get(partner_key(row)):
        return ruling["code"]
    if any(means_combat(word, row) for word in words):
        return given["combat"]
    if words & set(rules()["partners"]["combat"]["also"]):
        return None
    if words & set(given["means_persons"]) or row["peak_personnel"]:
        return given["persons"]
    if words <= {given["means_access"], given["means_money"]}:
        return given["access"] if given["means_access"] in words else given["money"]
    return None


def means_combat(word: str, row: Row) -> bool:
    """Does a contribution mean combat personnel in this operation, from this state?"""
    given, case = rules()["partners"]["combat"], row["intervention_id"]
    if word not in given["also"]:
        return word in given["always"]
    if partner_key(row) in given["but_not"][word]:
        return False
    return _types_of_operations()[case] in given["types"] or case in given["also"][word]


@cache
def _types_of_operations() -> dict[str, str]:
    return {row["intervention_id"]: row["type"] for row in read_interventions()}


def _place_of_note(note: str, values: Mapping[str, str]) -> str:
    for rule in rules()["partners"]["note_on"]:
        if rule["variable"] in values and re.search(rule["words"], note, re.IGNORECASE):
            return rule["variable"]
    return "contribution_types" if "contribution_types" in values else "joined_date"


if __name__ == "__main__":
    write_cases(sys.stdout)
