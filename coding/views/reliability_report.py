"""The reliability report: a page, PDF, CSV, and each variable as other software reads it.

For adjudicators and curators: they answer for the data set's agreement, and a report leaves the
house. Coders are called by pseudonym, also to curators. As on every page, nothing is counted of
what is closed or of families that the reader is coding; the report says so where it leaves any out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from coding import access, blind, printing, reliability
from coding.errors import Refused
from coding.models import Entry, Project
from coding.reliability import Figure, Opened
from coding.views.figures import Menu, Question


@dataclass
class Paper:
    """The report of one reader, under the filters of the address."""

    request: HttpRequest
    project: Project
    user: User

    @cached_property
    def question(self) -> Question:
        return Question(self.request.GET)

    @property
    def menus(self) -> list[Menu]:
        return self.question.of_cases(self.user, self.project)

    @cached_property
    def opened(self) -> Opened:
        return reliability.opened_for(self.user, self.project, self.question.asked)

    @cached_property
    def report(self) -> reliability.Report:
        return reliability.Report(self.opened)

    @property
    def query(self) -> str:
        """What was asked, to be kept in every link."""
        return self.question.kept

    @property
    def measured(self) -> list[tuple[Figure, str, str]]:
        """Each figure with its page and its input."""
        slug = self.project.slug
        return [
            (
                figure,
                reverse("coding:reliability-variable", args=[slug, figure.name]) + self.query,
                reverse("coding:reliability-input", args=[slug, figure.name]) + self.query,
            )
            for figure in self.report.measured
        ]

    def context(self) -> dict[str, object]:
        return {
            "project": self.project,
            "paper": self,
            "report": self.report,
            "opened": self.opened,
            "today": timezone.localdate(),
        }


@login_required
@require_safe
def report(request: HttpRequest, slug: str) -> HttpResponse:
    """The report as a page: the methods paragraph, the table, the notes."""
    return render(request, "coding/reliability_report.html", _paper(request, slug).context())


@login_required
@require_safe
def as_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    """The report to be printed."""
    paper = _paper(request, slug)
    html = render_to_string("coding/reliability_report_paper.html", paper.context())
    page = reverse("coding:reliability-report", args=[slug]) + paper.query
    content = printing.pdf(html, links=[("The report as a page", page)])
    return _file(content, "application/pdf", f"{slug}-reliability.pdf")


@login_required
@require_safe
def as_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """Every variable with its figures as one line."""
    paper = _paper(request, slug)
    return _csv(reliability.table(paper.report.figures), f"{slug}-reliability.csv")


@login_required
@require_safe
def as_input(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """One variable's ratings, units x coders, as irrCAC and krippendorff read them."""
    paper = _paper(request, slug)
    entry = _compared(paper.opened, name)
    if blind.withheld_from(paper.user).filter(variable=entry.variable_id).exists():
        raise Refused("You have disputes of this variable to answer first: it says each answer.")
    found = reliability.outside(paper.opened, entry)
    return _csv(found.content, found.file)


@login_required
@require_safe
def code(request: HttpRequest, slug: str, name: str) -> HttpResponse:
    """Code in Python and R that finds the figure of one variable in its input."""
    paper = _paper(request, slug)
    entry = _compared(paper.opened, name)
    found = reliability.outside(paper.opened, entry)
    context = {"entry": entry, "outside": found, "figure": reliability.figure(paper.opened, entry)}
    return render(request, "coding/reliability_code.html", paper.context() | context)


def _paper(request: HttpRequest, slug: str) -> Paper:
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    assert isinstance(request.user, User)
    return Paper(request, member.project, request.user)


def _compared(opened: Opened, name: str) -> Entry:
    entry = opened.entry(name)
    if entry is None or entry.is_computed or not entry.compare:
        raise Http404
    return entry


def _csv(content: str, name: str) -> HttpResponse:
    return _file(content.encode(), "text/csv; charset=utf-8; header=present", name)


def _file(content: bytes, content_type: str, name: str) -> HttpResponse:
    """It holds what this reader may see today: nobody keeps it for another."""
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "private, no-store"
    return answer
