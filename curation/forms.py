"""What is typed to release, to report an error in a release and to answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from coding.models import Entry, Project
from curation import public
from curation.models import Erratum, Release
from curation.releases import gate, versions
from curation.releases.manifest import UnitCounts


class DraftForm(forms.Form):
    version = forms.CharField(max_length=20, widget=forms.TextInput({"autocomplete": "off"}))
    notes = forms.CharField(
        required=False,
        max_length=5000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Printed in the release's README. They cannot change later.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.last = versions.last_of(project)

    def clean_version(self) -> str:
        version: str = self.cleaned_data["version"]
        if fault := versions.problem(version, self.last):
            raise forms.ValidationError(fault)
        return version


class FloorForm(forms.Form):
    floor = forms.FloatField(
        label="Floor of reliability",
        min_value=-1,
        max_value=1,
        help_text="Alpha that each variable should reach. Krippendorff: 0.8, or 0.667 at least.",
    )


class WaiverForm(forms.Form):
    """A reason, or none to take the waiver back."""

    name = forms.ChoiceField(choices=list(gate.NAMES.items()))
    reason = forms.CharField(max_length=2000, required=False)


class WithholdForm(forms.Form):
    coder = forms.ChoiceField(label="Whose answers")
    reason = forms.CharField(
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="Who asked for it, and when. For curators alone.",
    )

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["coder"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "–"), *((str(pk), name) for pk, name in people)]


class ReportForm(forms.Form):
    """What is wrong with a cell of a release. Whether there is such a cell, the act looks up."""

    unit = forms.ChoiceField()
    case = forms.CharField(
        max_length=120, help_text="The key of the row, from the first column of the file."
    )
    variable = forms.CharField(max_length=80, help_text="The name of the column.")
    said = forms.CharField(
        label="What is wrong",
        max_length=2000,
        widget=forms.Textarea({"rows": 5}),
        help_text="With the right value and where it stands: a source with its page.",
    )

    def __init__(self, *args: Any, units: Sequence[UnitCounts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(unit.name, unit.label) for unit in units]

    def place(self) -> tuple[str, str, str]:
        said = self.cleaned_data
        return said["unit"], said["case"], said["variable"]


class ReaderReportForm(ReportForm):
    """The same from who has no account. A machine fills in what people do not see."""

    name = forms.CharField(max_length=200, required=False, label="Your name")
    email = forms.EmailField(
        required=False,
        label="Your e-mail",
        help_text="For questions of the curators. Neither is ever shown to anybody else.",
    )
    website = forms.CharField(required=False, label="Leave this empty")


class _Version(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.version)


class AnswerForm(forms.Form):
    state = forms.ChoiceField(
        label="What is it?",
        choices=[
            ("accepted", "It is an error, and will be corrected"),
            ("fixed", "It was an error, and is corrected in a release"),
            ("refused", "It is no error"),
        ],
        widget=forms.RadioSelect,
    )
    fixed_in = _Version(
        Release.objects.none(), required=False, label="Corrected in", empty_label="no release"
    )
    answer = forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 4}), label="Answer")

    def __init__(self, *args: Any, erratum: Erratum, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["fixed_in"]
        assert isinstance(field, forms.ModelChoiceField)
        later = Release.objects.filter(project=erratum.project_id, pk__gt=erratum.release_id)
        field.queryset = later

    def clean(self) -> dict[str, Any] | None:
        said = super().clean() or self.cleaned_data
        if said.get("state") == "fixed" and not said.get("fixed_in"):
            self.add_error("fixed_in", "Choose the release in which it is corrected.")
        return said


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=2000, widget=forms.Textarea({"rows": 3}))


class WithdrawForm(ReasonForm):
    version = forms.CharField(
        max_length=40,
        label="Type the version, to be sure",
        widget=forms.TextInput({"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, release: Release, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.release = release

    def clean_version(self) -> str:
        version: str = self.cleaned_data["version"]
        if version != self.release.version:
            raise forms.ValidationError(f"This is release {self.release.version}.")
        return version


class DoiForm(forms.Form):
    doi = forms.CharField(
        max_length=220,
        label="DOI",
        help_text="As the repository shows it, such as https://doi.org/10.7910/DVN/ABC123.",
    )

    def clean_doi(self) -> str:
        return public.read_doi(self.cleaned_data["doi"])


class RiskSetForm(forms.Form):
    """From which entries of the codebook it is drawn up who could have joined."""

    roster = forms.ChoiceField(
        required=False, help_text="The set of states that took part. None: no risk set."
    )
    start = forms.ChoiceField(required=False, help_text="States in the system then could join.")
    target = forms.ChoiceField(
        required=False, label="Place", help_text="The state in which it takes place."
    )
    kind = forms.ChoiceField(
        required=False, label="Class", help_text="As what a state joined, said in its own row."
    )
    leads = forms.CharField(
        required=False,
        label="Leading states",
        max_length=200,
        help_text="Codes of states that lead the cases, and so join none, with spaces between.",
    )

    def __init__(self, *args: Any, entries: Sequence[Entry], project: Project, **kwargs: Any):
        said = project.risk_set or {}
        initial = {
            "roster": said.get("roster", ""),
            "start": said.get("start", ""),
            "target": said.get("target", ""),
            "kind": said.get("class", ""),
            "leads": " ".join(said.get("leads", [])),
        }
        super().__init__(*args, **({"initial": initial} | kwargs))
        self.entries = {entry.name: entry for entry in entries}
        self.codes = set(project.states.values_list("code", flat=True))
        rosters = [
            e for e in entries if e.variable.roster_of_id and e.variable.reference == "state"
        ]
        above: set[int | None] = {e.variable.unit_id for e in rosters}
        below = {e.variable.roster_of_id for e in rosters}
        self._offer("roster", rosters)
        self._offer("start", [e for e in entries if _is(e, above, "date")])
        self._offer("target", [e for e in entries if _is(e, above, "state")])
        self._offer("kind", [e for e in entries if _is(e, below, "category", "ordinal")])

    def _offer(self, name: str, entries: Sequence[Entry]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "–"), *((e.name, f"{e.label} ({e.name})") for e in entries)]

    def clean_leads(self) -> list[str]:
        codes: list[str] = self.cleaned_data["leads"].split()
        if odd := [code for code in codes if code not in self.codes]:
            raise forms.ValidationError(f"Not in the list of states: {', '.join(odd)}.")
        return codes

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        roster, start = said.get("roster"), said.get("start")
        if roster and not start:
            self.add_error("start", "Who could have joined depends on the day: choose its date.")
        unit = self.entries[roster].variable.unit_id if roster else None
        for name in ("start", "target"):
            if roster and said.get(name) and self.entries[said[name]].variable.unit_id != unit:
                self.add_error(name, "It is of another unit than the roster.")
        return said

    @property
    def declaration(self) -> dict[str, Any]:
        said = self.cleaned_data
        named = {name: said[name] for name in ("roster", "start", "target", "leads")}
        return named | {"class": said["kind"]}


def _is(entry: Entry, units: set[int | None], *kinds: str) -> bool:
    return entry.variable.unit_id in units and entry.variable.kind in kinds
