"""Who stands for a release: a curator and a second person, by the digest of what they looked at.

The digest is that of the manifest without this file: whoever has the release can work it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import User

from coding import access
from coding.errors import Refused
from coding.models import Member, Project
from curation import store
from curation.releases import evidence
from curation.releases.csvfile import CsvFile, File
from curation.releases.manifest import Manifest
from curation.releases.standalone import SIGNATURES, rows_of

OPERATOR = "whoever runs the server"


@dataclass(frozen=True)
class Signed:
    """A line of the file: people by the names that the other files give them."""

    signer: str
    role: str
    signed_at: str
    digest: str
    instead: str = ""  # why there is no second person

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.signed_at)


@dataclass(frozen=True)
class Signing:
    """Who signs, and why nobody else does where one person is all."""

    signers: Sequence[User] = ()
    alone: str = ""


# ------------------------------------------------------------------ the rule


def signers_of(project: Project) -> list[Member]:
    """Who may sign: people who may look at a release before it is cut."""
    people = project.members.filter(role__in=access.ADJUDICATORS, kind=Member.Kind.PERSON)
    return list(people.filter(user__is_active=True).select_related("user").order_by("user"))


def lacking(project: Project, signing: Signing) -> str:
    """What keeps these signatures from being enough; empty where they are."""
    members = {member.user_id: member for member in signers_of(project)}
    signed = {user.pk for user in signing.signers}
    for user in signing.signers:
        if user.pk not in members:
            return f"{user} may not sign: only curators and adjudicators of the project do."
    curators = {pk for pk, member in members.items() if member.role in access.CURATORS}
    if curators and not signed & curators:
        return "A curator has to sign."
    others = [str(member.user) for pk, member in members.items() if pk not in signed]
    if len(signed) > 1:
        return ""
    if others:
        return f"A second person has to sign. Who could: {', '.join(others)}."
    return "" if signing.alone.strip() else "Say why no second person signs: the release prints it."


def refuse(project: Project, signing: Signing) -> None:
    if why := lacking(project, signing):
        raise Refused(f"No release was cut. {why}")


# ------------------------------------------------------------------ the file


def given(project: Project, signing: Signing, digest: str, at: datetime) -> list[Signed]:
    """What is signed now, all of it at once."""
    alone = signing.alone if len(set(signing.signers)) < 2 else ""
    if not signing.signers:
        return [Signed(OPERATOR, "", written(at), digest, line(alone))]
    found = dict.fromkeys(signing.signers)
    return [line_of(project, user, digest, at, alone) for user in found]


def line_of(project: Project, user: User, digest: str, at: datetime, instead: str) -> Signed:
    role = project.members.get(user=user).role
    return Signed(evidence.pseudonyms(project)[user.pk], role, written(at), digest, line(instead))


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def line(text: str) -> str:
    return " ".join(text.split())


def file_of(signed: Sequence[Signed]) -> File:
    with store.draft() as draft:
        table = CsvFile(SIGNATURES, list(Signed.__dataclass_fields__), draft)
        table.write([astuple(each) for each in signed])
        return table.keep()


def read(manifest: Manifest) -> list[Signed]:
    """Who signed a release; nobody did before there were signatures."""
    file = manifest.file(SIGNATURES)
    return list(_rows(file)) if file else []


def _rows(file: File) -> Iterator[Signed]:
    with store.opened(file.sha256) as data:
        rows = rows_of(data)
        next(rows)
        yield from (Signed(*row) for row in rows)
