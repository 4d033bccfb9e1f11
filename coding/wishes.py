"""The forms in which a curator says what to deal out, and who takes over from whom."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from django import forms

from coding import assigning, planning
from coding.assigning import Wish
from coding.models import Design, Member, Project

Kind = Design.Kind
MEANINGS = {
    Kind.CROSSING: "Every coder codes every case.",
    Kind.OVERLAP: "A random share of the cases is coded by two, the rest by one.",
    Kind.BLOCKS: "Every case is coded by two; each two coders share equally many.",
    Kind.CORE: "A core is coded by everybody, a share of each stratum by two, the rest by one.",
    Kind.ADAPTIVE: "Balanced blocks; where the two disagree, a third coder is called in, blind.",
    Kind.SECOND: "A random share of what one person has coded gets a second coder, blind.",
}


MOST = 100_000


def takers(project: Project, *, coders_only: bool = False) -> list[Member]:
    """The people who may code, or those who do nothing else."""
    members = project.members.filter(kind=Member.Kind.PERSON).exclude(role=Member.Role.READER)
    if coders_only:
        members = members.filter(role=Member.Role.CODER)
    return list(members.select_related("user").order_by("user__username"))


class Coders(forms.MultipleChoiceField):
    """People of the project, by username."""

    def __init__(self, members: Sequence[Member], **more: Any) -> None:
        names = [(m.user.get_username(), f"{m.user.get_username()} ({m.role})") for m in members]
        super().__init__(choices=names, widget=forms.CheckboxSelectMultiple, **more)
        self.members = {m.user.get_username(): m for m in members}

    def clean(self, value: Any) -> tuple[Member, ...]:
        chosen = set(super().clean(value))
        return tuple(member for name, member in self.members.items() if name in chosen)


class DesignForm(forms.Form):
    """A design: its kind, its cases and coders, its shares and its seed."""

    kind = forms.ChoiceField(label="Design", choices=Kind.choices, widget=forms.RadioSelect)
    unit = forms.ChoiceField(label="Cases of")
    percent = forms.FloatField(
        label="Coded twice, in per cent",
        min_value=0,
        max_value=100,
        required=False,
        help_text="For random overlap, core and strata, and second coding.",
    )
    core = forms.IntegerField(
        label="Cases in the core",
        min_value=0,
        required=False,
        help_text="Coded by everybody. For core and strata.",
    )
    fact = forms.ChoiceField(
        label="Strata by", required=False, help_text="A fact known before coding."
    )
    seed = forms.CharField(
        max_length=80,
        required=False,
        help_text="The same seed on the same cases and coders deals the same.",
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    note = forms.CharField(max_length=500, required=False, help_text="Why this design.")

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {u.name: u for u in project.units.filter(parent=None)}
        facts = assigning.facts_of(self.units.values())
        self.fields["unit"].choices = [(n, u.label) for n, u in self.units.items()]  # type: ignore[attr-defined]
        self.fields["fact"].choices = [("", "none"), *((f, f.replace("_", " ")) for f in facts)]  # type: ignore[attr-defined]
        self.fields["coders"] = Coders(takers(project), label="Coders")

    def clean_seed(self) -> str:
        return self.cleaned_data["seed"].strip() or secrets.token_hex(4)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        kind = found.get("kind", "")
        if kind in assigning.SHARED and found.get("percent") is None and "percent" in found:
            self.add_error("percent", "Say which share of the cases is coded twice: 0 to 100.")
        if kind == Kind.CORE and not found.get("core") and not found.get("fact"):
            self.add_error(
                "core", "Say how many cases everybody codes, or by which fact to divide."
            )
        return found

    def wish(self) -> Wish:
        """What was asked for, of a form that is valid."""
        said = self.cleaned_data
        return Wish(
            kind=said["kind"],
            unit=self.units[said["unit"]],
            coders=said["coders"],
            seed=said["seed"],
            percent=said["percent"] or 0.0,
            core=said["core"] or 0,
            fact=said["fact"],
            note=said["note"],
        )


class PlanForm(forms.Form):
    """What is known or wanted before coding; what is left empty takes the usual."""

    unit = forms.ChoiceField(label="Cases of")
    cases = forms.IntegerField(min_value=2, max_value=MOST, required=False, help_text="To code.")
    coders = forms.IntegerField(min_value=2, max_value=200, required=False)
    minutes = forms.FloatField(
        label="Minutes a case", min_value=0.1, max_value=6000, required=False, initial=30
    )
    hours = forms.FloatField(
        label="Coder hours in all", min_value=0, max_value=MOST, required=False
    )
    alpha = forms.FloatField(
        label="Expected alpha", min_value=0, max_value=1, required=False, initial=0.8
    )
    rarest = forms.FloatField(
        label="Rarest category, in per cent",
        min_value=0.1,
        max_value=50,
        required=False,
        initial=10,
    )
    width = forms.FloatField(
        label="Interval no wider than", min_value=0.02, max_value=1, required=False, initial=0.2
    )
    double = forms.IntegerField(label="Coded twice", min_value=2, max_value=MOST, required=False)

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {u.name: u for u in project.units.filter(parent=None)}
        self.fields["unit"].choices = [(n, u.label) for n, u in self.units.items()]  # type: ignore[attr-defined]
        chosen = self.units.get(self.data.get("unit", ""))
        self.entries = list(planning.planned(chosen)) if chosen else []
        self.usual = {"cases": max(2, assigning.left_to_code(chosen)) if chosen else 2}
        self.usual["coders"] = max(2, len(takers(project, coders_only=True)))
        for name, count in self.usual.items():
            self.fields[name].widget.attrs["placeholder"] = count
        self.fields["double"].widget.attrs["placeholder"] = "as recommended"
        usual = {n: self.data.get(n, self.fields[n].initial) for n in ("rarest", "alpha")}
        for entry in self.entries:
            label = f"of {entry.label}"
            self.fields[f"rare.{entry.name}"] = forms.FloatField(
                label=f"Rarest category {label}", min_value=0.1, max_value=50, required=False
            )
            self.fields[f"alpha.{entry.name}"] = forms.FloatField(
                label=f"Expected alpha {label}", min_value=0, max_value=1, required=False
            )
            for prefix, name in (("rare", "rarest"), ("alpha", "alpha")):
                field = self.fields[f"{prefix}.{entry.name}"]
                field.widget.attrs |= {"placeholder": usual[name], "aria-label": field.label}

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        for name, field in self.fields.items():
            if name in found and found[name] is None:
                found[name] = self.usual.get(name, field.initial)
        cases, double = found.get("cases"), found.get("double")
        if cases and double and double > cases:
            self.add_error("double", f"There are {cases} cases: no more can be coded twice.")
        return found

    @property
    def faulty(self) -> list[forms.BoundField]:
        """The inputs of single variables that do not fit: their table is not drawn then."""
        return [self[name] for name in self.errors if "." in name]

    def asked(self) -> planning.Asked:
        """What was asked for, of a form that is valid."""
        said = self.cleaned_data
        typed = {n: v for n, v in said.items() if "." in n and v is not None}
        return planning.Asked(
            cases=said["cases"],
            coders=said["coders"],
            minutes=said["minutes"],
            hours=said["hours"],
            alpha=said["alpha"],
            rarest=said["rarest"] / 100,
            width=said["width"],
            double=said["double"],
            rare={n[5:]: v / 100 for n, v in typed.items() if n.startswith("rare.")},
            alphas={n[6:]: v for n, v in typed.items() if n.startswith("alpha.")},
        )


class LeavingForm(forms.Form):
    """Who leaves, who takes over, and why."""

    reason = forms.CharField(
        max_length=500, help_text="Kept with every sheet that is closed, as in “on leave”."
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = takers(project)
        names = [(m.user.get_username(), m.user.get_username()) for m in people]
        self.people = {m.user.get_username(): m for m in people}
        leaves = forms.ChoiceField(label="Who leaves", choices=names)
        self.fields = {
            "coder": leaves,
            "coders": Coders(people, label="Who takes over"),
            "reason": self.fields["reason"],
        }

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        left = [m for m in found.get("coders", ()) if m.user.get_username() != found.get("coder")]
        if "coders" in found and not left:
            self.add_error("coders", "Choose somebody else than who leaves.")
        return found | {"coders": left}
