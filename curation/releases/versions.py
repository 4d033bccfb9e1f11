"""Version numbers of releases, 1.2.3: larger is later."""

from __future__ import annotations

import re

from coding.models import Project
from curation.models import Release

Version = tuple[int, int, int]
FIRST = "0.1.0"
FORM = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})", re.ASCII)


def parsed(text: str) -> Version | None:
    found = FORM.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def problem(text: str, last: Release | None) -> str | None:
    """What is wrong with this as the next version, in words; None if nothing is."""
    version = parsed(text)
    if version is None:
        return f"“{text[:40]}” is not a version: write three numbers, such as {FIRST}."
    if last and version <= (parsed(last.version) or (0, 0, 0)):
        return f"{text} is not above {last.version}, the last release."
    return None


def next_after(text: str, level: str) -> str:
    major, minor, patch = parsed(text) or (0, 0, 0)
    following = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0)}
    return ".".join(map(str, following.get(level, (major, minor, patch + 1))))


def last_of(project: Project) -> Release | None:
    """The release that the next one follows."""
    return Release.objects.filter(project=project).order_by("-pk").first()
