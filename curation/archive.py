"""A whole project as one file: a zip of JSON Lines and of the bytes of its releases.

It holds closed codings, too: it is for who runs the server, not for who codes. The same project
gives the same bytes, from whatever database, so that export after import changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import Any, BinaryIO, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Model

from coding.errors import Refused
from coding.models import Project
from coding.work import restore, whole
from coding.work.whole import Numbers, Plain, Table
from curation import store
from curation.models import (
    Deposit,
    DraftRelease,
    Erratum,
    Publication,
    Release,
    Signature,
    StudyRun,
    Withdrawal,
    Withholding,
)
from curation.releases.verify import problems
from curation.snapshot import snapshot

INDEX = "archive.json"
FORMAT = "casebook-project-1"
LARGEST_MB = 2_000
LONGEST_LINE = 16 * 2**20
LARGEST_INDEX = 16 * 2**20
SHORTEST_ROW = 20
EPOCH = (1980, 1, 1, 0, 0, 0)
# What stands beside the coding, with the way from a row to its project.
HERE: dict[str, tuple[type[Model], str]] = {
    "releases": (Release, "project"),
    "publications": (Publication, "project"),
    "withdrawals": (Withdrawal, "release__project"),
    "deposits": (Deposit, "release__project"),
    "errata": (Erratum, "project"),
    "withholdings": (Withholding, "project"),
    "draft_releases": (DraftRelease, "project"),
    "signatures": (Signature, "draft__project"),
    "studies": (StudyRun, "release__project"),
}
MODELS: dict[str, type[Model]] = {
    **whole.MODELS,
    **{name: model for name, (model, _) in HERE.items()},
}
TABLES = {
    f"{name}{part}.jsonl"
    for name, model in MODELS.items()
    for part in ("", ".past")
    if not part or whole.past_of(model)
}


def _tables_here(project: Project) -> Iterator[Table]:
    for name, (model, way) in HERE.items():
        rows = model._default_manager.filter(**{way: project}).order_by("pk")
        history = whole.past_of(model)
        past = history._default_manager.filter(**{way: project}) if history else None
        yield Table(name, rows, past.order_by("history_id") if past is not None else None)


# ------------------------------------------------------------------ out


@dataclass(frozen=True)
class Written:
    """What an archive holds: rows by table, files of releases, people."""

    rows: dict[str, int]
    files: int
    accounts: int
    bytes: int


def export(project: Project, path: Path) -> Written:
    """Write the project as it is at this moment. A file that is there is not overwritten."""
    if path.exists():
        raise Refused(f"{path} exists already: choose another name, or move it away.")
    handle, name = mkstemp(dir=path.parent, prefix=".archive-")  # readable by its owner only
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, snapshot():
            found = _write(project, file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except (OSError, store.StoreError) as error:
        raise Refused(f"The archive could not be written. {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return found


def _write(project: Project, file: BinaryIO) -> Written:
    tables = [*whole.tables(project), *_tables_here(project)]
    numbers = Numbers(tables)
    accounts = dict(User.objects.values_list("pk", "username"))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        writer = _Writer(archive)
        rows = dict(_write_tables(writer, tables, numbers, accounts))
        kept = sorted(_bytes_of(project))
        for digest in kept:
            with store.opened(digest) as data:
                writer.add(f"store/{digest}", iter(lambda: data.read(store.CHUNK), b""))
        index = {
            "format": FORMAT,
            "slug": project.slug,
            "accounts": sorted(writer.people),
            "numbers": numbers.counts(),
            "members": writer.members,
        }
        writer.add(INDEX, [_json(index, indent=1)])
    return Written(rows, len(kept), len(writer.people), file.tell())


def _write_tables(
    writer: _Writer, tables: Iterable[Table], numbers: Numbers, accounts: Mapping[int, str]
) -> Iterator[tuple[str, int]]:
    for table in tables:
        for part, rows in (("", table.rows), (".past", table.past)):
            if rows is not None:
                name = f"{table.name}{part}"
                plain = whole.plain_rows(rows, numbers, accounts)
                yield name, writer.add_rows(f"{name}.jsonl", plain, whole.people_in(rows.model))


def _bytes_of(project: Project) -> set[str]:
    """What the store holds of the project's releases."""
    found = set()
    for release in Release.objects.filter(project=project):
        found |= {release.digest, *(file["sha256"] for file in release.manifest["files"])}
    return found


def _json(content: object, indent: int | None = None) -> bytes:
    separators = None if indent else (",", ":")
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, indent=indent, separators=separators
    )
    return f"{text}\n".encode()


class _Writer:
    """Members of a zip without clock or machine in them, hashed on the way."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive, self.people = archive, set[str]()
        self.members: dict[str, dict[str, object]] = {}

    def add(self, name: str, chunks: Iterable[bytes]) -> None:
        member = zipfile.ZipInfo(name, EPOCH)
        member.compress_type, member.create_system = zipfile.ZIP_DEFLATED, 3
        member.external_attr = 0o600 << 16
        size, digest = 0, hashlib.sha256()
        with self.archive.open(member, "w", force_zip64=True) as out:
            for chunk in chunks:
                out.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.members[name] = {"bytes": size, "sha256": digest.hexdigest()}

    def add_rows(self, name: str, rows: Iterable[Plain], people: list[str]) -> int:
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for count, row in enumerate(rows, 1):  # noqa: B007 - it is what we give back
                self.people.update(row[field] for field in people if row[field])
                yield _json(row)

        self.add(name, lines())
        return count


# ------------------------------------------------------------------ in


class BadArchive(Exception):
    """The file is no archive of a project, or is not what it was. Nothing was written."""


def bring_in(path: Path, *, slug: str = "", largest_mb: int = LARGEST_MB) -> Project:
    """Make the project of an archive here, under its own name or another: all of it or nothing.

    Raises BadArchive in words, or Refused where the name is taken.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            reader = _Reader(archive, largest_mb)
            wanted = _free_slug(slug or reader.index["slug"])
            with transaction.atomic():
                return _restore(reader, wanted)
    except (restore.Unfit, store.StoreError) as error:
        raise BadArchive(str(error)) from error
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadArchive(f"It is damaged, or no zip at all: {error}") from error


def _free_slug(slug: str) -> str:
    try:
        validate_slug(slug)
    except ValidationError as error:
        raise BadArchive(f"“{slug[:50]}” cannot name a project: {error.messages[0]}") from error
    if Project.objects.filter(slug=slug).exists():
        raise Refused(f"There is a project {slug} already: give the other one a name with --slug.")
    return slug


def _restore(reader: _Reader, slug: str) -> Project:
    for digest in reader.kept:
        reader.store(digest)
    restored = restore.Restored(
        reader.rows, reader.index["numbers"], _accounts(reader.index["accounts"]), slug
    )
    project = restored.write()
    for name, (model, _) in HERE.items():
        restored.adopt(name, model, reader.index["numbers"][name])
    restored.check()
    if _bytes_of(project) != reader.kept:
        raise BadArchive("It holds other files than its releases name.")
    for release in Release.objects.filter(project=project).order_by("pk"):
        for problem in problems(release):
            raise BadArchive(f"Release {release.version}: {problem}")
    return project


def _accounts(names: Iterable[str]) -> dict[str, User]:
    try:
        return restore.accounts_for(names)
    except ValidationError as error:
        raise BadArchive(f"An account cannot be made: {' '.join(error.messages)}") from error


class _Reader:
    """An archive, trusted in nothing: every name, size and hash is checked."""

    def __init__(self, archive: zipfile.ZipFile, largest_mb: int) -> None:
        self.archive = archive
        found = archive.infolist()
        names = [member.filename for member in found]
        if len(set(names)) != len(names):
            raise BadArchive("It holds two members of one name.")
        size = sum(member.file_size for member in found)
        if size > largest_mb * 2**20:
            raise BadArchive(
                f"It would unpack to {size // 2**20} MB, more than the {largest_mb} MB allowed: "
                "say --largest-mb if you trust it."
            )
        if INDEX not in names:
            raise BadArchive(f"It holds no {INDEX}: it is no archive of a project.")
        self.index = self._index(size)
        self.members: dict[str, dict[str, Any]] = self.index["members"]
        self._check_names(set(names) - {INDEX})
        self.kept = {name.removeprefix("store/") for name in names if name.startswith("store/")}

    def _index(self, size: int) -> dict[str, Any]:
        with self._opened(INDEX) as member:
            index: dict[str, Any] = _parsed(member.read(LARGEST_INDEX), INDEX)
        with suppress(KeyError, TypeError, AttributeError, ValueError):
            if index["format"] != FORMAT:
                raise BadArchive(f"It is of the kind {str(index['format'])[:50]}, not {FORMAT}.")
            if _is_index(index, size // SHORTEST_ROW):
                return index
        raise BadArchive(f"{INDEX} is not what an archive of a project says of itself.")

    def _check_names(self, names: set[str]) -> None:
        odd = {name for name in names if name not in TABLES and not KEPT.fullmatch(name)}
        for name in sorted(odd):
            raise BadArchive(f"“{name[:80]}” has no place in an archive of a project.")
        for name in sorted(names ^ set(self.members)):
            raise BadArchive(f"{name[:80]} is either not there or not listed in {INDEX}.")
        for name in sorted(TABLES - names):
            raise BadArchive(f"{name} is missing.")

    def rows(self, name: str) -> Iterator[Plain]:
        """The rows of a table; only what is as long and has the hash that was said is a table."""
        full, digest, size = f"{name}.jsonl", hashlib.sha256(), 0
        with self._opened(full) as member:
            while line := member.readline(LONGEST_LINE):
                digest.update(line)
                size += len(line)
                row = _parsed(line, full)
                if not isinstance(row, dict):
                    raise BadArchive(f"{full}: a line is no row.")
                yield row
        self._check(full, digest.hexdigest(), size)

    def store(self, digest: str) -> None:
        name = f"store/{digest}"
        with self._opened(name) as member:
            kept = store.put(member)
        self._check(name, kept.sha256, kept.bytes)
        if kept.sha256 != digest:
            raise BadArchive(f"{name} has another hash than its name.")

    def _opened(self, name: str) -> BinaryIO:
        if self.archive.getinfo(name).flag_bits & 1:
            raise BadArchive(f"{name} is encrypted.")
        return cast("BinaryIO", self.archive.open(name))

    def _check(self, name: str, digest: str, size: int) -> None:
        if (digest, size) != (self.members[name]["sha256"], self.members[name]["bytes"]):
            raise BadArchive(f"{name} is damaged: {INDEX} tells of another size or hash.")


KEPT = re.compile(r"store/[0-9a-f]{64}")


def _is_index(index: dict[str, Any], most: int) -> bool:
    """Of the right shape, and telling of no more rows than there can be."""
    return (
        isinstance(index["slug"], str)
        and all(isinstance(name, str) for name in index["accounts"])
        and set(index["numbers"]) == set(MODELS)
        and all(type(n) is int and 0 <= n <= most for n in index["numbers"].values())
        and all(set(m) == {"bytes", "sha256"} for m in index["members"].values())
    )


def _parsed(written: bytes, name: str) -> Any:
    try:
        return json.loads(written)
    except (ValueError, RecursionError) as error:
        raise BadArchive(f"{name} holds a line that is no JSON: {error}") from error
