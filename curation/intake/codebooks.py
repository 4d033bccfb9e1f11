"""A codebook out of its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from coding import codebooks, drafts, publishing
from coding.documents import Document
from coding.drafting import Draft
from coding.errors import Overtaken
from coding.models import Codebook, Project
from coding.publishing import Ruling
from coding.reading import comparison
from coding.reading.comparison import Comparison
from coding.work import Consequence
from curation.faults import BadInput, Fault


@dataclass(frozen=True)
class CodebookReport:
    """What became of a document."""

    project: str
    made_project: bool
    state: str  # unchanged, draft or published
    number: int
    digest: str
    variables: int
    consequences: list[Consequence] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report in words."""
        made = [f"Project {self.project} did not exist and was made."] if self.made_project else []
        said = f"{self.state}, {self.variables} variables, {self.digest}"
        told = [f"  {line}" for line in map(told_of, self.consequences)]
        return [*made, f"Codebook {self.number} of {self.project}: {said}", *told]


def told_of(consequence: Consequence) -> str:
    """What publishing does to one entry, in words."""
    c = consequence
    parts = [
        f"{c.carried} of {c.cells} cells carried by rule" if c.carried or c.queued else "",
        f"{c.queued} to code again" if c.queued else "",
        f"{c.sheets} sheets queued" if c.sheets else "",
        f"{c.unassigned} cases with nobody to ask" if c.unassigned else "",
        f"{c.closed} disputes closed, compared anew" if c.closed else "",
        f"{c.opened} disputes opened, compared anew" if c.opened else "",
    ]
    return f"{c.name}: {', '.join(filter(None, parts)) or 'no cell touched'}"


@transaction.atomic
def import_codebook(
    *,
    slug: str,
    document: Document,
    title: str = "",
    publish: bool = False,
    rulings: Mapping[str, Ruling] | None = None,
    confirmed: bool = False,
) -> CodebookReport:
    """Draft or publish a codebook from its document, making the project if there is none.

    A later version takes the project over to it; what that needs to be told is in `rulings`,
    and `confirmed` lets through what destroys. Raises BadInput with all that is missing.
    """
    project, made = _project(slug, title or str(document["codebook"]["title"]))
    before = codebooks.current(project)
    codebook = codebooks.draft(project=project, document=document)
    unchanged = before is not None and codebook.pk == before.pk
    done: list[Consequence] = []
    if publish and not unchanged:
        _refuse_what_is_missing(codebook, rulings or {}, confirmed)
        done = publishing.publish(
            draft=codebook, by=None, rulings=rulings or {}, confirmed=confirmed
        )
        codebook.refresh_from_db()
    return CodebookReport(
        project=project.slug,
        made_project=made,
        state="unchanged" if unchanged else "published" if publish else "draft",
        number=codebook.number,
        digest=codebook.digest or codebooks.digest_of(codebook),
        variables=codebook.entries.count(),
        consequences=done,
    )


def _refuse_what_is_missing(
    draft: Codebook, rulings: Mapping[str, Ruling], confirmed: bool
) -> None:
    """All that keeps the version from being published, and what publishing it would do."""
    found = publishing.faults(draft, rulings, confirmed=True)
    faults = [Fault(f"variable {n}", "", said) for n, each in found.items() for said in each]
    told = {c.name: told_of(c) for c in publishing.consequences(draft, rulings)}
    for proposal in publishing.proposals(draft) if not confirmed else []:
        ruling = rulings.get(proposal.name, Ruling())
        if proposal.is_destructive(ruling):
            does = told.get(proposal.name, "").partition(": ")[2]
            rule = f"cannot be taken back ({does}): confirm it with --yes, or decide otherwise"
            kind = proposal.ruled(ruling)
            faults.append(Fault(f"variable {proposal.name}", kind, f"{rule} with --rulings FILE."))
    if faults:
        raise BadInput(faults)


def would_change(*, project: Project, document: Document) -> Comparison | None:
    """What the document would change of the current codebook, entry by entry: nothing is written.

    None where there is no codebook to compare it with, or nothing that would change.
    """
    before = codebooks.current(project)
    if before is None:
        return None
    with transaction.atomic():
        try:
            draft = codebooks.draft(project=project, document=document)
            return comparison.compare(before, draft) if draft.pk != before.pk else None
        finally:
            transaction.set_rollback(True)


def draft_stamp(project: Project) -> str:
    """What the draft says now, in a few letters; empty where there is none."""
    draft = Draft.of(project)
    return drafts.whole_stamp(draft) if draft else ""


@transaction.atomic
def replace_draft(*, project: Project, document: Document, note: str, stamp: str) -> Codebook:
    """Make the document the draft, in place of the one that was seen as `stamp` says.

    Refused as Overtaken where somebody has changed that one since.
    """
    Project.objects.select_for_update().get(pk=project.pk)
    if draft_stamp(project) != stamp:
        raise Overtaken("Somebody changed the draft since you read this file.")
    return codebooks.draft(project=project, document=document, note=note)


def _project(slug: str, title: str) -> tuple[Project, bool]:
    if project := Project.objects.filter(slug=slug).first():
        return project, False
    try:
        validate_slug(slug)
    except ValidationError:
        rule = "is no name for a project: letters, digits, hyphens and underscores only."
        raise BadInput([Fault("--project", slug, rule)]) from None
    if len(slug) > 50 or len(title) > 200:
        raise BadInput([Fault("--project", slug, "is too long: 50 characters, title 200.")])
    return Project.objects.create(slug=slug, title=title), True
