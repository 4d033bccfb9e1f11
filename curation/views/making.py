"""The next release while it is made: what stands before it, its draft, who signs, who is left out.

For those who may look at a release before it is cut; only curators change anything but to sign.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from coding import access, codebooks
from coding.errors import Refused
from coding.models import Member, Project
from coding.work import signed as rows
from curation import builds, serving, store
from curation.forms import DraftForm, FloorForm, ReasonForm, WaiverForm, WithholdForm
from curation.models import DraftRelease
from curation.releases import changes, gate, groups, outlook, signatures, versions, withholding
from curation.releases import draft as drafts
from curation.releases import manifest as manifests
from curation.releases.csvfile import File
from curation.releases.gate import Condition, Terms
from curation.views.releases import closed_to, counted_of, refuse_while_coding

log = logging.getLogger(__name__)


# ------------------------------------------------------------------ what stands before it


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conditions(request: HttpRequest, slug: str) -> HttpResponse:
    """Every condition of a release as it stands now, with the way to mend it and its waiver."""
    if request.method == "POST":
        return _change_gate(request, slug)
    return _gate(request, access.member_or_404(request.user, slug, *access.ADJUDICATORS))


def _change_gate(request: HttpRequest, slug: str) -> HttpResponse:
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    assert isinstance(request.user, User)
    refuse_while_coding(request.user, member.project, until=timezone.now())
    if request.POST.get("act") == "floor":
        form = FloorForm(request.POST)
        if not form.is_valid():
            return _gate(request, member, form)
        member.project.reliability_floor = form.cleaned_data["floor"]
        rows.save(member.project, why="Floor of reliability", by=request.user)
        return redirect("curation:gate", slug)
    waiver = WaiverForm(request.POST)
    if not waiver.is_valid():
        raise Http404
    said = waiver.cleaned_data
    open_draft = drafts.begin(project=member.project, by=request.user)
    drafts.waive(draft=open_draft, name=said["name"], reason=said["reason"])
    return redirect("curation:gate", slug)


def _gate(request: HttpRequest, member: Member, form: FloorForm | None = None) -> HttpResponse:
    project = member.project
    closed = closed_to(request.user, project, timezone.now())
    context = {"project": project, "member": member, "closed": closed}
    if codebooks.current(project) and not closed:
        open_draft = drafts.current(project)
        found = outlook.outlook(project, Terms(open_draft.waivers if open_draft else {}))
        context |= {"gate": found, "conditions": _with_links(project, found.conditions)}
        context["form"] = form or FloorForm(initial={"floor": project.reliability_floor})
    return render(request, "curation/gate.html", context, status=422 if form else 200)


def _with_links(project: Project, found: tuple[Condition, ...]) -> list[tuple[Condition, str]]:
    return [(condition, gate.address(project, condition)) for condition in found]


# ------------------------------------------------------------------ the draft


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft of the next release: built, looked at, signed, cut or thrown away."""
    if request.method != "POST":
        return _draft(request, access.member_or_404(request.user, slug, *access.ADJUDICATORS))
    wanted = request.POST.get("act", "")
    roles = access.ADJUDICATORS if wanted == "sign" else access.CURATORS
    member = access.member_or_404(request.user, slug, *roles)
    act = ACTS.get(wanted)
    if act is None:
        raise Http404
    refuse_while_coding(request.user, member.project, until=timezone.now())
    return act(request, member)


def _draft(request: HttpRequest, member: Member, form: DraftForm | None = None) -> HttpResponse:
    project = member.project
    closed = closed_to(request.user, project, timezone.now())
    found = drafts.current(project)
    context = {"project": project, "member": member, "closed": closed, "draft": found}
    context |= {"has_codebook": codebooks.current(project), "last": drafts.last_build(project)}
    if found is not None:
        initial = {"version": found.version, "notes": found.notes}
        context["form"] = form or DraftForm(project=project, initial=initial)
        if not closed:
            context |= _built(project, found)
            context["may_alone"] = len(signatures.signers_of(project)) < 2
            context["has_signed"] = any(s.by == request.user for s in drafts.standing(found))
    return render(request, "curation/draft.html", context, status=422 if form else 200)


def _built(project: Project, found: DraftRelease) -> dict[str, object]:
    manifest = drafts.manifest_of(found)
    if manifest is None or manifest.gate is None:
        return {}
    last = versions.last_of(project)
    files = [*manifest.files, _manifest_file(found)]
    return {
        "manifest": manifest,
        "files": files,
        "groups": groups.grouped(files),
        "why": manifest.file("why.zip"),
        "counted": counted_of(manifest),
        "changes": changes.between(manifests.read(last.manifest), manifest) if last else [],
        "previous": last,
        "signed": drafts.standing(found),
        "lapsed": drafts.lapsed(found),
        "lacking": drafts.lacking(found),
        "held_up": manifest.gate.held_up,
    }


def _manifest_file(found: DraftRelease) -> File:
    manifest = drafts.manifest_of(found)
    assert manifest is not None
    return File(manifests.NAME, found.digest, len(manifest.written()))


def _open_or_refused(request: HttpRequest, member: Member) -> DraftRelease:
    """The draft that the page showed, not one that was begun meanwhile."""
    found = member.project.draft_releases.filter(pk=_number(request, "draft")).first()
    if found is None:
        raise Http404
    return found


def _number(request: HttpRequest, name: str) -> int:
    said = request.POST.get(name, "")
    return int(said) if said.isdecimal() and len(said) < 10 else 0


def _begin(request: HttpRequest, member: Member) -> HttpResponse:
    assert isinstance(request.user, User)
    drafts.begin(project=member.project, by=request.user)
    return redirect("curation:draft", member.project.slug)


def _build(request: HttpRequest, member: Member) -> HttpResponse:
    found = _open_or_refused(request, member)
    form = DraftForm(request.POST, project=member.project)
    if not form.is_valid():
        return _draft(request, member, form)
    found = drafts.describe(draft=found, **form.cleaned_data)
    return _ask(request, found, "draft")


def _ask(request: HttpRequest, found: DraftRelease, kind: str) -> HttpResponse:
    assert isinstance(request.user, User)
    asked = builds.ask(
        project=found.project,
        kind=kind,
        arguments={"draft": found.pk, "version": found.version},
        by=request.user,
    )
    return redirect("curation:build", found.project.slug, asked.pk)


def _sign(request: HttpRequest, member: Member) -> HttpResponse:
    assert isinstance(request.user, User)
    found = _open_or_refused(request, member)
    said = request.POST.get("digest", "")
    drafts.sign(draft=found, digest=said, by=request.user, instead=request.POST.get("instead", ""))
    messages.success(request, f"You have signed the draft of {found.version}.")
    return redirect("curation:draft", member.project.slug)


def _discard(request: HttpRequest, member: Member) -> HttpResponse:
    found = drafts.discard(draft=_open_or_refused(request, member))
    messages.success(request, f"The draft of {found.version} is thrown away.")
    return redirect("curation:draft", member.project.slug)


def _cut(request: HttpRequest, member: Member) -> HttpResponse:
    """A second click leads to what the first one cut."""
    found = _open_or_refused(request, member)
    if found.state == DraftRelease.State.CUT:
        return redirect("curation:release", member.project.slug, found.version)
    drafts.refuse(found)
    return _ask(request, found, "release")


ACTS: dict[str, Callable[[HttpRequest, Member], HttpResponse]] = {
    "begin": _begin,
    "build": _build,
    "sign": _sign,
    "discard": _discard,
    "cut": _cut,
}


@login_required
@require_safe
def file(request: HttpRequest, slug: str, draft: int, name: str) -> HttpResponseBase:
    """A file of an open draft, for those who look at it before it is cut."""
    member = access.member_or_404(request.user, slug, *access.ADJUDICATORS)
    found = get_object_or_404(
        DraftRelease, project=member.project, pk=draft, state=DraftRelease.State.OPEN
    )
    manifest = drafts.manifest_of(found)
    kept = manifest.file(name) if manifest else None
    kept = _manifest_file(found) if manifest and name == manifests.NAME else kept
    if kept is None:
        raise Http404
    refuse_while_coding(request.user, member.project, until=timezone.now())
    built = found.built_at or timezone.now()
    try:
        return serving.answer(request, serving.Kept(name, kept.sha256, kept.bytes, built))
    except store.StoreError as error:
        log.error("%s of the draft of %s: %s", name, found.version, error)
        raise Refused(
            f"{name} is damaged or gone on this server: build the draft again."
        ) from error


# ------------------------------------------------------------------ who is left out


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withheld(request: HttpRequest, slug: str) -> HttpResponse:
    """Coders whose answers releases leave out at their wish. For curators."""
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    project = member.project
    assert isinstance(request.user, User)
    ends, posts = _number(request, "withholding"), request.method == "POST"
    people = _people(project)
    form = WithholdForm(request.POST if posts and not ends else None, people=people)
    ending = ReasonForm(request.POST if ends else None)
    if ends and ending.is_valid():
        kept = get_object_or_404(project.withholdings, pk=ends)
        reason = ending.cleaned_data["reason"]
        withholding.end(withholding=kept, reason=reason, by=request.user)
        return redirect("curation:withheld", slug)
    if posts and not ends and form.is_valid():
        coder = User.objects.get(pk=int(form.cleaned_data["coder"]))
        reason = form.cleaned_data["reason"]
        withholding.withhold(project=project, coder=coder, reason=reason, by=request.user)
        return redirect("curation:withheld", slug)
    context = {"project": project, "member": member, "form": form, "people": people}
    context |= {"ending": ending, "ends": ends}
    context["listed"] = project.withholdings.select_related("coder", "by", "ended_by")
    return render(request, "curation/withheld.html", context, status=422 if posts else 200)


def _people(project: Project) -> list[tuple[int, str]]:
    """Who was ever a member, and is not withheld now."""
    past = Member.history.filter(project=project).values("user")
    standing = project.withholdings.filter(ended_at=None).values("coder")
    found = User.objects.filter(pk__in=past).exclude(pk__in=standing).order_by("username")
    return [(user.pk, user.get_username()) for user in found]
