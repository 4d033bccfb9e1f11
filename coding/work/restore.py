"""A whole project written back from plain rows: all of it or nothing.

Rows keep their order, moments and past, so nothing here writes history of its own. A codebook is
written as a draft and closed afterwards, since the database lets nobody add to a closed one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Field, ForeignKey, Model

from coding import codebooks
from coding.models import Codebook, Project
from coding.work.whole import MODELS, Plain, fields_of, past_of

AT_ONCE = 1_000
# What is written once the codebooks are closed, in the order of MODELS.
AFTER_CODEBOOKS = list(MODELS)[list(MODELS).index("cases") :]
LIMITS = (MaxLengthValidator, MaxValueValidator, MinValueValidator)
# What JSON must hold for a column of each kind; the rest is text.
KINDS: list[tuple[type[Field[Any, Any]], type | tuple[type, ...]]] = [
    (models.BooleanField, bool),
    (models.IntegerField, int),
    (models.FloatField, (int, float)),
    (models.JSONField, object),
]
PARSED: list[tuple[type[Field[Any, Any]], Callable[[str], Any]]] = [
    (models.DateTimeField, datetime.fromisoformat),
    (models.DateField, date.fromisoformat),
    (models.DecimalField, Decimal),
]


class Unfit(Exception):
    """These rows are no project; the message says which, and why."""


class Restored:
    """A project on its way back: the numbers of its rows become keys of this database.

    Used in one transaction, which ends without a trace where anything does not fit.
    """

    def __init__(
        self,
        read: Callable[[str], Iterator[Plain]],
        counts: Mapping[str, int],
        accounts: Mapping[str, User],
        slug: str = "",
    ) -> None:
        self.read, self.accounts, self.slug = read, accounts, slug
        self.keys = {name: _reserve(model, counts[name]) for name, model in MODELS.items()}
        self.names = {model: name for name, model in MODELS.items()}

    def write(self) -> Project:
        """Every table, then every past. Raises Unfit where a row does not fit; `check` ends it."""
        for name in ("project", "members", "states", "units", "variables"):
            self.fill(name, MODELS[name])
        self._codebooks()
        for name in AFTER_CODEBOOKS:
            self.fill(name, MODELS[name])
        for name, model in MODELS.items():
            if past := past_of(model):
                self.fill(f"{name}.past", past)
        return Project.objects.get(pk=self.keys["project"][0])

    def fill(self, name: str, model: type[Model]) -> None:
        rows = self.read(name)
        while batch := list(islice(rows, AT_ONCE)):
            self._insert(name, model, batch)

    def adopt(self, name: str, model: type[Model], count: int) -> None:
        """A further table, of another application, with its past."""
        self.keys[name], self.names[model] = _reserve(model, count), name
        self.fill(name, model)
        if past := past_of(model):
            self.fill(f"{name}.past", past)

    def check(self) -> None:
        """What the database would only find at the end of the transaction."""
        try:
            connection.check_constraints()
        except DatabaseError as error:
            raise Unfit(f"a row refers to one that is not there: {error}") from error

    def _insert(self, name: str, model: type[Model], batch: Sequence[Plain]) -> None:
        made = [self._made(name, model, row) for row in batch]
        try:
            with transaction.atomic():
                model._default_manager.bulk_create(made, batch_size=AT_ONCE)
        except (DatabaseError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise Unfit(f"{name}: the database refuses its rows: {reason}") from error

    # -------------------------------------------------------------- codebooks

    def _codebooks(self) -> None:
        """Each in turn, the published ones first: there can be one draft at a time."""
        missing, entries = self._by("missing_codes", "codebook"), self._by("entries", "codebook")
        categories = self._by("categories", "entry")
        books = sorted(self.read("codebooks"), key=lambda book: book.get("published_at") is None)
        for book in books:
            closing = {"published_at": None, "published_by": None, "digest": ""}
            self._insert("codebooks", Codebook, [book | closing])
            self._insert("missing_codes", MODELS["missing_codes"], missing[book["id"]])
            self._insert("entries", MODELS["entries"], entries[book["id"]])
            for entry in entries[book["id"]]:
                self._insert("categories", MODELS["categories"], categories[entry["id"]])
            self._close(book)

    def _by(self, name: str, holder: str) -> dict[Any, list[Plain]]:
        found: dict[Any, list[Plain]] = defaultdict(list)
        for row in self.read(name):
            found[row.get(holder)].append(row)
        return found

    def _close(self, plain: Plain) -> None:
        book = self._made("codebooks", Codebook, plain)
        assert isinstance(book, Codebook)
        if book.published_at is None:
            return
        if codebooks.digest_of(Codebook.objects.get(pk=book.pk)) != book.digest:
            raise Unfit(f"codebook {book.number} is not what its digest says was published.")
        book.save(update_fields=["published_at", "published_by", "digest"])

    # -------------------------------------------------------------- rows

    def _made(self, name: str, model: type[Model], row: Plain) -> Model:
        fields = fields_of(model)
        if set(row) != {field.name for field in fields}:
            odd = ", ".join(sorted(set(row) ^ {field.name for field in fields}))
            raise Unfit(f"{name}: a row has other columns than it should: {odd}.")
        if name == "project" and self.slug:
            row = row | {"slug": self.slug}
        return model(**{f.attname: self._value(name, f, row[f.name]) for f in fields})

    def _value(self, name: str, field: Field[Any, Any], plain: Any) -> Any:
        try:
            if plain is None:
                return _empty(field)
            if field.name == "id":
                return self._key(name.removesuffix(".past"), plain)
            if isinstance(field, ForeignKey):
                return self._referred(field, plain)
            return _checked(_rule(field), plain)
        except (ValueError, TypeError, ArithmeticError, LookupError) as error:
            raise Unfit(f"{name}: {field.name} cannot be {_short(plain)} ({error})") from error
        except ValidationError as error:
            raise Unfit(f"{name}: {field.name}: {' '.join(error.messages)}") from error

    def _referred(self, field: ForeignKey[Any, Any], plain: Any) -> int:
        if field.related_model is User:
            return self.accounts[plain].pk
        return self._key(self.names[field.related_model], plain)

    def _key(self, name: str, number: Any) -> int:
        if type(number) is not int or not 1 <= number <= len(self.keys[name]):
            raise LookupError(f"there is no such row of {name}")
        return self.keys[name][number - 1]


def _empty(field: Field[Any, Any]) -> None:
    if not field.null:
        raise ValueError("it must not be empty")


@dataclass(frozen=True)
class Rule:
    """What JSON may hold for a column, and how it is read."""

    kind: type | tuple[type, ...]
    parse: Callable[[Any], Any] | None
    choices: frozenset[object]
    limits: tuple[Callable[[Any], None], ...]


@cache
def _rule(field: Field[Any, Any]) -> Rule:
    """Worked out once for each column: many rows come."""
    choices = {"", *(code for code, _ in field.flatchoices)} if field.choices else set()
    return Rule(
        next((types for column, types in KINDS if isinstance(field, column)), str),
        next((parse for column, parse in PARSED if isinstance(field, column)), None),
        frozenset(choices),
        tuple(limit for limit in field.validators if isinstance(limit, LIMITS)),
    )


def _checked(rule: Rule, plain: Any) -> Any:
    if not isinstance(plain, rule.kind) or (rule.kind is int and isinstance(plain, bool)):
        raise TypeError("it is of another kind")
    value = rule.parse(plain) if rule.parse else plain
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("it names no time zone")
    if rule.choices and value not in rule.choices:
        raise ValueError("it is not among the choices")
    for limit in rule.limits:
        limit(value)
    return value


def _short(plain: object) -> str:
    text = repr(plain)
    return text if len(text) <= 60 else text[:57] + "…"


def _reserve(model: type[Model], count: int) -> Sequence[int]:
    """Keys that no row has and none will get, rising."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            last = (cursor.fetchone() or (0,))[0]
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            words = "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)"
            cursor.execute(words, [table, last + count])
            return range(last + 1, last + count + 1)
        words = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
        cursor.execute(words, [table, count])
        return [key for (key,) in cursor.fetchall()]


def accounts_for(usernames: Iterable[str]) -> dict[str, User]:
    """The accounts of these names; who has none gets one that nobody can sign in with yet."""
    wanted = list(usernames)
    found = {user.username: user for user in User.objects.filter(username__in=wanted)}
    for name in wanted:
        if name not in found:
            user = User(username=name, is_active=False)
            user.set_unusable_password()
            user.clean_fields(exclude=["password"])
            user.save()
            found[name] = user
    return found
