"""The back office: people, memberships, projects, units, states, cases and sources.

Value, Citation, Coding and Cell are not here. A case or source that only a closed coding has
made is not here either: not in lists, forms, filters, histories, deletions or imports.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from import_export.admin import ImportMixin
from import_export.forms import ConfirmImportForm, ImportForm
from simple_history.admin import SimpleHistoryAdmin

from coding import blind
from coding.models import Case, Codebook, Coding, Member, Project, Source, State, Unit
from curation.faults import BadInput
from curation.office import CaseForm, SourceForm
from curation.resources import (
    CaseResource,
    MemberResource,
    SourceResource,
    StateResource,
    TableFormat,
    Uploaded,
)
from curation.sign_in import OfficeSignInForm

PLAIN = ("", "__exact", "__id__exact")


class Office(admin.ModelAdmin):  # type: ignore[type-arg]
    """Asks nothing of rows that its lists do not show, and deletes only what nothing needs."""

    show_facets = admin.ShowFacets.NEVER

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """By its own filters only: `?children=7` would tell what hangs below a case."""
        named = [name for name in self.list_filter if isinstance(name, str)]
        return lookup in {f"{name}{ending}" for name in named for ending in PLAIN}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One at a time, and what is not needed."""
        return (
            obj is not None
            and super().has_delete_permission(request, obj)
            and not self.is_needed(obj)
        )

    def is_needed(self, obj: Any) -> bool:
        """Does something rest on it that everybody may know of?"""
        return False

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """What protects a row is not told: it may be closed."""
        gone, counts, lacking, kept = super().get_deleted_objects(objs, request)
        return (gone, counts, lacking, ["What others have recorded of it."] if kept else [])


class Knowing(Office):
    """Its form knows who fills it in, and so what this person may know of."""

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[Any]]:
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"user": _user(request)})


class Past(SimpleHistoryAdmin):  # type: ignore[misc]
    """The history of what the lists show. It is read here; nothing is turned back."""

    object_history_list_template = "curation/_past.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        get_object_or_404(self.get_queryset(request), pk=object_id)
        shown: HttpResponse = super().history_view(request, object_id, extra_context)
        return shown

    def history_form_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """A former state as a form could be saved over the present one."""
        raise Http404

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class ProjectImportForm(ImportForm):  # type: ignore[misc]
    """Which project a table belongs to."""

    project = forms.ModelChoiceField(Project.objects.all())
    field_order = ["resource", "project", "import_file", "format"]


class ConfirmProjectForm(ConfirmImportForm):  # type: ignore[misc]
    project = forms.ModelChoiceField(Project.objects.all(), widget=forms.HiddenInput)


class UnitImportForm(ImportForm):  # type: ignore[misc]
    """Which unit of analysis a table lists the cases of."""

    unit = forms.ModelChoiceField(Unit.objects.exclude(rows=Unit.Rows.NUMBERED))
    field_order = ["resource", "unit", "import_file", "format"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].label_from_instance = lambda unit: f"{unit.project}: {unit}"


class ConfirmUnitForm(ConfirmImportForm):  # type: ignore[misc]
    unit = forms.ModelChoiceField(Unit.objects.all(), widget=forms.HiddenInput)


class Import(ImportMixin):  # type: ignore[misc]
    """Tables with a preview, under the rules of the commands."""

    import_formats = [TableFormat]
    tmp_storage_class = Uploaded
    import_form_class = ProjectImportForm
    confirm_form_class = ConfirmProjectForm
    target = "project"

    def has_import_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request) and self.has_change_permission(request))

    def get_import_resource_kwargs(self, request: HttpRequest, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.get("form")
        chosen = form.cleaned_data.get(self.target) if form and form.is_bound else None
        return {
            self.target: chosen,
            "user": request.user,
            "notify": lambda text: messages.warning(request, text),
        }

    def get_confirm_form_initial(self, request: HttpRequest, import_form: Any) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_confirm_form_initial(request, import_form)
        return initial | (
            {self.target: import_form.cleaned_data[self.target].pk} if import_form else {}
        )

    def add_data_read_fail_error_to_form(self, form: forms.Form, error: Exception) -> None:
        if not isinstance(error, BadInput):
            raise error
        for fault in error.faults:
            form.add_error("import_file", str(fault))


# ------------------------------------------------------------------ people


admin.site.login_form = OfficeSignInForm
admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class PersonAdmin(Office, UserAdmin):  # type: ignore[type-arg]
    """Accounts. Who may enter the back office is said here; who codes what is not."""

    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Back office", {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def is_needed(self, obj: Any) -> bool:
        return bool(obj.memberships.exists() or obj.codings.exists())


@admin.register(Member)
class MemberAdmin(Import, Past, Office):
    """Who is in a project, and as what."""

    resource_classes = [MemberResource]
    list_display = ("user", "project", "role", "kind", "pseudonym")
    list_filter = ("project", "role", "kind")
    list_select_related = ("user", "project")
    search_fields = ("user__username", "pseudonym")
    autocomplete_fields = ("user",)
    fields = ("project", "user", "role", "kind", "pseudonym")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Releases know a coder by the pseudonym, so that it never changes."""
        return ("project", "user", "kind", "pseudonym") if obj else ("pseudonym",)

    def is_needed(self, obj: Any) -> bool:
        return Coding.objects.filter(coder=obj.user, case__unit__project=obj.project).exists()


# ------------------------------------------------------------------ projects


@admin.register(Project)
class ProjectAdmin(Past, Office):
    list_display = ("title", "slug", "coders_per_case", "reconcile_by_discussion")
    search_fields = ("title", "slug")
    exclude = ("risk_set",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("slug",) if obj else ()

    def is_needed(self, obj: Any) -> bool:
        return bool(obj.units.exists() or obj.codebooks.exists())


@admin.register(Unit)
class UnitAdmin(Office):
    """Units come with the codebook; their words can be mended until one is published."""

    list_display = ("label", "name", "project", "rows", "parent")
    list_filter = ("project",)
    list_select_related = ("project", "parent")
    readonly_fields = ("project", "name", "parent", "rows", "key_name", "position")
    fields = ("project", "name", "label", "definition", "parent", "rows", "key_name", "position")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and not (obj and _is_published(obj.project_id))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _is_published(project: int) -> bool:
    return Codebook.objects.filter(project=project).exclude(published_at=None).exists()


@admin.register(State)
class StateAdmin(Import, Office):
    resource_classes = [StateResource]
    list_display = ("name", "code", "abbreviation", "member_from", "member_until", "region")
    list_filter = ("project", "region")
    search_fields = ("name", "code", "abbreviation")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("project", "code") if obj else ()

    def is_needed(self, obj: Any) -> bool:
        return Coding.objects.filter(case__unit__project=obj.project_id).exists()


# ------------------------------------------------------------------ cases and sources


@admin.register(Case)
class CaseAdmin(Import, Past, Knowing):
    resource_classes = [CaseResource]
    import_form_class = UnitImportForm
    confirm_form_class = ConfirmUnitForm
    target = "unit"
    form = CaseForm
    list_display = ("key", "title", "unit", "in_universe")
    list_filter = ("unit__project", "unit", "in_universe")
    list_select_related = ("unit",)
    search_fields = ("key", "title")
    autocomplete_fields = ("parent", "superseded_by")
    fields = ("unit", "key", "title", "parent", "facts", "in_universe", "superseded_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        opened = blind.open_cases(_user(request)).values("pk")
        found: QuerySet[Case] = super().get_queryset(request).filter(pk__in=opened)
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rows below a case are called by its key, so that it never changes."""
        return ("unit", "key", "parent") if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Case:
            kwargs["queryset"] = self.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_history_queryset(self, request: HttpRequest, *args: Any) -> QuerySet[Any]:
        """Before it was known to all, a listed case was known to its coder alone."""
        past: QuerySet[Any] = super().get_history_queryset(request, *args)
        opened = blind.opened_cases(_user(request)).filter(pk=args[-1])
        return past if opened.exists() else past.exclude(rostered=True)

    def is_needed(self, obj: Any) -> bool:
        family = Coding.objects.of_family(obj.family_id)
        return family.exists() or Case.objects.filter(superseded_by=obj).exists()


@admin.register(Source)
class SourceAdmin(Import, Past, Knowing):
    """The bibliography, and what open values cite. Off the bibliography instead of deleted."""

    resource_classes = [SourceResource]
    form = SourceForm
    list_display = ("citation", "project", "url", "listed")
    list_filter = ("project", "listed")
    list_select_related = ("project",)
    search_fields = ("citation", "url")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        opened = blind.open_sources(_user(request)).values("pk")
        found: QuerySet[Source] = super().get_queryset(request).filter(pk__in=opened)
        return found

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What is added here is of the bibliography."""
        return ("project", "citation", "url", "csl", *(["listed"] if obj else []))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A text that is taken already could be that of a source that only a coder knows."""
        return ("project", "citation") if obj else ()

    def get_history_queryset(self, request: HttpRequest, *args: Any) -> QuerySet[Any]:
        """Before it was in the bibliography, a source was known to its coder alone."""
        past: QuerySet[Any] = super().get_history_queryset(request, *args)
        opened = blind.opened_sources(_user(request)).filter(pk=args[-1])
        return past if opened.exists() else past.exclude(listed=False)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a source can be deleted would tell whether a closed value cites it."""
        return False


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
