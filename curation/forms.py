"""What a curator types to release: checked before anything is read."""

from __future__ import annotations

from typing import Any

from django import forms

from coding.models import Project
from curation.releases import versions


class CutForm(forms.Form):
    version = forms.CharField(max_length=20, widget=forms.TextInput({"autocomplete": "off"}))
    notes = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Printed in the release's README. They cannot change later.",
    )
    allow_disputes = forms.BooleanField(required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last = versions.last_of(project)

    def clean_version(self) -> str:
        version: str = self.cleaned_data["version"]
        if fault := versions.problem(version, self.last):
            raise forms.ValidationError(fault)
        return version
