"""Every address of the site: the research process, the published dataset, the back office."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from curation.sign_in import SignInForm
from curation.views import (
    builds,
    codebooks,
    comparisons,
    corrections,
    errata,
    making,
    public,
    releases,
    standing,
    studies,
)

publishing = [
    path("schemas/codebook.schema.json", codebooks.json_schema, name="codebook-schema"),
    path("projects/<slug:slug>/codebook/draft/upload/", codebooks.upload, name="codebook-upload"),
    path(
        "projects/<slug:slug>/codebook/<int:number>/files/", codebooks.files, name="codebook-files"
    ),
    path(
        "projects/<slug:slug>/codebook/<int:number>/files/<slug:format_name>",
        codebooks.file,
        name="codebook-file",
    ),
    path("projects/<slug:slug>/corrections/", corrections.corrections, name="corrections"),
    path("projects/<slug:slug>/corrections/cells.csv", corrections.cells, name="cells-to-edit"),
    path("projects/<slug:slug>/releases/", releases.releases, name="releases"),
    path("projects/<slug:slug>/builds/<int:build>/", builds.build, name="build"),
    path("projects/<slug:slug>/builds/<int:build>/cancel/", builds.cancel, name="build-cancel"),
    path("projects/<slug:slug>/releases/errata/", errata.errata, name="errata"),
    path("projects/<slug:slug>/releases/errata/<int:erratum>/", errata.erratum, name="erratum"),
    path("projects/<slug:slug>/releases/gate/", making.conditions, name="gate"),
    path("projects/<slug:slug>/releases/draft/", making.draft, name="draft"),
    path(
        "projects/<slug:slug>/releases/draft/<int:draft>/files/<str:name>",
        making.file,
        name="draft-file",
    ),
    path("projects/<slug:slug>/releases/withheld/", making.withheld, name="withheld"),
    path("projects/<slug:slug>/releases/public/", standing.switch, name="public-switch"),
    path("projects/<slug:slug>/releases/compare/", comparisons.choose, name="compare-releases"),
    path(
        "projects/<slug:slug>/releases/compare/<str:earlier>/<str:later>/",
        comparisons.compare,
        name="compare",
    ),
    path(
        "projects/<slug:slug>/releases/compare/<str:earlier>/<str:later>/changes.csv",
        comparisons.as_csv,
        name="compare-csv",
    ),
    path(
        "projects/<slug:slug>/releases/compare/<str:earlier>/<str:later>/changes.md",
        comparisons.as_markdown,
        name="compare-markdown",
    ),
    path("projects/<slug:slug>/releases/<str:version>/", releases.release, name="release"),
    path("projects/<slug:slug>/releases/<str:version>/report/", errata.report, name="report"),
    path(
        "projects/<slug:slug>/releases/<str:version>/standing/", standing.standing, name="standing"
    ),
    path("projects/<slug:slug>/releases/<str:version>/bag.zip", standing.bundle, name="bag"),
    path(
        "projects/<slug:slug>/releases/<str:version>/files/<str:name>", releases.file, name="file"
    ),
    path("projects/<slug:slug>/studies/", studies.studies, name="studies"),
    path("projects/<slug:slug>/studies/risk-set/", studies.risk_set, name="risk-set"),
    path("projects/<slug:slug>/studies/<slug:study>/", studies.study, name="study"),
    path("projects/<slug:slug>/studies/<slug:study>/run/", studies.run, name="study-run"),
    path(
        "projects/<slug:slug>/studies/<slug:study>/files/<str:name>",
        studies.file,
        name="study-file",
    ),
    # What needs no account, where a curator opened it; a version has dots, so no page is one.
    path("public/<slug:slug>/", public.releases, name="public"),
    path("public/<slug:slug>/errata/", errata.public_errata, name="public-errata"),
    path("public/<slug:slug>/errata.atom", errata.Atom(), name="public-errata-atom"),
    path("public/<slug:slug>/errata.json", errata.json_feed, name="public-errata-json"),
    path("public/<slug:slug>/check", errata.check, name="public-check"),
    path("public/<slug:slug>/<str:version>/", public.release, name="public-release"),
    path("public/<slug:slug>/<str:version>/codebook/", public.codebook, name="public-codebook"),
    path("public/<slug:slug>/<str:version>/report/", errata.public_report, name="public-report"),
    path("public/<slug:slug>/<str:version>/cite.bib", public.bibtex, name="public-bibtex"),
    path("public/<slug:slug>/<str:version>/cite.ris", public.ris, name="public-ris"),
    path("public/<slug:slug>/<str:version>/bag.zip", public.bundle, name="public-bag"),
    path("public/<slug:slug>/<str:version>/files/<str:file>", public.file, name="public-file"),
]
urlpatterns = [
    path(
        "sign-in/",
        auth.LoginView.as_view(
            template_name="curation/sign_in.html", authentication_form=SignInForm
        ),
        name="login",
    ),
    path("sign-out/", auth.LogoutView.as_view(), name="logout"),
    path(
        "password/",
        auth.PasswordChangeView.as_view(template_name="curation/password.html"),
        name="password_change",
    ),
    path(
        "password/done/",
        auth.PasswordChangeDoneView.as_view(template_name="curation/password_done.html"),
        name="password_change_done",
    ),
    path("admin/", admin.site.urls),
    path("", include((publishing, "curation"))),
    path("", include("coding.urls")),
]
