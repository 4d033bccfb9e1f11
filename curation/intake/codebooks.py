"""A codebook out of its document."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction

from coding import codebooks
from coding.documents import Document
from coding.models import Project
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

    def lines(self) -> list[str]:
        """The report in words."""
        made = [f"Project {self.project} did not exist and was made."] if self.made_project else []
        said = f"{self.state}, {self.variables} variables, {self.digest}"
        return [*made, f"Codebook {self.number} of {self.project}: {said}"]


@transaction.atomic
def import_codebook(
    *, slug: str, document: Document, title: str = "", publish: bool = False
) -> CodebookReport:
    """Draft or publish a codebook from its document, making the project if there is none."""
    project, made = _project(slug, title or str(document["codebook"]["title"]))
    before = codebooks.current(project)
    codebook = codebooks.draft(project=project, document=document)
    unchanged = before is not None and codebook.pk == before.pk
    if publish and not unchanged:
        codebook = codebooks.publish(codebook=codebook)
    return CodebookReport(
        project=project.slug,
        made_project=made,
        state="unchanged" if unchanged else "published" if publish else "draft",
        number=codebook.number,
        digest=codebook.digest or codebooks.digest_of(codebook),
        variables=codebook.entries.count(),
    )


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
