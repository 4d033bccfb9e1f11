"""What a coder does with a whole sheet, and a curator's way to hand one back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from coding import access, sittings, work
from coding.errors import Refused
from coding.models import Unit
from coding.views.sheet import page
from coding.views.writing import writes


@writes
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand in the sitting; if something is missing, the sheet again with a list of it."""
    coding = access.own_coding_or_404(request.user, pk)
    main = sittings.sheets_of(coding)[0]
    try:
        work.submit(coding=main)
    except Refused as no:
        if not no.links:
            raise
        main = access.own_coding_or_404(request.user, main.pk)
        return page(request, main, status=409, no=no)
    messages.success(request, f"{main.case.title} is submitted.")
    return redirect("coding:work", main.case.unit.project.slug)


@writes
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a sitting again that was handed in too early."""
    coding = access.own_coding_or_404(request.user, pk)
    work.take_back(coding=coding)
    messages.success(request, "The sheet is yours again: submit it when it is ready.")
    return redirect("coding:sheet", pk)


@writes
def add_row(request: HttpRequest, pk: int, unit: str) -> HttpResponse:
    """A further objective, or another row without a key: its sheet opens."""
    coding = access.own_coding_or_404(request.user, pk)
    project = coding.case.unit.project_id
    of_unit = get_object_or_404(Unit, project=project, name=unit)
    return redirect("coding:sheet", work.add_row(coding=coding, unit=of_unit).pk)


@writes
def remove_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an added row off the sitting."""
    coding = access.own_coding_or_404(request.user, pk)
    main = sittings.sheets_of(coding)[0]
    work.remove_row(coding=coding)
    messages.success(request, "The row is removed. What was typed on it is kept in the history.")
    return redirect("coding:sheet", main.pk)


@writes
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a submitted sheet to its coder with a question; nothing of it is shown."""
    assert isinstance(request.user, User)
    coding = access.returnable_or_404(request.user, pk)
    work.give_back(coding=coding, question=request.POST.get("question", ""), by=request.user)
    messages.success(request, f"{coding.case.title} is returned with your question.")
    return redirect("coding:case", coding.case.family_id)
