"""The addresses of the research process."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from coding.views import cases, codebook, history, home

app_name = "coding"


def _s(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse("")


urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/act/assign/", cases.assign, name="assign"),
    path("cases/<int:pk>/act/unblind/", cases.unblind, name="unblind"),
    path("cases/<int:pk>/act/withdraw/", cases.withdraw, name="withdraw"),
    path("cases/<int:pk>/history/", history.history, name="history"),
    path("codings/<int:pk>/", _s, name="sheet"),
    path("projects/<slug:slug>/", home.start, name="start"),
    path("projects/<slug:slug>/cases/", cases.cases, name="cases"),
    path("projects/<slug:slug>/codebook/", codebook.codebook, name="codebook"),
    path(
        "projects/<slug:slug>/codebook/<int:number>/", codebook.codebook, name="codebook-version"
    ),
]
