"""Releases for tests: cut at once, signed by whoever can, with what no test minds waived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User

from coding.models import Project
from curation import builds
from curation.models import Build, DraftRelease, Release
from curation.releases import Signing, draft, gate, signatures
from curation.releases import cut as cut_signed
from curation.releases.gate import Terms

WAIVED = "No test minds it."


def cut(
    *,
    project: Project,
    version: str,
    by: User | None = None,
    allow_disputes: bool = False,
    waivers: Mapping[str, str] | None = None,
    **more: Any,
) -> Release:
    """A release of what stands there now. Disputes hold it up, unless they are allowed."""
    if waivers is None:
        waivers = {name: WAIVED for name in gate.NAMES if name != "disputes" or allow_disputes}
    terms = Terms(waivers, strict=True)
    signing = signers(project)
    return cut_signed(project=project, version=version, by=by, signing=signing, terms=terms, **more)


def signers(project: Project) -> Signing:
    people = [member.user for member in signatures.signers_of(project)]
    return Signing(people, "" if len(people) > 1 else "A team of one.")


def signed_draft(project: Project, version: str, by: User, notes: str = "") -> DraftRelease:
    """A draft that is built, waived and signed: only to be cut."""
    made = draft.begin(project=project, by=by)
    draft.describe(draft=made, version=version, notes=notes)
    for name in gate.NAMES:
        if name != "disputes":
            draft.waive(draft=made, name=name, reason=WAIVED)
    made.refresh_from_db()
    made = draft.build(draft=made)
    for user in signers(project).signers:
        draft.sign(draft=made, digest=made.digest, by=user)
    return made


def ask_to_cut(project: Project, version: str, by: User) -> Build:
    made = signed_draft(project, version, by)
    said = {"draft": made.pk, "version": version}
    return builds.ask(project=project, kind="release", arguments=said, by=by)
