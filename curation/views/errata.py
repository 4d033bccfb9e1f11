"""Errors in releases: reported by members and readers, answered by curators, told to all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.syndication.views import Feed
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from coding import access
from coding.models import Project
from curation import often, public
from curation.forms import AnswerForm, ReaderReportForm, ReportForm
from curation.models import Erratum, Release, SentReport
from curation.releases import errata as acts
from curation.releases import manifest as manifests
from curation.views.releases import refuse_while_coding

MOST = 10
WITHIN = timedelta(hours=1)
LISTED = 200
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


# ------------------------------------------------------------------ members


@login_required
@require_safe
def errata(request: HttpRequest, slug: str) -> HttpResponse:
    """What was reported, the open first. Whoever codes a released case again reads nothing."""
    member = access.member_or_404(request.user, slug)
    refuse_while_coding(request.user, member.project)
    found = Erratum.objects.filter(project=member.project)
    state = request.GET.get("state", "")
    counts = {each: found.filter(state=each).count() for each in Erratum.State.values}
    chosen = found.filter(state=state) if state in counts else found
    listed = chosen.select_related("release", "fixed_in").order_by("-number")[:LISTED]
    context = {
        "project": member.project,
        "member": member,
        "listed": listed,
        "counts": counts,
        "state": state,
        "shown": public.is_public(member.project),
    }
    return render(request, "curation/errata.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erratum(request: HttpRequest, slug: str, erratum: int) -> HttpResponse:
    """One report with its answer; curators also see who sent it, and answer."""
    roles = access.CURATORS if request.method == "POST" else ()
    member = access.member_or_404(request.user, slug, *roles)
    refuse_while_coding(request.user, member.project)
    rows = Erratum.objects.select_related("release", "fixed_in", "answered_by", "by")
    found = get_object_or_404(rows, project=member.project, number=erratum)
    form = AnswerForm(request.POST or None, erratum=found, initial=_said(found))
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, User)
        said = form.cleaned_data
        acts.answer(
            erratum=found,
            state=said["state"],
            words=said["answer"],
            fixed_in=said["fixed_in"],
            by=request.user,
        )
        messages.success(request, f"Erratum {found.number} is answered.")
        return redirect("curation:errata", slug)
    is_curator = member.role in access.CURATORS
    context = {
        "project": member.project,
        "erratum": found,
        "form": form if is_curator else None,
        "is_curator": is_curator,
    }
    return render(
        request, "curation/erratum.html", context, status=422 if request.method == "POST" else 200
    )


def _said(erratum: Erratum) -> dict[str, object]:
    state = erratum.state if erratum.state != Erratum.State.OPEN else ""
    return {"state": state, "answer": erratum.answer, "fixed_in": erratum.fixed_in_id}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """A member reports what is wrong with a cell."""
    member = access.member_or_404(request.user, slug)
    refuse_while_coding(request.user, member.project)
    found = get_object_or_404(Release, project=member.project, version=version)
    form = _report_form(ReportForm, request, found)
    assert isinstance(request.user, User)
    if request.method == "POST" and form.is_valid():
        kept = _kept(form, found, by=request.user)
        if kept:
            messages.success(request, f"Erratum {kept.number} is kept. A curator will answer it.")
            return redirect("curation:erratum", slug, kept.number)
    context = {"project": member.project, "release": found, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "curation/report.html", context, status=status)


def _report_form(kind: type[Any], request: HttpRequest, release: Release) -> Any:
    """Filled in where a link leads to a cell."""
    named = {name: request.GET.get(name, "") for name in ("unit", "case", "variable")}
    units = manifests.read(release.manifest).units
    data = request.POST if request.method == "POST" else None
    return kind(data, initial=named, units=units)


def _kept(form: Any, release: Release, **sender: Any) -> Erratum | None:
    try:
        return acts.report(
            release=release, place=form.place(), said=form.cleaned_data["said"], **sender
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None


# ------------------------------------------------------------------ readers


@require_http_methods(["GET", "HEAD", "POST"])
def public_report(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """A reader reports what is wrong with a cell; a few times an hour from one address."""
    found = public.release_or_404(slug, version)
    form = _report_form(ReaderReportForm, request, found)
    context = {"project": found.project, "release": found, "form": form}
    if request.method != "POST":
        context["sent"] = "sent" in request.GET
        return render(request, "curation/public_report.html", context)
    sent = redirect(f"{request.path}?sent")
    if request.POST.get("website"):
        return sent  # a machine: it learns nothing
    mark = often.mark_of(request, "curation.errata", slug)
    if minutes := often.minutes_to_wait(SentReport.objects.all(), mark, MOST, WITHIN):
        time = "a minute" if minutes == 1 else f"{minutes} minutes"
        context["too_often"] = f"Too many reports came from your address: try again in {time}."
        return render(request, "curation/public_report.html", context, status=429)
    if form.is_valid():
        # Counted before the cell is looked up: that reads a whole file.
        often.note(SentReport.objects.all(), mark, WITHIN)
        said = form.cleaned_data
        if _kept(form, found, name=said["name"], email=said["email"]):
            return sent
    return render(request, "curation/public_report.html", context, status=422)


@require_safe
@conditional_page
def public_errata(request: HttpRequest, slug: str) -> HttpResponse:
    """What is known to be wrong, for everybody."""
    project = public.project_or_404(slug)
    waiting = Erratum.objects.filter(project=project, state=Erratum.State.OPEN).count()
    check = request.build_absolute_uri(reverse("curation:public-check", args=[slug]))
    context = {
        "project": project,
        "tab": "errata",
        "known": acts.known(project),
        "waiting": waiting,
        "check": check,
    }
    return render(request, "curation/public_errata.html", context)


def title_of(erratum: Erratum) -> str:
    place = f"{erratum.variable} of {erratum.case}"
    if erratum.fixed_in:
        return f"{place}: fixed in {erratum.fixed_in.version}"
    return f"{place}: wrong in {erratum.release.version}"


def text_of(erratum: Erratum) -> str:
    value = f"“{erratum.value}”" if erratum.value else "no value"
    return (
        f"Release {erratum.release.version} has {value} in {erratum.unit}.csv. "
        f"Reported: {erratum.said} Answer: {erratum.answer}"
    )


def _page(erratum: Erratum, project: Project) -> str:
    page = reverse("curation:public-errata", args=[project.slug])
    return f"{page}#erratum-{erratum.number}"


def _changed(erratum: Erratum) -> datetime:
    """Of the answer, or of the release that fixed it."""
    moments = [erratum.answered_at, erratum.fixed_in and erratum.fixed_in.released_at]
    return max((m for m in moments if m), default=erratum.reported_at)


def _for_xml(text: str) -> str:
    """Without the characters that XML 1.0 cannot hold: they would end the feed for everybody."""
    return NOT_IN_XML.sub("", text)


class _Atom(Atom1Feed):
    """Without a clock: a feed without entries has not changed since ever."""

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else datetime(1970, 1, 1, tzinfo=UTC)


class Atom(Feed):  # type: ignore[type-arg]
    """What is known to be wrong, as Atom (RFC 4287)."""

    feed_type = _Atom
    title_template = description_template = None

    def get_object(self, request: HttpRequest, slug: str) -> Project:
        return public.project_or_404(slug)

    def title(self, project: Project) -> str:
        return f"Errata of {project.title}"

    def link(self, project: Project) -> str:
        return reverse("curation:public-errata", args=[project.slug])

    def items(self, project: Project) -> QuerySet[Erratum]:
        return acts.known(project).select_related("project")

    def item_title(self, item: Erratum) -> str:
        return _for_xml(title_of(item))

    def item_description(self, item: Erratum) -> str:
        return _for_xml(text_of(item))

    def item_link(self, item: Erratum) -> str:
        return _page(item, item.project)

    def item_pubdate(self, item: Erratum) -> datetime:
        return item.reported_at

    def item_updateddate(self, item: Erratum) -> datetime:
        return _changed(item)


@require_safe
@conditional_page
def json_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The same as JSON Feed 1.1; `_cell` says in columns what the text says in words."""
    project = public.project_or_404(slug)
    absolute = request.build_absolute_uri
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"Errata of {project.title}",
        "home_page_url": absolute(reverse("curation:public-errata", args=[slug])),
        "feed_url": absolute(request.path),
        "items": [
            {
                "id": absolute(_page(each, project)),
                "url": absolute(_page(each, project)),
                "title": title_of(each),
                "content_text": text_of(each),
                "date_published": each.reported_at.isoformat(),
                "date_modified": _changed(each).isoformat(),
                "_cell": _cell(each),
            }
            for each in acts.known(project)
        ],
    }
    return JsonResponse(feed, content_type="application/feed+json")


def _cell(erratum: Erratum) -> dict[str, Any]:
    return {
        "erratum": erratum.number,
        "release": erratum.release.version,
        "unit": erratum.unit,
        "case": erratum.case,
        "variable": erratum.variable,
        "value": erratum.value,
        "state": erratum.state,
        "fixed_in": erratum.fixed_in.version if erratum.fixed_in else None,
    }


# ------------------------------------------------------------------ the check


@require_safe
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Has a file an affected cell? `?sha256=` of the file, or `?version=` of the release."""
    project = public.project_or_404(slug)
    sha256, version = request.GET.get("sha256", "").lower(), request.GET.get("version", "")
    for release in public.releases_of(project):
        name = _name_in(release, sha256) if sha256 else ""
        if name or release.version == version:
            return _checked(request, release, name)
    asked = f"file with the sha256 {sha256[:64]}" if sha256 else f"release “{version[:40]}”"
    return _told(
        request,
        [f"There is no {asked} among the releases of {project.title}."],
        {"error": "unknown"},
        404,
    )


def _name_in(release: Release, sha256: str) -> str:
    """What a release calls the file with this hash."""
    files = [*release.manifest["files"], {"name": manifests.NAME, "sha256": release.digest}]
    return next((file["name"] for file in files if file["sha256"] == sha256), "")


def _checked(request: HttpRequest, release: Release, name: str) -> HttpResponse:
    found = acts.affecting_file(release, name)
    withdrawal = public.withdrawal_of(release)
    what = f"{name} of release {release.version}" if name else f"Release {release.version}"
    count = "no known error" if not found else f"{len(found)} cells with a known error"
    lines = [f"{what}: {count.replace('1 cells', '1 cell') if len(found) == 1 else count}."]
    if withdrawal:
        lines.append(f"The release is withdrawn: {withdrawal.reason}")
    lines += [f"{each.case}, {title_of(each)}. {each.answer}" for each in found]
    data = {
        "release": release.version,
        "file": name or None,
        "withdrawn": withdrawal.reason if withdrawal else None,
        "affected": [_cell(each) for each in found],
    }
    return _told(request, lines, data, 200)


def _told(
    request: HttpRequest, lines: list[str], data: dict[str, Any], status: int
) -> HttpResponse:
    if request.GET.get("format") == "json" or request.accepts("text/plain") is False:
        return JsonResponse(data, status=status)
    text = "".join(f"{' '.join(line.split())}\n" for line in lines)
    return HttpResponse(text, content_type="text/plain; charset=utf-8", status=status)
