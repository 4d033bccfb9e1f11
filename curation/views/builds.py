"""A long piece of work: how far it is, and how it is stopped."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from coding import access
from curation import builds
from curation.kinds import KINDS
from curation.models import Build


def _build_or_404(user: User | AnonymousUser, slug: str, pk: int) -> Build:
    member = access.member_or_404(user, slug)
    rows = Build.objects.select_related("project").filter(project=member.project)
    found = get_object_or_404(rows, pk=pk)
    if found.kind not in KINDS or member.role not in KINDS[found.kind].roles:
        raise Http404
    return found


@login_required
@require_safe
def build(request: HttpRequest, slug: str, build: int) -> HttpResponse:
    """How far it is; `?part` is what the page's script asks for again until it has ended."""
    found = _build_or_404(request.user, slug, build)
    kind = KINDS[found.kind]
    context = {
        "project": found.project,
        "build": found,
        "title": kind.title(found),
        "address": kind.address(found),
        "asked_at": (kind.asked_at or kind.address)(found),
        "place": kind.place,
        "waits_long": builds.is_waiting_long(found),
        "under_way": found.state in builds.UNDER_WAY,
    }
    page = "curation/_build.html" if "part" in request.GET else "curation/build.html"
    answer = render(request, page, context)
    answer["Cache-Control"] = "no-store"
    return answer


@login_required
@require_POST
def cancel(request: HttpRequest, slug: str, build: int) -> HttpResponse:
    found = _build_or_404(request.user, slug, build)
    builds.cancel(build=found)
    return redirect("curation:build", slug, found.pk)
