"""Cutting a release: the data set of one moment, written file by file into the store.

Files first, row last: what breaks off leaves files without a name, never a release without
files. Cases are read a few hundred at a time, so that memory does not grow with the data.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from coding import blind, codebooks, documents
from coding.documents import Document
from coding.errors import Refused
from coding.models import Codebook, Coding, Project
from curation import store
from curation.models import Release
from curation.progress import UNWATCHED, Progress
from curation.releases import (
    changelist,
    designs,
    errata,
    evidence,
    formats,
    formulas,
    gate,
    long,
    manual,
    oversight,
    proof,
    provenance,
    readme,
    reliability,
    riskset,
    signatures,
    uncertainty,
    versions,
    votes,
    wide,
    withholding,
)
from curation.releases import codebook as codebook_files
from curation.releases.csvfile import CsvFile, Field, File
from curation.releases.evidence import Opened
from curation.releases.extent import Table, disputes_in, tables_of
from curation.releases.gate import Terms
from curation.releases.manifest import Before, Book, Early, Manifest, Withheld
from curation.releases.past import Past
from curation.releases.signatures import Signed, Signing
from curation.releases.universe import Row
from curation.snapshot import snapshot

CASES_AT_ONCE = 500
LENIENT, STRICT = Terms(), Terms(strict=True)


@dataclass(frozen=True)
class Frozen:
    """The bytes of a release, in the store already; only its row is missing."""

    codebook: Codebook
    previous: Release | None
    manifest: Manifest
    digest: str
    fixes: tuple[int, ...] = ()  # numbers of errata whose cells have another value now


def cut(
    *,
    project: Project,
    version: str,
    signing: Signing,
    by: User | None = None,
    notes: str = "",
    terms: Terms = STRICT,
    progress: Progress = UNWATCHED,
) -> Release:
    """Freeze the data set as it stands now. Refused while a condition is neither met nor waived,
    or who must sign has not signed.

    Those who sign do so for whatever stands there: what is looked at before is a draft.
    """
    moment, notes = timezone.now(), plain(notes)
    signatures.refuse(project, signing)
    frozen = freeze_now(project, version, notes=notes, terms=terms, progress=progress)
    signed = signatures.given(project, signing, frozen.digest, moment)
    with progress.finishing():
        return register(project, sealed(frozen, signed), moment=moment, by=by, notes=notes)


def plain(notes: str) -> str:
    return "\n".join(notes.split("\r\n")).strip()


def freeze_now(
    project: Project, version: str, *, notes: str, terms: Terms, progress: Progress = UNWATCHED
) -> Frozen:
    """All of one moment of the database. Refused where the store cannot keep it."""
    try:
        with snapshot():
            return freeze(project, version, notes=notes, terms=terms, progress=progress)
    except store.StoreError as error:
        raise Refused(f"No release was cut. {error}") from error


def sealed(frozen: Frozen, signed: Sequence[Signed]) -> Frozen:
    """With the file that says who signed; all other bytes are those that were signed."""
    files = (*frozen.manifest.files, signatures.file_of(signed))
    manifest = replace(frozen.manifest, files=files)
    return replace(frozen, manifest=manifest, digest=store.put(manifest.written()).sha256)


@transaction.atomic
def register(
    project: Project, frozen: Frozen, *, moment: datetime, by: User | None, notes: str
) -> Release:
    """The row that makes it a release, unless another was cut while this one was read."""
    Project.objects.select_for_update().get(pk=project.pk)
    last = versions.last_of(project)
    if last != frozen.previous:
        raise Refused(f"{last} was cut meanwhile: look at it before you cut another.")
    release = Release.objects.create(
        project=project,
        version=frozen.manifest.version,
        codebook=frozen.codebook,
        previous=frozen.previous,
        digest=frozen.digest,
        manifest=frozen.manifest.plain(),
        notes=notes,
        released_by=by,
        released_at=moment,
    )
    errata.mark_fixed(release, frozen.fixes)
    return release


def freeze(
    project: Project,
    version: str,
    *,
    notes: str = "",
    terms: Terms = LENIENT,
    progress: Progress = UNWATCHED,
) -> Frozen:
    """Write every file of the release into the store. The same state gives the same bytes.

    Under lenient terms it may be looked at and not be released, whatever it does not meet.
    """
    last = versions.last_of(project)
    if fault := versions.problem(version, last):
        raise Refused(fault)
    codebook = codebooks.current_or_refused(project)
    if codebooks.digest_of(codebook) != codebook.digest:
        raise Refused(
            f"Codebook {codebook.number} is no longer what was published: its digest differs. "
            "Nothing can be released under it."
        )
    tables = tables_of(project, codebook)
    disputes = disputes_in(project, tables)
    gate.early(project, disputes.total(), gate.asked(terms))
    told = Told(version, evidence.pseudonyms(project), withholding.wished(project))
    files, uncited = _data_files(project, codebook, tables, told, progress)
    files += designs.files_of(project, told.names)
    report = reliability.report_of(project)
    files += reliability.files_of(report, told.withheld)
    files += riskset.files_of(project, codebook, codebooks.entries(codebook), files)
    fixes = errata.fixed_by(project, files)
    files += errata.files_of(project, fixes, version)
    files += proof.files_of(files, [table.unit.name for table in tables])
    files += uncertainty.files_of(files, codebooks.entries(codebook), project.slug)
    files += votes.files_of(project, codebooks.entries(codebook), told.names, told.withheld)
    files += changelist.files_of(project, last, codebook, files, version)
    files += manual.files_of(codebook)
    files += formulas.files_of(files)
    rows = [(table.unit.name, table.rows) for table in tables]
    rosters = partial(gate.table_among, files)
    seen = gate.Seen(codebook, disputes.total(), uncited, report.figures, rows, rosters)
    manifest = Manifest(
        project=project.slug,
        title=project.title,
        version=version,
        codebook=Book(codebook.number, codebook.title, codebook.digest),
        previous=Before(last.version, last.digest) if last else None,
        units=tuple(table.counts() for table in tables),
        opened_early=tuple(_opened_early(project)),
        oversight=oversight.oversight_of(project, told.names),
        withheld=told.left_out(),
        gate=gate.passed(project, seen, terms),
        files=tuple(files),
    )
    document = codebooks.document_of(codebook)
    states = codebooks.states_of(project.pk)
    files += formats.files_of(document, files, states, f"{project.title} {version}")
    manifest = replace(manifest, files=tuple(files))
    files += _papers(manifest, document, notes, states)
    manifest = replace(manifest, files=tuple(files))
    digest = store.put(manifest.written()).sha256
    return Frozen(codebook, last, manifest, digest, tuple(each.number for each in fixes))


def _opened_early(project: Project) -> Iterator[Early]:
    cases = blind.released_cases(project).values("pk")
    opened = Coding.objects.filter(case__in=cases).exclude(unblind_reason="").order_by()
    columns = ("case__key", "case__root__key", "unblind_reason")
    found = {(root or key, reason) for key, root, reason in opened.values_list(*columns)}
    return (Early(case, reason) for case, reason in sorted(found))


# ------------------------------------------------------------------ the files


def _data_files(
    project: Project, codebook: Codebook, tables: list[Table], told: Told, progress: Progress
) -> tuple[list[File], Counter[str]]:
    of, done = sum(len(t.rows) for t in tables), 0
    with ExitStack() as drafts, uncollected(), Past(versions.last_of(project)) as past:
        traces = provenance.Traces(project, told.names, told.version, drafts)
        cells = CsvFile("cells.csv", long.CELLS, drafts.enter_context(store.draft()))
        codings = CsvFile("codings.csv", long.CODINGS, drafts.enter_context(store.draft()))
        wides = []
        for table in tables:
            headings = wide.headings(table.unit, table.columns)
            draft = drafts.enter_context(store.draft())
            wides.append(CsvFile(f"{table.unit.name}.csv", headings, draft))
            for start in range(0, len(table.rows), CASES_AT_ONCE):
                progress.tell(done, of, f"Writing {table.unit.label.lower()} rows")
                rows = table.rows[start : start + CASES_AT_ONCE]
                block = _block(codebook, table, rows, told, past, traces)
                for file, lines in zip((wides[-1], cells, codings), block, strict=True):
                    file.write(lines)
                done += len(rows)
        progress.tell(of, of, "Writing what goes with them")
        files = [file.keep() for file in (*wides, cells, codings)]
        return files + traces.keep(), traces.uncited


@contextmanager
def uncollected() -> Iterator[None]:
    """Rows hold no circles: to look for them, every 700 rows, is 2 seconds of 5."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


Lines = list[Sequence[Field]]


@dataclass(frozen=True)
class Told:
    """How a release tells of people: by which names, and of whom it is silent."""

    version: str
    names: Mapping[int, str]
    withheld: frozenset[int] = frozenset()
    silent: Counter[str] = field(default_factory=Counter)  # values left out, by coder

    def parted(self, opened: Sequence[Opened]) -> tuple[list[Opened], list[Opened]]:
        """The codings that are told, and those that are only counted."""
        names = {self.names.get(coder) for coder in self.withheld}
        left = [coding for coding in opened if coding.coder in names]
        self.silent.update({coding.coder: len(coding.said) for coding in left})
        return [coding for coding in opened if coding.coder not in names], left

    def left_out(self) -> Withheld | None:
        return Withheld(len(self.silent), self.silent.total()) if self.silent else None


def _block(
    codebook: Codebook,
    table: Table,
    rows: list[Row],
    told: Told,
    past: Past,
    traces: provenance.Traces,
) -> tuple[Lines, Lines, Lines]:
    """The lines of a few cases for the wide table, cells.csv and codings.csv."""
    pks = [row.pk for row in rows]
    all_cells = evidence.cells_of(traces.project, pks)
    all_opened = evidence.opened_of(pks, told.names)
    traces.look_up(pks)
    wide_lines: Lines = []
    cell_lines: Lines = []
    coding_lines: Lines = []
    for row in rows:
        place = (table.unit.name, row.key)
        cells, opened = all_cells.get(row.pk, {}), all_opened.get(row.pk, [])
        wide_lines.append(wide.row(row, table.columns, cells))
        release = (codebook.number, told.version, past.of(*place))
        cell_lines += long.cell_rows(place, table.columns, cells, opened, *release)
        shown, left = told.parted(opened) if told.withheld else (opened, [])
        coding_lines += long.coding_rows(place, table.columns, shown)
        traces.add(table.unit, row, table.columns, cells, (shown, left))
    table.statuses.update(str(line[long.STATUS]) for line in cell_lines)
    return wide_lines, cell_lines, coding_lines


def _papers(
    manifest: Manifest, document: Document, notes: str, states: Mapping[str, str]
) -> list[File]:
    """What is there to be read: the codebook twice, and the README."""
    missing = {str(m["code"]): m["label"] for m in document["codebook"]["missing_codes"]}
    papers = {
        "codebook.json": documents.canonical(document),
        "codebook.md": codebook_files.markdown(document).encode(),
        "README.md": readme.markdown(manifest, notes, missing).encode(),
        **formats.described(document, manifest, states),
    }
    kept = {name: store.put(data) for name, data in papers.items()}
    return [File(name, found.sha256, found.bytes) for name, found in kept.items()]
