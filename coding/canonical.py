"""One written form per value, by kind: parse, compare, show.

Equality of the written form is agreement, so everything that means the same must be spelled
the same here. Nothing in this module knows the database.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

import cel

LONGEST_TEXT = 20_000
NONE = "none"  # the empty set: written, because no value at all means "not coded yet"
SEPARATOR = ";"
EARLIEST, LATEST = "0001-01-01", "9999-12-31"  # what has no beginning or no end

DATE_PARTS = ("earliest", "latest", "precision")  # what a release writes beside a date

Number = int | float
Plain = Number | str | list[Number | str] | dict[str, str]


class Invalid(ValueError):
    """The answer breaks a rule; the message names the rule and the way out."""


@dataclass(frozen=True)
class Domain:
    """What may be answered: everything about a variable that decides whether a text is a value."""

    kind: str
    categories: Mapping[str, str] = field(default_factory=dict)
    exclusive: frozenset[str] = frozenset()
    missing: Mapping[str, str] = field(default_factory=dict)
    set_by_rule: frozenset[str] = frozenset()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    pattern: str = ""
    tolerance: Decimal | None = None
    of_states: bool = False
    can_be_empty: bool = False

    def is_missing(self, text: str | None) -> bool:
        return text in self.missing or text in self.set_by_rule


def parse(raw: str, domain: Domain, states: Mapping[str, str] | None = None) -> str:
    """The written form of an answer. Raises Invalid with the rule that it breaks.

    `states` maps the codes of the project's state list to names; needed for states only.
    """
    text = clean(raw)
    if not text:
        raise Invalid("Empty: give an answer, or one of the missing codes.")
    code = _plain_minus(text)
    if code in domain.missing:
        return code
    if code in domain.set_by_rule:
        raise Invalid(f"{code} is set by a skip rule and cannot be typed: leave it out.")
    return _PARSERS[domain.kind](text, domain, states or {})


_INVISIBLE = re.compile("[\u200b\u2060\ufeff]")  # left behind by copying; they mean nothing
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def clean(raw: str) -> str:
    """What was typed or read, in one spelling of its letters and line ends."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", raw))
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL.search(text):
        raise Invalid("It holds a control character: remove it.")
    return text


def _plain_minus(text: str) -> str:
    return text.replace("−", "-")


def _category(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    return _code(text, domain.categories, "category")


def _code(text: str, codes: Mapping[str, str], word: str) -> str:
    """A code from a closed list; a label is refused with its code, so that nobody guesses."""
    for code in (text, _plain_minus(text)):
        if code in codes:
            return code
    for code, label in codes.items():
        if text.casefold() == label.casefold():
            raise Invalid(f"“{text}” is a label: write its code, {code}.")
    if word == "state":
        raise Invalid(f"“{_short(text)}” is not a code of the state list.")
    known = ", ".join(list(codes)[:20])
    raise Invalid(f"“{_short(text)}” is not a {word} code: choose from {known}.")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _integer(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    plain = _plain_minus(text)
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", plain):
        raise Invalid(
            f"“{_short(text)}” is not a whole number: write 1 to 18 digits only, without "
            "separators, ranges or words (a range goes into the note)."
        )
    return _in_range(str(int(plain)), domain)


def _decimal(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    plain = _plain_minus(text)
    if not re.fullmatch(r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})", plain):
        raise Invalid(f"“{_short(text)}” is not a number: write it as 0.25, without separators.")
    return _in_range(_plain(Decimal(plain)), domain)


def _in_range(text: str, domain: Domain) -> str:
    number = Decimal(text)
    if domain.minimum is not None and number < domain.minimum:
        raise Invalid(f"{text} is below the minimum, {_plain(domain.minimum)}.")
    if domain.maximum is not None and number > domain.maximum:
        raise Invalid(f"{text} is above the maximum, {_plain(domain.maximum)}.")
    return text


def _plain(number: Decimal) -> str:
    """Without needless zeros; `normalize` would round what has more than 28 digits."""
    text = format(number or Decimal(0), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_FORMULA = re.compile(r"[=@]|[+-][A-Za-z(=@]|[+-]\S*[(|!]")


def _text(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"{len(text)} characters: at most {LONGEST_TEXT} fit.")
    if is_formula(text):
        raise Invalid("It begins like a spreadsheet formula: begin with a word.")
    if domain.pattern and not matches(text, domain.pattern):
        raise Invalid(f"“{_short(text)}” does not have the form {domain.pattern}.")
    return text


def is_formula(text: str) -> bool:
    """Would a spreadsheet that opens a release compute this instead of showing it?"""
    return _FORMULA.match(text) is not None


_MATCHES = cel.compile("text.matches(pattern)")


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text has the pattern's form, in time linear in the text.

    The expression engine's matcher cannot backtrack, so no pattern can run away.
    """
    try:
        _MATCHES.execute({"text": "", "pattern": pattern})  # sound by itself, not only in brackets
        return bool(_MATCHES.execute({"text": text, "pattern": f"^(?:{pattern})$"}))
    except (ValueError, RuntimeError, TypeError) as error:
        raise Invalid(f"The pattern {pattern} is no regular expression: {error}") from None


def _state(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    return _code(text, states, "state")


def _set(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    if text == NONE:
        if domain.can_be_empty:
            return NONE
        raise Invalid("“none” is not possible here: choose a category.")
    codes = states if domain.of_states else domain.categories
    word = "state" if domain.of_states else "category"
    members = [m.strip() for m in text.replace(",", SEPARATOR).split(SEPARATOR) if m.strip()]
    chosen = {_code(member, codes, word) for member in members}
    if not chosen:
        raise Invalid("Empty: choose at least one.")
    alone = sorted(chosen & domain.exclusive)
    if alone and len(chosen) > 1:
        raise Invalid(f"{alone[0]} stands alone: it cannot be chosen with others.")
    return join(chosen)


def join(codes: set[str] | frozenset[str]) -> str:
    """A set's written form: sorted, numbers by size."""
    return SEPARATOR.join(sorted(codes, key=_by_size)) or NONE


def _by_size(code: str) -> tuple[int, int, str]:
    return (0, int(code), code) if re.fullmatch(r"-?[0-9]+", code) else (1, 0, code)


def members(text: str) -> list[str]:
    """The codes in a set's written form."""
    return [] if text == NONE else text.split(SEPARATOR)


# ------------------------------------------------------------------ dates, a part of EDTF

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_POINT = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?([~?%]?)")
_DATE_HELP = "write 1991, 1991-02, 1991-02-28, 1991-02~ (about) or 1990-08-02/1990-08-09 (a range)"


def _date(text: str, domain: Domain, states: Mapping[str, str]) -> str:
    ends = dict.fromkeys(_point(part) for part in _halves(text))  # from a day to itself is a day
    written = SEPARATOR_OF_RANGE.join(ends)
    earliest, latest, _ = bounds(written)
    if earliest > latest:
        raise Invalid(f"“{_short(text)}” ends before it begins.")
    return written


SEPARATOR_OF_RANGE = "/"


def _halves(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(SEPARATOR_OF_RANGE)]
    if len(parts) > 2 or set(parts) == {".."}:
        raise Invalid(f"“{_short(text)}” is not a date: {_DATE_HELP}.")
    return parts


def _point(text: str) -> str:
    if text == "..":
        return text
    text = _spoken(text)
    found = _POINT.fullmatch(text)
    if not found:
        raise Invalid(f"“{_short(text)}” is not a date: {_DATE_HELP}.")
    year, month, day, _ = found.groups()
    if year == "0000":
        raise Invalid("The year 0000 does not exist.")
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise Invalid(f"{text} does not exist in the calendar.") from None
    return text


def _spoken(text: str) -> str:
    """28 Feb 1991 and February 1991, as people write them, in the written form."""
    found = re.fullmatch(r"(?:([0-9]{1,2})\.? )?([A-Za-z]{3,9})\.?,? ([0-9]{4})([~?]?)", text)
    number = _month(found[2].lower()) if found else 0
    if not found or not number:
        return text
    month = f"{found[3]}-{number:02d}"
    return (f"{month}-{int(found[1]):02d}" if found[1] else month) + found[4]


def _month(word: str) -> int:
    """1 to 12 for a month's name or its first letters, 0 for another word."""
    return next((n for n, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)


def bounds(text: str) -> tuple[str, str, str]:
    """Earliest day, latest day (ISO; open ends are year 1 and 9999) and precision of a date.

    Precision is day, month, year or range.
    """
    if SEPARATOR_OF_RANGE in text:
        first, last = text.split(SEPARATOR_OF_RANGE)
        earliest = EARLIEST if first == ".." else bounds(first)[0]
        latest = LATEST if last == ".." else bounds(last)[1]
        return earliest, latest, "range"
    plain = text.rstrip("~?%")
    if len(plain) == 10:
        return plain, plain, "day"
    if len(plain) == 7:
        return f"{plain}-01", _last_day(int(plain[:4]), int(plain[5:])), "month"
    return f"{plain}-01-01", f"{plain}-12-31", "year"


def middle(text: str) -> float:
    """The day halfway through what a date means, counted from the year 1, for statistics.

    1991-02 is the middle of that February; an open range is as its known end.
    """
    days = {_day(day).toordinal() for day in bounds(text)[:2]}
    known = days - {date.min.toordinal(), date(9999, 12, 31).toordinal()} or days
    return sum(known) / len(known)


def _last_day(year: int, month: int) -> str:
    if month == 12:
        return f"{year:04d}-12-31"
    return (date(year, month + 1, 1) - timedelta(days=1)).isoformat()


_PARSERS = {
    "category": _category,
    "ordinal": _category,
    "boolean": _category,
    "integer": _integer,
    "decimal": _decimal,
    "date": _date,
    "text": _text,
    "state": _state,
    "set": _set,
}

# ------------------------------------------------------------------ compare and show


def same(a: str, b: str, domain: Domain) -> bool:
    """Do two written values agree? Equality, unless the variable declares a tolerance."""
    if a == b:
        return True
    if domain.tolerance is None or domain.is_missing(a) or domain.is_missing(b):
        return False
    return distance(a, b, domain) <= domain.tolerance


def distance(a: str, b: str, domain: Domain) -> Decimal:
    """How far two numbers, or two dates in days at their further ends, lie apart."""
    if domain.kind == "date":
        ends = zip(bounds(a)[:2], bounds(b)[:2], strict=True)
        return Decimal(max(abs((_day(x) - _day(y)).days) for x, y in ends))
    try:
        return abs(Decimal(a) - Decimal(b))
    except InvalidOperation:
        return Decimal("Infinity")


def _day(text: str) -> date:
    return date.fromisoformat(text)


def show(text: str | None, domain: Domain, states: Mapping[str, str] | None = None) -> str:
    """A value as a person reads it: code and label, names of states, a date's meaning."""
    if text is None:
        return ""
    if domain.is_missing(text):
        return f"{text} {domain.missing.get(text, 'not applicable')}"
    if domain.kind == "set":
        return "; ".join(_named(m, domain, states) for m in members(text)) or "none"
    return _named(text, domain, states)


def _named(code: str, domain: Domain, states: Mapping[str, str] | None) -> str:
    if domain.kind == "state" or domain.of_states:
        name = (states or {}).get(code)
        return f"{name} ({code})" if name else code
    label = domain.categories.get(code)
    return f"{code} {label}" if label else code


def plain(text: str, domain: Domain) -> Plain:
    """A value as expressions and statistics read it: numbers, lists, a date's two ends."""
    if domain.is_missing(text):
        return _number_or_text(text)
    if domain.kind == "set":
        return [_number_or_text(code) for code in members(text)]
    if domain.kind == "date":
        earliest, latest, _ = bounds(text)
        return {"earliest": earliest, "latest": latest}
    if domain.kind == "decimal":
        return float(text)
    return text if domain.kind == "text" else _number_or_text(text)


def _number_or_text(code: str) -> Number | str:
    return int(code) if re.fullmatch(r"-?[0-9]{1,18}", code) else code
