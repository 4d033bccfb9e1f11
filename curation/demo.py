"""The people of the demonstration, and the one password that they share."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from coding.models import Member, Project
from curation.assignments import assign_cases
from curation.first_project import DEMO_WORKLIST

Role = Member.Role
CODERS = ("coder-1", "coder-2")
PEOPLE = {
    "coder-1": Role.CODER,
    "coder-2": Role.CODER,
    "adjudicator": Role.ADJUDICATOR,
    "curator": Role.CURATOR,
    "reader": Role.READER,
}
ADMIN = "admin"  # for the back office; no member, so no part of the research


@dataclass(frozen=True)
class SignIn:
    """A name to sign in with, and what waits behind it."""

    name: str
    role: str
    waiting: str


SIGN_INS = (
    SignIn("coder-1", "coder", f"{len(DEMO_WORKLIST)} interventions to code, blind to coder-2"),
    SignIn("coder-2", "coder", "the same interventions, blind to coder-1"),
    SignIn("adjudicator", "adjudicator", "the disputes between three data sets"),
    SignIn("curator", "curator", "everything that is open, and the first release"),
    SignIn("reader", "reader", "codebook and releases"),
    SignIn(ADMIN, "administrator", "the back office, at /admin/"),
)


def are_there(project: Project) -> bool:
    """Were the people of the demonstration made before?"""
    return Member.objects.filter(project=project, user__username__in=PEOPLE).exists()


def make_people(project: Project) -> None:
    """Accounts and memberships. An account of the same name that is there keeps its password."""
    secret = password()
    for name, role in PEOPLE.items():
        user = User.objects.filter(username=name).first()
        user = user or User.objects.create_user(name, password=secret)
        Member.objects.create(project=project, user=user, role=role)
    if not User.objects.filter(username=ADMIN).exists():
        User.objects.create_superuser(ADMIN, password=secret)


def assign_worklist(project: Project) -> None:
    """The interventions that both coders code; they stay closed until both are done."""
    by_name = {user.username: user for user in User.objects.filter(username__in=CODERS)}
    coders = [by_name[name] for name in CODERS]
    curator = User.objects.get(username="curator")
    assign_cases(project=project, coders=coders, keys=DEMO_WORKLIST, by=curator)


def password() -> str:
    """From the environment, or made once for this installation and kept where its owner reads."""
    return settings.DEMO_PASSWORD or _kept(Path(settings.VAR) / "demo_password")


def still_holds() -> bool:
    """Does the password open the accounts, or was another one set?"""
    user = User.objects.filter(username=CODERS[0]).first()
    return user is not None and user.check_password(password())


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever comes second reads what the first has made.
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(9))
    return path.read_text().strip()
