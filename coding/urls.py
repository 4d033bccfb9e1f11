"""The addresses of the research process."""

from __future__ import annotations

from django.urls import URLPattern, path

from coding.views import (
    acts,
    bulk,
    cases,
    codebook,
    compare,
    disputes,
    draft,
    draft_entry,
    draft_words,
    history,
    home,
    learning,
    plan,
    precedents,
    proposals,
    publish,
    quality,
    queue,
    recoding,
    reliability,
    reliability_report,
    saving,
    sheet,
    training,
    work,
)

app_name = "coding"


urlpatterns: list[URLPattern] = [
    path("", home.home, name="home"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/act/assign/", cases.assign, name="assign"),
    path("cases/<int:pk>/act/gold/", training.gold, name="gold"),
    path("cases/<int:pk>/act/take-over/", queue.take_over, name="take-over"),
    path("cases/<int:pk>/act/unblind/", cases.unblind, name="unblind"),
    path("cases/<int:pk>/act/waive/", quality.waive, name="waive"),
    path("cases/<int:pk>/act/withdraw/", cases.withdraw, name="withdraw"),
    path("cases/<int:pk>/disputes/", disputes.dispute, name="dispute"),
    path("cases/<int:pk>/disputes/<int:cell>/", disputes.settle, name="settle"),
    path("cases/<int:pk>/disputes/<int:cell>/precedent/", precedents.mark, name="mark-precedent"),
    path("cases/<int:pk>/disputes/<int:cell>/propose/", proposals.propose, name="propose"),
    path("cases/<int:pk>/history/", history.history, name="history"),
    path("codings/<int:pk>/", sheet.sheet, name="sheet"),
    path("codings/<int:pk>/<slug:name>/", saving.field, name="save"),
    path("codings/<int:pk>/<slug:name>/cite/", saving.cite, name="cite"),
    path("codings/<int:pk>/act/add/<slug:unit>/", acts.add_row, name="add-row"),
    path("codings/<int:pk>/act/give-back/", acts.give_back, name="give-back"),
    path("codings/<int:pk>/act/remove/", acts.remove_row, name="remove-row"),
    path("codings/<int:pk>/act/submit/", acts.submit, name="submit"),
    path("codings/<int:pk>/act/take-back/", acts.take_back, name="take-back"),
    path("projects/<slug:slug>/", home.start, name="start"),
    path("projects/<slug:slug>/cases/", cases.cases, name="cases"),
    path("projects/<slug:slug>/codebook/", codebook.codebook, name="codebook"),
    path("projects/<slug:slug>/codebook/compare/", compare.choose, name="compare-versions"),
    path(
        "projects/<slug:slug>/codebook/compare/<int:before>/<int:after>/",
        compare.compare,
        name="compare",
    ),
    path(
        "projects/<slug:slug>/codebook/compare/<int:before>/<int:after>.json",
        compare.as_json,
        name="compare-json",
    ),
    path(
        "projects/<slug:slug>/codebook/compare/<int:before>/<int:after>.md",
        compare.as_markdown,
        name="compare-markdown",
    ),
    path("projects/<slug:slug>/codebook/<int:number>/", codebook.codebook, name="codebook-version"),
    path("projects/<slug:slug>/codebook/draft/publish/", publish.publish, name="publish"),
    path(
        "projects/<slug:slug>/codebook/<int:number>/recoding/", recoding.progress, name="recoding"
    ),
    path(
        "projects/<slug:slug>/codebook/<int:number>/recoding/assign/",
        recoding.assign,
        name="recoding-assign",
    ),
    path("projects/<slug:slug>/codebook/draft/", draft.draft, name="draft"),
    path("projects/<slug:slug>/codebook/draft/add/", draft_entry.add, name="draft-add"),
    path("projects/<slug:slug>/codebook/draft/back/<slug:name>/", draft.back, name="draft-back"),
    path("projects/<slug:slug>/codebook/draft/discard/", draft.discard, name="draft-discard"),
    path(
        "projects/<slug:slug>/codebook/draft/entries/<slug:name>/",
        draft_entry.entry,
        name="draft-entry",
    ),
    path(
        "projects/<slug:slug>/codebook/draft/entries/<slug:name>/act/", draft.act, name="draft-act"
    ),
    path("projects/<slug:slug>/codebook/draft/outline/", draft.outline, name="draft-outline"),
    path("projects/<slug:slug>/codebook/draft/preview/", draft_entry.preview, name="draft-preview"),
    path("projects/<slug:slug>/codebook/draft/start/", draft.start, name="draft-start"),
    path("projects/<slug:slug>/codebook/draft/words/", draft_words.words, name="draft-words"),
    path(
        "projects/<slug:slug>/codebook/<int:number>.md",
        codebook.as_markdown,
        name="codebook-markdown",
    ),
    path("projects/<slug:slug>/codebook/<int:number>.pdf", codebook.as_pdf, name="codebook-pdf"),
    path("projects/<slug:slug>/disputes/", disputes.disputes, name="disputes"),
    path("projects/<slug:slug>/training/", training.project, name="training"),
    path(
        "projects/<slug:slug>/training/coders/<int:member>/",
        training.coder,
        name="training-coder",
    ),
    path(
        "projects/<slug:slug>/training/coders/<int:member>/act/assign/",
        training.assign,
        name="train",
    ),
    path(
        "projects/<slug:slug>/training/coders/<int:member>/act/certify/",
        training.certify,
        name="certify",
    ),
    path("projects/<slug:slug>/training/own/", training.own, name="training-own"),
    path("projects/<slug:slug>/training/sheets/<int:pk>/", training.sheet, name="training-sheet"),
    path("projects/<slug:slug>/reliability/", reliability.overview, name="reliability"),
    path(
        "projects/<slug:slug>/reliability/by-coder/", reliability.coders, name="reliability-coders"
    ),
    path(
        "projects/<slug:slug>/reliability/full-report/",
        reliability_report.report,
        name="reliability-report",
    ),
    path(
        "projects/<slug:slug>/reliability/full-report.pdf",
        reliability_report.as_pdf,
        name="reliability-pdf",
    ),
    path(
        "projects/<slug:slug>/reliability/full-report.csv",
        reliability_report.as_csv,
        name="reliability-csv",
    ),
    path(
        "projects/<slug:slug>/reliability/inputs/<slug:name>.csv",
        reliability_report.as_input,
        name="reliability-input",
    ),
    path(
        "projects/<slug:slug>/reliability/<slug:name>/elsewhere/",
        reliability_report.code,
        name="reliability-code",
    ),
    path(
        "projects/<slug:slug>/reliability/<slug:name>/",
        reliability.variable,
        name="reliability-variable",
    ),
    path(
        "projects/<slug:slug>/reliability/<slug:name>/cells/",
        reliability.cells,
        name="reliability-cells",
    ),
    path("projects/<slug:slug>/disputes/batches/", bulk.batches, name="batches"),
    path("projects/<slug:slug>/disputes/batches/<int:pk>/undo/", bulk.undo, name="undo-batch"),
    path("projects/<slug:slug>/disputes/bulk/", bulk.bulk, name="bulk"),
    path("projects/<slug:slug>/disputes/assign/", queue.share_out, name="share-out"),
    path("projects/<slug:slug>/disputes/reopen/", bulk.reopen, name="reopen"),
    path("projects/<slug:slug>/disputes/views/", queue.keep_view, name="keep-view"),
    path("projects/<slug:slug>/disputes/views/<int:pk>/drop/", queue.drop_view, name="drop-view"),
    path("projects/<slug:slug>/plan/", plan.plan, name="plan"),
    path("projects/<slug:slug>/plan/assign/", plan.design, name="design"),
    path("projects/<slug:slug>/plan/leave/", plan.leave, name="leave"),
    path("projects/<slug:slug>/learning/", learning.learning, name="learning"),
    path("projects/<slug:slug>/learning/own/", learning.own, name="learning-own"),
    path("projects/<slug:slug>/precedents/", precedents.precedents, name="precedents"),
    path(
        "projects/<slug:slug>/precedents/<int:pk>/withdraw/",
        precedents.withdraw,
        name="withdraw-precedent",
    ),
    path(
        "projects/<slug:slug>/codebook/proposals/<int:pk>/answer/",
        proposals.answer,
        name="answer-proposal",
    ),
    path("projects/<slug:slug>/quality/", quality.listing, name="quality"),
    path("projects/<slug:slug>/work/", work.work, name="work"),
]
