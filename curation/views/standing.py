"""How releases stand towards the world: public or not, withdrawn, deposited. For curators."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from coding import access
from coding.errors import Refused
from coding.models import Member
from curation import public, store
from curation.deposit import bag
from curation.forms import DoiForm, ReasonForm, WithdrawForm
from curation.models import Release
from curation.views.releases import refuse_while_coding

log = logging.getLogger(__name__)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def switch(request: HttpRequest, slug: str) -> HttpResponse:
    """Open the public pages of a project, or close them, with a reason."""
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    project, shown = member.project, public.is_public(member.project)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        public.show(
            project=project,
            public=not shown,
            reason=form.cleaned_data["reason"],
            by=request.user,
        )
        messages.success(request, f"The public pages are {'closed' if shown else 'open'}.")
        return redirect("curation:public-switch", slug)
    context = {
        "project": project,
        "member": member,
        "shown": shown,
        "form": form,
        "said": project.publications.select_related("by"),
        "releases": public.releases_of(project),
        "address": request.build_absolute_uri(reverse("curation:public", args=[slug])),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "curation/public_switch.html", context, status=status)


def _release_or_404(
    user: User | AnonymousUser, slug: str, version: str, *roles: str
) -> tuple[Release, Member]:
    member = access.member_or_404(user, slug, *roles)
    found = public.releases_of(member.project).filter(version=version).first()
    if found is None:
        raise Http404
    return found, member


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def standing(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """The DOI under which a release was deposited, and its withdrawal."""
    found, member = _release_or_404(request.user, slug, version, *access.CURATORS)
    wanted = request.POST.get("act", "")
    doi = DoiForm(request.POST if wanted == "doi" else None, initial={"doi": public.doi_of(found)})
    reason = WithdrawForm(request.POST if wanted == "withdraw" else None, release=found)
    assert isinstance(request.user, User)
    if wanted == "doi" and doi.is_valid():
        public.deposited(release=found, doi=doi.cleaned_data["doi"], by=request.user)
        messages.success(request, "The DOI is kept, and stands in every citation from now on.")
        return redirect("curation:standing", slug, version)
    if wanted == "withdraw" and reason.is_valid():
        said = reason.cleaned_data["reason"]
        public.withdraw(release=found, reason=said, by=request.user)
        messages.success(request, f"Release {version} is withdrawn.")
        return redirect("curation:standing", slug, version)
    context = {
        "project": member.project,
        "release": found,
        "doi": doi,
        "reason": reason,
        "deposits": found.deposits.select_related("by"),
        "withdrawal": public.withdrawal_of(found),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "curation/standing.html", context, status=status)


@login_required
@require_safe
def bundle(request: HttpRequest, slug: str, version: str) -> HttpResponseBase:
    """The release packed for a repository, for members."""
    found, member = _release_or_404(request.user, slug, version)
    refuse_while_coding(request.user, member.project)
    try:
        return bag.response(request, found)
    except store.StoreError as error:
        log.error("Release %s: %s", version, error)
        raise Refused(
            f"A file of {version} is damaged or gone on this server, so there is no bag of it. "
            "Whoever runs the server can bring it back from a backup of the store."
        ) from error
