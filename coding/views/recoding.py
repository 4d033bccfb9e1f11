"""What became of a published version of the codebook, and who is still to be asked."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from coding import access, codebooks, recoding, work
from coding.models import Codebook, Coding, Member, Project


@login_required
def progress(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Carried, coded again and waiting, variable by variable; old values against new ones."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.TEAM)
    book = _book_or_404(member.project, number)
    lines = recoding.lines(request.user, book)
    context = {
        "project": member.project,
        "book": book,
        "is_current": book == codebooks.current(member.project),
        "lines": lines,
        "anew": recoding.compared_anew(request.user, book),
        "recoded": [line for line in lines if line.recoding],
        "added": [line for line in lines if not line.recoding],
        "asked": sum(line.asked for line in lines),
        "done": sum(line.done for line in lines),
        "may_curate": member.role in access.CURATORS,
        "people": list(_people(member.project)),
    }
    return render(request, "coding/recoding.html", context)


def _book_or_404(project: Project, number: int) -> Codebook:
    published = project.codebooks.exclude(published_at=None).select_related("project")
    return get_object_or_404(published, number=number)


def _people(project: Project) -> list[Member]:
    """Who can be asked."""
    people = Member.objects.filter(
        project=project, kind=Member.Kind.PERSON, user__is_active=True
    ).exclude(role=Member.Role.READER)
    return list(people.select_related("user").order_by("user__username"))


@require_POST
@login_required
def assign(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """A curator asks somebody what nobody is left to answer."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    book = _book_or_404(member.project, number)
    name, coder = request.POST.get("name", ""), request.POST.get("coder", "")
    line = next((x for x in recoding.lines(request.user, book) if x.entry.name == name), None)
    person = next((m for m in _people(member.project) if str(m.user_id) == coder), None)
    if line is None or person is None:
        raise Http404
    purpose = Coding.Purpose.RECODE if line.recoding else Coding.Purpose.TOP_UP
    made = work.ask(
        cases=line.nobody, entry=line.entry, coder=person.user, purpose=purpose, by=request.user
    )
    things = "case is" if len(made) == 1 else "cases are"
    messages.success(request, f"{len(made)} {things} on the worklist of {person.user}.")
    return redirect("coding:recoding", slug, number)
