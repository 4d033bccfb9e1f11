"""Every address of the site: the research process, the published dataset, the back office."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from curation.sign_in import SignInForm
from curation.views import builds, codebooks, releases

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
    path("projects/<slug:slug>/releases/", releases.releases, name="releases"),
    path("projects/<slug:slug>/builds/<int:build>/", builds.build, name="build"),
    path("projects/<slug:slug>/builds/<int:build>/cancel/", builds.cancel, name="build-cancel"),
    path("projects/<slug:slug>/releases/<str:version>/", releases.release, name="release"),
    path(
        "projects/<slug:slug>/releases/<str:version>/files/<str:name>", releases.file, name="file"
    ),
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
