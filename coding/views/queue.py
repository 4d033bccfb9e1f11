"""Beside the queue of disputes: who settles what, and the views that a member keeps."""

from __future__ import annotations

from collections import Counter
from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from coding import access, blind, work
from coding.disputes import Queue
from coding.errors import Refused
from coding.filters import Asked
from coding.models import Claim, Member, Project, SavedView
from coding.views.writing import writes


class ViewForm(forms.Form):
    name = forms.CharField(max_length=60, error_messages={"required": "Give the view a name."})


@require_POST
@login_required
def keep_view(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep the filters and the order that the page shows under a name."""
    member = access.settler_or_404(request.user, slug)
    asked, form = Asked.of(request.POST), ViewForm({"name": request.POST.get("view", "")})
    if form.is_valid():
        work.keep_view(member=member, name=form.cleaned_data["name"], query=asked.query)
        messages.success(request, f"Kept as {form.cleaned_data['name']}.")
    else:
        messages.error(request, str(form.errors["name"][0]))
    return _to_queue(slug, asked.query)


@require_POST
@login_required
def drop_view(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a kept view away; the disputes are as they were."""
    member = access.settler_or_404(request.user, slug)
    view = get_object_or_404(SavedView, member=member, pk=pk)
    work.drop_view(view=view)
    messages.success(request, f"The view {view.name} is taken away.")
    return _to_queue(slug, "")


def _to_queue(slug: str, query: str) -> HttpResponse:
    return redirect(f"{reverse('coding:disputes', args=[slug])}{'?' if query else ''}{query}")


@writes
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with what somebody else has claimed, with a reason."""
    assert isinstance(request.user, User)
    case, _ = access.case_to_settle_or_404(request.user, pk)
    if reason := work.barred(case, request.user):
        raise Refused(reason)
    work.take_over(case=case, reason=request.POST.get("reason", ""), by=request.user)
    messages.success(request, "The case is yours to settle.")
    query = request.GET.urlencode()
    return redirect(f"{reverse('coding:dispute', args=[pk])}{'?' if query else ''}{query}")


# ------------------------------------------------------------------ who settles what


class ShareForm(forms.Form):
    """To whom the disputes are given."""

    to = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose who settles them."},
    )

    def __init__(self, data: QueryDict | None = None, *, people: dict[int, User]) -> None:
        super().__init__(data)
        self.people = people
        choices = [(str(pk), user.get_username()) for pk, user in people.items()]
        cast(forms.MultipleChoiceField, self.fields["to"]).choices = choices

    @property
    def chosen(self) -> list[User]:
        return [self.people[int(pk)] for pk in self.cleaned_data["to"]]


@login_required
def share_out(request: HttpRequest, slug: str) -> HttpResponse:
    """Assign the disputes that the filters leave to adjudicators, or take that back."""
    assert isinstance(request.user, User)
    member = access.member_or_404(request.user, slug, *access.CURATORS)
    queue = Queue(request.user, member.project, Asked.of(request.GET))
    disputes = _by_family(queue)
    posted = request.POST if request.method == "POST" else None
    form = ShareForm(posted, people=_people(member.project))
    if "back" in request.POST:
        count = work.take_back_assigned(families=list(disputes), by=request.user)
        messages.success(request, f"{count} case{'' if count == 1 else 's'} anybody may claim.")
        return _to_queue(slug, queue.asked.query)
    if form.is_bound and form.is_valid():
        to = form.chosen
        done = work.share_out(project=member.project, disputes=disputes, to=to, by=request.user)
        messages.success(request, _told(done))
        return _to_queue(slug, queue.asked.query)
    context = {
        "project": member.project,
        "asked": queue.asked,
        "form": form,
        "families": len(disputes),
        "disputes": sum(disputes.values()),
        "people": _loads(queue, form.people, request.POST.getlist("to")),
        "assigned": Claim.objects.assigned().filter(case__in=disputes).count(),
    }
    status = 422 if form.errors else 200
    return render(request, "coding/share_out.html", context, status=status)


def _by_family(queue: Queue) -> dict[int, int]:
    """How many disputes each family has among those that the filters leave."""
    cells = queue.narrowed.order_by().values_list("case__root", "case")
    found: Counter[int] = Counter()
    for root, case, count in cells.annotate(n=Count("pk")).values_list("case__root", "case", "n"):
        found[root or case] += count
    return dict(found)


def _people(project: Project) -> dict[int, User]:
    """Those who may be given disputes, by name."""
    members = project.members.filter(role__in=access.ADJUDICATORS, kind=Member.Kind.PERSON)
    in_order = members.select_related("user").order_by("user__username")
    return {m.user_id: m.user for m in in_order if m.user.is_active}


def _loads(
    queue: Queue, people: dict[int, User], chosen: list[str]
) -> list[tuple[int, str, int, bool]]:
    """Each person, with the cases that are assigned to them and have a dispute open."""
    disputed = blind.disputes_for(queue.user, queue.project).order_by()
    assigned = Claim.objects.assigned().filter(
        Q(case__in=disputed.values("case")) | Q(case__in=disputed.values("case__root"))
    )
    loads = dict(assigned.order_by().values_list("user").annotate(n=Count("pk")))
    return [(pk, u.get_username(), loads.get(pk, 0), str(pk) in chosen) for pk, u in people.items()]


def _told(done: work.Shared) -> str:
    said = ", ".join(f"{name} {count}" for name, count in done.given.items())
    left = [
        f"{done.coded} left, since everybody chosen coded there" if done.coded else "",
        f"{done.claimed} left with those who settle them now" if done.claimed else "",
    ]
    return "; ".join([f"Disputes shared out: {said}", *filter(None, left)]) + "."
