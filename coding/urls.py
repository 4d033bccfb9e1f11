from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

app_name = "coding"


def _s(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse("")


urlpatterns: list[URLPattern] = [path("codings/<int:pk>/", _s, name="sheet")]
