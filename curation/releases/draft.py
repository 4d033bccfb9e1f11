"""A draft release: built and looked at before it is cut, in no chain, never public.

It is the row that says what the next release shall be: version, notes, waivers. What was built of
it is named by the digest of its manifest, and that is what people sign. When it is cut, the state
is frozen once more: where another digest comes out, nothing is cut, and who signed the old one has
not signed the new.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from coding.errors import Refused
from coding.models import Project
from curation import store
from curation.models import Build, DraftRelease, Release, Signature
from curation.progress import UNWATCHED, Progress
from curation.releases import changes, gate, signatures, versions
from curation.releases import manifest as manifests
from curation.releases.changes import Change
from curation.releases.compare import propose
from curation.releases.cut import Frozen, freeze_now, plain, register, sealed
from curation.releases.gate import Gate, Terms
from curation.releases.manifest import Manifest
from curation.releases.signatures import Signing

State = DraftRelease.State


# ------------------------------------------------------------------ what it shall be


def current(project: Project) -> DraftRelease | None:
    return project.draft_releases.filter(state=State.OPEN).first()


def last_build(project: Project) -> Build | None:
    return project.builds.filter(kind__in=("draft", "release")).first()


def begin(*, project: Project, by: User) -> DraftRelease:
    """The one open draft of the project, or a new one with the version that is proposed."""
    if found := current(project):
        return found
    last = versions.last_of(project)
    version = propose(project).version or versions.next_after(str(last and last.version), "patch")
    found, _ = DraftRelease.objects.get_or_create(
        project=project, state=State.OPEN, defaults={"version": version, "by": by}
    )
    return found


@transaction.atomic
def describe(*, draft: DraftRelease, version: str, notes: str) -> DraftRelease:
    """Say its version and notes. What was built under others is no longer this draft."""
    found = _open(draft)
    if fault := versions.problem(version, versions.last_of(found.project)):
        raise Refused(fault)
    said = (version, plain(notes))
    if said != (found.version, found.notes):
        found.version, found.notes = said
        _to_be_built(found)
    return found


@transaction.atomic
def waive(*, draft: DraftRelease, name: str, reason: str) -> DraftRelease:
    """Let it be cut though it does not meet a condition; without a reason, take that back."""
    found = _open(draft)
    waivers = {key: said for key, said in found.waivers.items() if key != name}
    if reason.strip():
        waivers[name] = signatures.line(reason)
    gate.asked(Terms(waivers))
    if waivers != found.waivers:
        found.waivers = waivers
        _to_be_built(found)
    return found


@transaction.atomic
def discard(*, draft: DraftRelease) -> DraftRelease:
    found = _open(draft)
    found.state = State.DISCARDED
    found.save()
    return found


def _open(draft: DraftRelease) -> DraftRelease:
    found = DraftRelease.objects.select_for_update().select_related("project").get(pk=draft.pk)
    if found.state != State.OPEN:
        raise Refused(f"The draft of {found.version} was {found.state} meanwhile.")
    return found


def _to_be_built(draft: DraftRelease) -> None:
    draft.built_at = None
    draft.save()


# ------------------------------------------------------------------ building it


def build(*, draft: DraftRelease, progress: Progress = UNWATCHED) -> DraftRelease:
    """Write all its files. It counts as built only if nobody said something else meanwhile."""
    frozen = _frozen(draft, progress)
    with progress.finishing():
        return _built(_same(draft), frozen)


def _same(draft: DraftRelease) -> DraftRelease:
    found = _open(draft)
    if _said(found) != _said(draft):
        raise Refused("Its version, notes or waivers were changed meanwhile: build it again.")
    return found


def _frozen(draft: DraftRelease, progress: Progress) -> Frozen:
    terms = Terms(draft.waivers)
    return freeze_now(
        draft.project, draft.version, notes=draft.notes, terms=terms, progress=progress
    )


def _said(draft: DraftRelease) -> tuple[object, ...]:
    return draft.version, draft.notes, draft.waivers


def _built(draft: DraftRelease, frozen: Frozen) -> DraftRelease:
    draft.digest, draft.manifest = frozen.digest, frozen.manifest.plain()
    draft.built_at = timezone.now()
    draft.save()
    return draft


# ------------------------------------------------------------------ signing it


@transaction.atomic
def sign(*, draft: DraftRelease, digest: str, by: User, instead: str = "") -> Signature:
    """Stand for what was built, named by its digest. Twice is once.

    instead: why there is no second person; for who is the only one.
    """
    found = _open(draft)
    if not found.built_at or found.digest != digest:
        raise Refused("It was changed or built again meanwhile: look at what there is now.")
    members = {member.user_id: member for member in signatures.signers_of(found.project)}
    if by.pk not in members:
        raise Refused("Only curators and adjudicators of the project sign.")
    if instead and len(members) > 1:
        raise Refused("There is somebody else who can sign: ask them.")
    said = {"by": by, "digest": digest, "instead": signatures.line(instead)}
    return found.signatures.filter(**said).first() or found.signatures.create(**said)


def standing(draft: DraftRelease) -> list[Signature]:
    """Signatures of what was built last, by who may sign still. Others have lapsed."""
    if not draft.built_at:
        return []
    able = [member.user_id for member in signatures.signers_of(draft.project)]
    return list(draft.signatures.filter(digest=draft.digest, by__in=able).select_related("by"))


def lacking(draft: DraftRelease) -> str:
    """What it lacks to be cut, apart from its conditions; empty where it lacks nothing."""
    if not draft.built_at:
        return "It is not built as it now stands."
    signed = standing(draft)
    alone = next((each.instead for each in signed if each.instead), "")
    return signatures.lacking(draft.project, Signing([each.by for each in signed], alone))


# ------------------------------------------------------------------ cutting it


def refuse(draft: DraftRelease) -> None:
    """What a cut would be refused for after a while is refused at once."""
    if why := lacking(draft):
        raise Refused(f"No release was cut. {why}")
    found = gate_of(draft)
    if found:
        gate.refuse(draft.project, found)


def cut(
    *, draft: DraftRelease, by: User | None, progress: Progress = UNWATCHED
) -> Release | DraftRelease:
    """Freeze the state again: the release where it is what was signed, else the draft of today."""
    refuse(draft)
    moment = timezone.now()
    frozen = _frozen(draft, progress)
    with progress.finishing():
        found = _same(draft)
        if frozen.digest != found.digest:
            return _built(found, frozen)
        refuse(found)
        release = register(
            found.project, sealed(frozen, _lines(found)), moment=moment, by=by, notes=found.notes
        )
        found.state = State.CUT
        found.save()
        return release


def _lines(draft: DraftRelease) -> Sequence[signatures.Signed]:
    return [
        signatures.line_of(draft.project, each.by, each.digest, each.at, each.instead)
        for each in standing(draft)
    ]


# ------------------------------------------------------------------ looking at it


def manifest_of(draft: DraftRelease) -> Manifest | None:
    return manifests.read(draft.manifest) if draft.manifest else None


def gate_of(draft: DraftRelease) -> Gate | None:
    found = manifest_of(draft)
    return found.gate if found else None


@dataclass(frozen=True)
class Lapsed:
    """Signatures of something that was built before, and what is otherwise now."""

    signed: Sequence[Signature]
    changes: Sequence[Change]
    files: Sequence[str]


def lapsed(draft: DraftRelease) -> Lapsed | None:
    """The newest build that somebody signed, beside what was built last."""
    old = list(draft.signatures.exclude(digest=draft.digest).select_related("by").order_by("-pk"))
    now = manifest_of(draft)
    if not old or now is None:
        return None
    digest = old[0].digest
    before = _signed_manifest(digest)
    signed = [each for each in reversed(old) if each.digest == digest]
    if before is None:
        return Lapsed(signed, (), ())
    return Lapsed(signed, changes.between(before, now), _other_files(before, now))


def _signed_manifest(digest: str) -> Manifest | None:
    try:
        return manifests.read(json.loads(store.get(digest)))
    except store.StoreError:  # after a move, drafts are to be built again
        return None


def _other_files(before: Manifest, now: Manifest) -> list[str]:
    """Files that came, went or have other bytes."""
    old = {file.name: file.sha256 for file in before.files}
    new = {file.name: file.sha256 for file in now.files}
    return [name for name in {**new, **old} if old.get(name) != new.get(name)]
