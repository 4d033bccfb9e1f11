"""Signing in, and how often it may fail: a password cannot be tried out.

Counted per name and address in the database, so that all processes of the server know, and kept
as a keyed hash: people type passwords into the wrong field.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest

from curation import often
from curation.models import FailedSignIn

MOST = 5
WITHIN = timedelta(minutes=15)


def mark_of(request: HttpRequest, name: str) -> str:
    """What stands for this name, tried from this address."""
    return often.mark_of(request, "curation.sign_in", name)


def minutes_to_wait(mark: str) -> int:
    """How long nobody may try again; 0 where they may."""
    return often.minutes_to_wait(FailedSignIn.objects.all(), mark, MOST, WITHIN)


def note_failure(mark: str) -> None:
    """Count a wrong password, and forget what is too old to count."""
    often.note(FailedSignIn.objects.all(), mark, WITHIN)


class _Limited(AuthenticationForm):
    """Refuses before the password is looked at, so that a right one cannot be told from a wrong."""

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username") or ""
        if self.request is None or not name:
            return super().clean()
        mark = mark_of(self.request, name)
        if minutes := minutes_to_wait(mark):
            time = "a minute" if minutes == 1 else f"{minutes} minutes"
            raise forms.ValidationError(
                f"Too many wrong passwords for this name: try again in {time}.",
                code="too_many",
            )
        try:
            said = super().clean()
        except forms.ValidationError:
            note_failure(mark)
            raise
        FailedSignIn.objects.filter(mark=mark).delete()
        return said


class SignInForm(_Limited):
    """The door of the site."""


class OfficeSignInForm(_Limited, AdminAuthenticationForm):
    """The door of the back office."""
