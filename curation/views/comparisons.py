"""Two releases side by side: as a page, as CSV, as Markdown."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag, urlencode
from django.views.decorators.http import require_safe

from coding import access
from coding.charts import Svg, bar, ranking
from coding.errors import Refused
from coding.models import Case, Member
from curation import public
from curation.releases import between, changelist
from curation.releases.between import Changed, Comparison
from curation.releases.causes import CAUSES
from curation.releases.csvfile import Field
from curation.releases.differences import CHANGES
from curation.views.releases import refuse_while_coding

ON_A_PAGE = 50
PLACES = 8
FILTERS = ("variable", "cause", "change")


@login_required
@require_safe
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Leads to the two releases that were chosen, or to the last two."""
    member = access.member_or_404(request.user, slug)
    versions = [r.version for r in public.releases_of(member.project).order_by("-pk")]
    if len(versions) < 2:
        raise Refused(
            "There are no two releases yet, so there is nothing to compare.",
            [("Releases", reverse("curation:releases", args=[slug]))],
        )
    before = request.GET.get("before", versions[1])
    after = request.GET.get("after", versions[0])
    if not {before, after} <= set(versions):
        raise Http404
    return redirect("curation:compare", slug, before, after)


@login_required
@require_safe
def compare(request: HttpRequest, slug: str, earlier: str, later: str) -> HttpResponse:
    """Every cell that differs, with its cause; and in which variables, states and periods."""
    member, found = _comparison_or_404(request.user, slug, earlier, later)
    if found.before.version != earlier:
        return redirect("curation:compare", slug, later, earlier)
    asked = {name: request.GET.get(name, "") for name in FILTERS}
    shown = between.asked(found.changes, **asked)
    page = Paginator(shown, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "project": member.project,
        "comparison": found,
        "releases": public.releases_of(member.project).order_by("-pk"),
        "asked": asked,
        "is_narrow": any(asked.values()),
        "page": page,
        "shown": _shown(member, list(page.object_list)),
        "causes": _causes(found, asked),
        "changes": CHANGES,
        "meanings": CAUSES,
        "variables": sorted({each.variable for each in found.changes}),
        "moved": [_moved(row) for row in found.by_variable if _moved(row).changes],
        "places": list(_places(found.places)),
    }
    return render(request, "curation/compare.html", context)


@login_required
@require_safe
def as_csv(request: HttpRequest, slug: str, earlier: str, later: str) -> HttpResponseBase:
    """Every changed cell in a line."""
    _, found = _comparison_or_404(request.user, slug, earlier, later)
    if unchanged := get_conditional_response(request, etag=_etag(found)):
        return unchanged
    name = f"{slug}-{found.before.version}-{found.after.version}.csv"
    return _file(StreamingHttpResponse(_lines(found), content_type="text/csv"), found, name)


@login_required
@require_safe
def as_markdown(request: HttpRequest, slug: str, earlier: str, later: str) -> HttpResponseBase:
    """The change list in words."""
    _, found = _comparison_or_404(request.user, slug, earlier, later)
    if unchanged := get_conditional_response(request, etag=_etag(found)):
        return unchanged
    answer = HttpResponse(found.markdown(), content_type="text/markdown; charset=utf-8")
    return _file(answer, found, f"{slug}-{found.before.version}-{found.after.version}.md")


def _comparison_or_404(
    user: User | AnonymousUser, slug: str, earlier: str, later: str
) -> tuple[Member, Comparison]:
    """The earlier release stands left, whichever was named first."""
    member = access.member_or_404(user, slug)
    refuse_while_coding(user, member.project)
    named = public.releases_of(member.project).filter(version__in=(earlier, later))
    both = list(named.select_related("codebook", "previous").order_by("pk"))
    if {release.version for release in both} != {earlier, later}:
        raise Http404
    return member, between.compare(member.project, both[0], both[-1])


class Echo:
    """What is written comes back at once."""

    def write(self, line: str) -> str:
        return line


def _lines(found: Comparison) -> Iterator[str]:
    writer = csv.writer(Echo(), lineterminator="\n")
    yield writer.writerow(between.COLUMNS)
    for each in found.changes:
        yield writer.writerow(each)


def _etag(found: Comparison) -> str:
    return quote_etag(f"{found.before.digest}-{found.after.digest}")


def _file(answer: HttpResponseBase, found: Comparison, name: str) -> HttpResponseBase:
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["ETag"] = _etag(found)
    answer["Cache-Control"] = "private, no-cache"
    return answer


# ------------------------------------------------------------------ what the page shows


@dataclass(frozen=True)
class Shown:
    """A changed cell with the way to its case's history."""

    changed: Changed
    case: int | None


def _shown(member: Member, changes: Sequence[Changed]) -> list[Shown]:
    keys = {each.case for each in changes}
    rows = Case.objects.filter(unit__project=member.project, key__in=keys).order_by()
    cases = {(unit, key): pk for unit, key, pk in rows.values_list("unit__name", "key", "pk")}
    return [Shown(each, cases.get((each.unit, each.case))) for each in changes]


@dataclass(frozen=True)
class Causes:
    """The causes by kind of change: a picture and its table."""

    chart: Svg
    rows: list[tuple[str, list[int], int]]


def _causes(found: Comparison, asked: dict[str, str]) -> Causes:
    by_cause: Counter[str] = Counter()
    for (_, cause), count in found.counts.items():
        by_cause[cause] += count
    there = [cause for cause in CAUSES if by_cause[cause]]
    drawn = [(c, by_cause[c], f"?{urlencode({'cause': c})}#cells") for c in there]
    rows = [(c, [found.counts[change, c] for change in CHANGES], by_cause[c]) for c in there]
    return Causes(ranking(drawn, "Changed cells by cause"), rows)


@dataclass(frozen=True)
class Moved:
    """A variable in both releases."""

    unit: str
    variable: str
    before: Field
    after: Field
    counts: list[Field]
    percent: str
    alpha: str
    no_alpha: str

    @property
    def changes(self) -> int:
        return sum(int(count or 0) for count in self.counts)


def _moved(row: Sequence[Field]) -> Moved:
    at = dict(zip(changelist.OF_VARIABLE, row, strict=True))
    return Moved(
        str(at["unit"]),
        str(at["variable"]),
        at["before"],
        at["after"],
        [at[change] for change in CHANGES],
        f"{float(at['percent']):.1%}" if at["percent"] else "",
        str(at["alpha"]),
        str(at["no_alpha"]),
    )


@dataclass(frozen=True)
class Places:
    """The states, regions or decades that moved most."""

    kind: str
    rows: list[tuple[str, int, int, Svg]]


def _places(rows: Sequence[Sequence[Field]]) -> Iterator[Places]:
    for kind, title in (("state", "States"), ("region", "Regions"), ("decade", "Decades")):
        of = [(str(name), int(str(cells)), int(str(n))) for k, name, cells, n in rows if k == kind]
        if of:
            shown = [(*each, bar(each[2] / max(*each[1:], 1), each[0])) for each in of[:PLACES]]
            yield Places(title, shown)
