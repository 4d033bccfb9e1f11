"""How tests use the sheet: browsers, addresses, and one field of a page."""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from django.test import Client

from coding import blind, work
from coding.models import Coding

FETCH = {"X-Requested-With": "fetch"}


def browser(user: User) -> Client:
    """A browser in which somebody is signed in."""
    client = Client()
    client.force_login(user)
    return client


def url(coding: Coding, *more: str) -> str:
    return "/".join(["", "codings", str(coding.pk), *more, ""])


def said(coding: Coding) -> dict[str, str]:
    """What the database holds of a sheet."""
    return {name: s.text for name, s in blind.own_answers([coding.pk]).get(coding.pk, {}).items()}


def token(coding: Coding, name: str = "goal") -> str:
    """What a page drawn now remembers of an answer."""
    return work.token(blind.own_answers([coding.pk])[coding.pk][name].saved_at)


def field(html: str, name: str) -> str:
    """One field of a page, or of the fragment that answers a save."""
    start = re.search(rf'id="f-{name}"|data-field="{name}"', html)
    assert start, f"{name} is not on the page"
    end = re.search(r'id="f-|data-field="|</section>', html[start.end() :])
    return html[start.end() : start.end() + end.start()] if end else html[start.end() :]
