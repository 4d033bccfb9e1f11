"""Studies: what a release answers, how far to trust it, and the same as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coding import access, codebooks, printing
from coding.errors import Refused
from coding.models import Member
from curation import builds
from curation.forms import RiskSetForm
from curation.models import Build, Release, StudyRun
from curation.releases import riskset
from curation.serving import TYPES
from curation.studies import asked, papers, results, risk
from curation.studies.declared import Study
from curation.studies.figures import Figure, figures
from curation.studies.registry import STUDIES
from curation.studies.scripts import script
from curation.views.releases import Closed, closed_to, refuse_while_coding

STUDIES_TELL = "studies name disputed cells and what was said of them"


@dataclass(frozen=True)
class Chosen:
    """The release of which a page speaks, among all of its project."""

    member: Member
    releases: list[Release]
    release: Release | None

    @property
    def may_run(self) -> bool:
        return self.member.role in access.CURATORS


def _chosen(user: User | AnonymousUser, slug: str, version: str) -> Chosen:
    member = access.member_or_404(user, slug)
    found = asked.releases_of(member.project)
    release = next((r for r in found if r.version == version), None if version else _first(found))
    if version and release is None:
        raise Http404
    return Chosen(member, found, release)


def _first(found: list[Release]) -> Release | None:
    return found[0] if found else None


def _study_or_404(name: str) -> Study:
    if name not in STUDIES:
        raise Http404
    return STUDIES[name]


@login_required
@require_safe
def studies(request: HttpRequest, slug: str) -> HttpResponse:
    """Every study, with what it comes to on the chosen release."""
    chosen = _chosen(request.user, slug, request.GET.get("release", ""))
    closed = closed_to(request.user, chosen.member.project)
    runs = asked.last_of_each(chosen.release) if chosen.release and not closed else {}
    context = _context(chosen, closed) | {
        "listed": [(study, runs.get(study.name)) for study in STUDIES.values()]
    }
    return render(request, "curation/studies.html", context)


def _context(chosen: Chosen, closed: Closed) -> dict[str, object]:
    return {
        "project": chosen.member.project,
        "chosen": chosen,
        "release": chosen.release,
        "closed": closed,
        "under_way": builds.under_way(chosen.member.project, "study"),
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def risk_set(request: HttpRequest, slug: str) -> HttpResponse:
    """Who could have joined, counted, with the gaps; and whose data its further columns are.

    A curator says here from which entries it is drawn up.
    """
    chosen = _chosen(request.user, slug, request.GET.get("release", ""))
    form = _declaration(request, chosen)
    if request.method == "POST" and form and form.is_valid():
        assert isinstance(request.user, User)
        riskset.declare(project=chosen.member.project, said=form.declaration, by=request.user)
        messages.success(request, "Kept. The next release is drawn up so.")
        return redirect("curation:risk-set", slug)
    closed = closed_to(request.user, chosen.member.project)
    options = risk.Options.of(request.GET)
    found = None
    if chosen.release and not closed:
        found = risk.count(asked.files_of(chosen.release), options)
    context = _context(chosen, closed) | {
        "risk": found,
        "options": options,
        "form": form,
        "series": chosen.member.project.series.defer("lines").order_by("name"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "curation/risk_set.html", context, status=status)


def _declaration(request: HttpRequest, chosen: Chosen) -> RiskSetForm | None:
    """For curators, once there is a codebook; nobody else may post."""
    codebook = codebooks.current(chosen.member.project) if chosen.may_run else None
    if codebook is None:
        if request.method == "POST":
            raise Http404
        return None
    said = request.POST if request.method == "POST" else None
    entries = codebooks.entries(codebook)
    return RiskSetForm(said, entries=entries, project=chosen.member.project)


@login_required
@require_safe
def study(request: HttpRequest, slug: str, study: str) -> HttpResponse:
    """What a study found on a release; or, where it was not asked yet, the way to ask it."""
    found = _study_or_404(study)
    chosen = _chosen(request.user, slug, request.GET.get("release", ""))
    closed = closed_to(request.user, chosen.member.project)
    run = asked.last_of(chosen.release, study) if chosen.release and not closed else None
    context = _context(chosen, closed) | {"study": found, "run": run}
    if run:
        context |= _found(found, run)
    return render(request, "curation/study.html", context)


def _found(study: Study, run: StudyRun) -> dict[str, object]:
    result = run.result
    return {
        "result": result,
        "labels": result["terms"],
        "estimates": [_estimate(result, each) for each in result["estimates"]],
        "left_out": [(_label(result, name), why) for name, why in result["left_out"]],
        "moved": [_moved(result, each) for each in result["moved"]],
        "drawn": figures(result),
        "sentences": result["sentences"],
        "kinds": ("csv", "svg", "png"),
        "trust": result["trust"],
        "single_share": _share(result["trust"], "single"),
        "unchecked_share": _share(result["trust"], "unchecked"),
    }


def _share(trust: Mapping[str, int], name: str) -> float:
    return trust[name] / trust["cells"] if trust["cells"] else 0.0


def _label(result: Mapping[str, Any], name: str) -> str:
    label: str = result["terms"].get(name, name)
    return label


def _estimate(result: Mapping[str, Any], each: Mapping[str, Any]) -> dict[str, object]:
    terms = each["fit"]["terms"] if each["fit"] else []
    named = [term | {"label": _label(result, term["name"])} for term in terms]
    return {**each, "named": named}


def _moved(result: Mapping[str, Any], each: Mapping[str, Any]) -> dict[str, object]:
    return {**each, "label": _label(result, each["term"])}


@login_required
@require_POST
def run(request: HttpRequest, slug: str, study: str) -> HttpResponse:
    """Asks for it; the work itself goes on beside the requests."""
    found = _study_or_404(study)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    assert isinstance(request.user, User)
    version = request.POST.get("release", "")
    if not member.project.releases.filter(version=version).exists():
        raise Http404
    refuse_while_coding(request.user, member.project, STUDIES_TELL)
    asked_for = {"study": found.name, "version": version}
    build = builds.ask(project=member.project, kind="study", arguments=asked_for, by=request.user)
    if build.arguments != asked_for:
        raise _one_at_a_time(build)
    return redirect("curation:build", slug, build.pk)


def _one_at_a_time(build: Build) -> Refused:
    """Another study is under way: this one was not queued, and that is said."""
    other = STUDIES[build.arguments["study"]].title
    return Refused(
        f"“{other}” is being asked of release {build.arguments['version']}, and a project asks one "
        "study at a time. Nothing was queued: ask again when that one is done.",
        [("See how far it is", reverse("curation:build", args=[build.project.slug, build.pk]))],
    )


# ------------------------------------------------------------------ as files

Make = Callable[[], bytes]


@login_required
@require_safe
def file(request: HttpRequest, slug: str, study: str, name: str) -> HttpResponse:
    """A table, a figure, a script, the whole result or the report, made from the stored result."""
    found = _study_or_404(study)
    chosen = _chosen(request.user, slug, request.GET.get("release", ""))
    refuse_while_coding(request.user, chosen.member.project, STUDIES_TELL)
    run = asked.last_of(chosen.release, study) if chosen.release else None
    make = _makers(found, run).get(name) if run else None
    if make is None:
        raise Http404
    answer = HttpResponse(make(), content_type=TYPES[PurePath(name).suffix])
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _makers(study: Study, run: StudyRun) -> dict[str, Make]:
    """The files by name, each made when it is asked for."""
    result = run.result
    made: dict[str, Make] = {
        "result.json": lambda: results.written(result),
        "estimates.csv": lambda: _estimates_csv(result),
        "estimates.tex": lambda: papers.latex(result, study.title),
        "report.pdf": lambda: _report(study, run),
    }
    for language in ("py", "R"):
        made[f"{study.name}.{language}"] = lambda lang=language: _script(study, run, lang)  # type: ignore[misc]
    for each in figures(result):
        made |= _of_figure(each)
    return made


def _of_figure(figure: Figure) -> dict[str, Make]:
    return {
        f"{figure.name}.csv": lambda: papers.table_csv(figure.head, figure.rows),
        f"{figure.name}.svg": lambda: papers.svg(figure),
        f"{figure.name}.png": lambda: papers.png(figure),
    }


ESTIMATE = ("estimator", "term", "coefficient", "error", "low", "high", "p", "rows", "clusters")


def _estimates_csv(result: Mapping[str, Any]) -> bytes:
    rows = [
        (
            each["key"],
            term["name"],
            *(term[key] for key in ("coefficient", "error", "low", "high", "p")),
            each["fit"]["rows"],
            each["fit"]["clusters"],
        )
        for each in result["estimates"]
        if each["fit"]
        for term in each["fit"]["terms"]
    ]
    return papers.table_csv(ESTIMATE, rows)


def _script(study: Study, run: StudyRun, language: str) -> bytes:
    missing = asked.files_of(run.release).missing
    return script(run.result, study.title, missing, language).encode()


def _report(study: Study, run: StudyRun) -> bytes:
    context = _found(study, run) | {"study": study, "run": run, "release": run.release}
    return printing.pdf(render_to_string("curation/study_paper.html", context))
