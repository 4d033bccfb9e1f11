"""Tables into the back office by import-export: the same reading and the same rules as by command.

A row that only a closed coding has made so far is new to everybody else, and reported as new.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import tablib
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Model, QuerySet
from django.http import Http404
from django.utils.html import format_html
from django.utils.safestring import SafeString
from import_export.fields import Field
from import_export.formats.base_formats import Format
from import_export.resources import Diff, ModelResource
from import_export.results import Error, Result
from import_export.tmp_storages import BaseStorage

from coding import blind
from coding.models import Case, Member, Project, Source, State, Unit
from coding.work import signed
from curation import files
from curation.faults import BadInput, Fault
from curation.files import Row, Table
from curation.intake import CaseColumns, check_cases, filled
from curation.intake.whole import faults_of_columns, hint, safe

Values = dict[str, Any]  # what a row says, by the name of the model's field
DAY = 24 * 60 * 60


class TableFormat(Format):  # type: ignore[misc]
    """A CSV file or an Excel workbook, told apart by its content."""

    def __init__(self, encoding: str | None = None) -> None:
        """Called with an encoding, which is found out by reading."""

    def get_title(self) -> str:
        return "CSV or Excel"

    def can_import(self) -> bool:
        return True

    def create_dataset(self, in_stream: bytes) -> Lines:
        return Lines(files.read_from(io.BytesIO(in_stream), "file"))


class Lines(tablib.Dataset):  # type: ignore[misc]
    """A table as import-export passes it on."""

    def __init__(self, table: Table) -> None:
        names = table.header.names
        super().__init__(*([row[name] for name in names] for row in table.rows), headers=names)
        self.table = table


class Uploaded(BaseStorage):  # type: ignore[misc]
    """The file between preview and confirmation, under a name that nobody can choose."""

    def save(self, data: bytes) -> None:
        self.name = uuid4().hex
        self._folder().mkdir(parents=True, exist_ok=True)
        for forgotten in self._folder().iterdir():
            if forgotten.stat().st_mtime < time.time() - DAY:
                forgotten.unlink(missing_ok=True)
        self._path().write_bytes(data)

    def read(self) -> bytes:
        if not re.fullmatch("[0-9a-f]{32}", self.name) or not self._path().exists():
            raise Http404
        return self._path().read_bytes()

    def remove(self) -> None:
        self._path().unlink(missing_ok=True)

    def _path(self) -> Path:
        return self._folder() / self.name

    def _folder(self) -> Path:
        return Path(settings.VAR) / "uploads"


class Changes(Diff):  # type: ignore[misc]
    """Old and new value of each field, without styles of its own."""

    def as_html(self) -> list[SafeString]:
        pairs = zip(self.left, self.right, strict=True)
        return [_change("" if self.new else old, new) for old, new in pairs]


def _change(old: object, new: object) -> SafeString:
    before, after = str(old or ""), str(new or "")
    if before in ("", after):
        return format_html("{}", after)
    return format_html("<del>{}</del> <ins>{}</ins>", before, after)


class OfficeResource(ModelResource):  # type: ignore[misc]
    """One project's rows out of a table. All faults are found first, then rows are written."""

    def __init__(
        self,
        project: Project | None = None,
        unit: Unit | None = None,
        user: User | None = None,
        notify: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__()
        self.project, self.unit, self.user, self.notify = project, unit, user, notify
        self.rows: list[Values] = []

    def checked(self, table: Table) -> list[Values]:
        """What the rows say. Raises BadInput with every fault."""
        raise NotImplementedError

    def stored(self) -> QuerySet[Any]:
        """All rows of the project, and what tells them apart: `key` of each row's values."""
        raise NotImplementedError

    def visible(self) -> QuerySet[Any]:
        """Those whose existence gives nothing away."""
        return self.stored()

    key: tuple[str, ...] = ()

    def import_data(self, dataset: Lines, dry_run: bool = False, **kwargs: Any) -> Result:
        try:
            self.rows = self.checked(dataset.table)
        except BadInput as error:
            return _refused(error.faults)
        for notice in dataset.table.notices if dry_run and self.notify else []:
            self.notify(notice)  # type: ignore[misc]
        self.known = {tuple(getattr(r, k) for k in self.key): r for r in self.stored()}
        self.open = set(self.visible().values_list("pk", flat=True))
        return super().import_data(dataset, dry_run=dry_run, **kwargs)

    def before_import_row(self, row: Mapping[str, str], **kwargs: Any) -> None:
        self.values = self.rows[kwargs["row_number"] - 1]

    def get_or_init_instance(self, instance_loader: object, row: object) -> tuple[Model, bool]:
        found = self.known.get(tuple(self.values[k] for k in self.key))
        if found is None:
            return self._meta.model(), True
        return found, found.pk not in self.open

    def import_instance(self, instance: Model, row: object, **kwargs: Any) -> None:
        for name, value in self.values.items():
            setattr(instance, name, value)

    def skip_row(self, instance: Model, original: Model, *args: Any, **kwargs: Any) -> bool:
        hidden = instance.pk is not None and instance.pk not in self.open
        return not hidden and super().skip_row(instance, original, *args, **kwargs)

    def before_save_instance(self, instance: Model, row: object, **kwargs: Any) -> None:
        signed.sign(instance, why=f"imported from {kwargs.get('file_name') or 'a file'}")

    def do_instance_save(self, instance: Model, is_create: bool) -> None:
        """A row that is new to the reader may be there."""
        instance.save()

    @classmethod
    def get_diff_class(cls) -> type[Changes]:
        return Changes


def _refused(faults: list[Fault]) -> Result:
    result = Result()
    for fault in faults:
        result.append_base_error(Error(fault))
    return result


class _Meta:
    skip_unchanged = True
    report_skipped = True
    import_id_fields: tuple[str, ...] = ()


class Facts(Field):  # type: ignore[misc]
    """What is known of a case, as a person reads it."""

    def export(self, instance: Case, **kwargs: Any) -> str:
        return "; ".join(f"{name}: {text}" for name, text in sorted(instance.facts.items()))


class CaseResource(OfficeResource):
    """Cases of one unit, in the columns of `import_cases`."""

    parent = Field("parent__key", "parent")
    facts = Facts("facts", "fact.name")
    key = ("key",)

    class Meta(_Meta):
        model = Case
        fields = ("key", "title", "parent", "facts")

    def checked(self, table: Table) -> list[Values]:
        assert self.unit
        known = check_cases(self.unit.project, self.unit, table, CaseColumns())
        return [_case(self.unit, vars(each)) for each in known]

    def stored(self) -> QuerySet[Case]:
        return Case.objects.filter(unit=self.unit).select_related("parent")

    def visible(self) -> QuerySet[Case]:
        return blind.open_cases(self.user).filter(unit=self.unit)

    def before_import_row(self, row: Mapping[str, str], **kwargs: Any) -> None:
        """What the table does not say of a case that is there stays."""
        super().before_import_row(row, **kwargs)
        key = self.values["key"]
        before = self.known.get((key,))
        if before is None or before.pk not in self.open:
            self.values |= {"title": self.values["title"] or key, "rostered": False}
        else:
            self.values["title"] = self.values["title"] or before.title
            self.values["facts"] = before.facts | self.values["facts"]
        self.values["facts"] = filled(self.values["facts"])


def _case(unit: Unit, values: Values) -> Values:
    root = values["parent"].family_id if values["parent"] else None
    return values | {"unit": unit, "root_id": root}


class SourceResource(OfficeResource):
    """The bibliography: citation and url."""

    key = ("citation",)

    class Meta(_Meta):
        model = Source
        fields = ("citation", "url")

    def checked(self, table: Table) -> list[Values]:
        faults = list(faults_of_columns(table, needed=["citation"], known=["citation", "url"]))
        faults += [] if faults else _faults_of_sources(table)
        if faults:
            raise BadInput(faults)
        return [
            {
                "project": self.project,
                "citation": safe(row, "citation", 500)[0],
                "listed": True,
                **({"url": row["url"]} if row["url"] else {}),
            }
            for row in table.rows
        ]

    def stored(self) -> QuerySet[Source]:
        return Source.objects.filter(project=self.project)

    def visible(self) -> QuerySet[Source]:
        assert self.user
        return blind.open_sources(self.user).filter(project=self.project)

    def skip_row(self, instance: Model, original: Model, *args: Any, **kwargs: Any) -> bool:
        was_listed = isinstance(original, Source) and original.listed
        return was_listed and super().skip_row(instance, original, *args, **kwargs)


def _faults_of_sources(table: Table) -> Iterator[Fault]:
    first: dict[str, Row] = {}
    for row in table.rows:
        citation, faults = safe(row, "citation", 500, empty=False)
        yield from faults
        yield from safe(row, "url", 500)[1]
        if citation in first:
            yield row.fault("citation", f"stands on {first[citation].place()} already.")
        first.setdefault(citation, row)
        if row["url"] and not _is_address(row["url"]):
            yield row.fault("url", "is no address: it begins with https://.")


def _is_address(text: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(text)
    except ValidationError:
        return False
    return True


class StateResource(OfficeResource):
    """The state list: one row for each spell of membership."""

    key = ("code", "member_from")
    columns = ("code", "name", "abbreviation", "member_from", "member_until", "region")

    class Meta(_Meta):
        model = State
        fields = ("code", "name", "abbreviation", "member_from", "member_until", "region")

    def checked(self, table: Table) -> list[Values]:
        needed = ["code", "name"]
        faults = list(faults_of_columns(table, needed=needed, known=self.columns))
        faults += [] if faults else _faults_of_states(table)
        if faults:
            raise BadInput(faults)
        return [_state(row) | {"project": self.project} for row in table.rows]

    def stored(self) -> QuerySet[State]:
        return State.objects.filter(project=self.project)


def _state(row: Row) -> Values:
    texts = {name: row[name] for name in ("code", "name", "abbreviation", "region")}
    begins, ends = _day(row["member_from"]), _day(row["member_until"])
    return texts | {"member_from": begins or date(1, 1, 1), "member_until": ends}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _faults_of_states(table: Table) -> Iterator[Fault]:
    longest = {"code": 12, "name": 120, "abbreviation": 8, "region": 80}
    first: dict[tuple[str, str], Row] = {}
    for row in table.rows:
        for name, length in longest.items():
            yield from safe(row, name, length, empty=name not in ("code", "name"))[1]
        if re.search(r"[;,/\s]", row["code"]):
            yield row.fault("code", "holds a space, comma, semicolon or slash.")
        yield from _faults_of_spell(row)
        spell = row["code"], row["member_from"]
        if spell in first:
            yield row.fault("code", f"begins on the same day on {first[spell].place()}.")
        first.setdefault(spell, row)


def _faults_of_spell(row: Row) -> Iterator[Fault]:
    days: dict[str, date | None] = {}
    for name in ("member_from", "member_until"):
        try:
            days[name] = _day(row[name])
        except ValueError:
            yield row.fault(name, "is no day: write 1920-01-10.")
    begins, ends = days.get("member_from"), days.get("member_until")
    if begins and ends and ends < begins:
        yield row.fault("member_until", "lies before member_from.")


class MemberResource(OfficeResource):
    """Who is in the project: user and role. The accounts are there before."""

    user_name = Field("user__username", "user")
    key = ("user_id",)

    class Meta(_Meta):
        model = Member
        fields = ("user_name", "role")
        import_order = ("user_name", "role")

    def checked(self, table: Table) -> list[Values]:
        known = ["user", "role"]
        faults = list(faults_of_columns(table, needed=known, known=known))
        people = {user.username: user for user in User.objects.all()}
        faults += [] if faults else _faults_of_members(table, people)
        if faults:
            raise BadInput(faults)
        return [
            {
                "project": self.project,
                "user": people[row["user"]],
                "user_id": people[row["user"]].pk,
                "role": row["role"],
            }
            for row in table.rows
        ]

    def stored(self) -> QuerySet[Member]:
        return Member.objects.filter(project=self.project).select_related("user")


def _faults_of_members(table: Table, people: Mapping[str, User]) -> Iterator[Fault]:
    first: dict[str, Row] = {}
    for row in table.rows:
        name, role = row["user"], row["role"]
        if name not in people:
            yield row.fault("user", f"has no account.{hint(name, people.keys())}")
        if name in first:
            yield row.fault("user", f"stands on {first[name].place()} already.")
        first.setdefault(name, row)
        if role not in Member.Role.values:
            roles = ", ".join(Member.Role.values)
            yield row.fault("role", f"is no role: write one of {roles}.")
