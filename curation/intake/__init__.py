"""Files into a project: everything is checked first, then written in one transaction or not at all.

A dry run writes and takes all of it back, so that its report is that of the real thing. No
report tells what a coder said before.
"""

from __future__ import annotations

from curation.intake.cases import CaseColumns, CasesReport, check_cases, filled, import_cases
from curation.intake.codebooks import (
    CodebookReport,
    draft_stamp,
    import_codebook,
    replace_draft,
    would_change,
)
from curation.intake.codings import CodingsReport, import_codings
from curation.intake.corrections import (
    Corrections,
    cells_to_edit,
    correct,
    read_corrections,
)

__all__ = [
    "CaseColumns",
    "CasesReport",
    "CodebookReport",
    "CodingsReport",
    "Corrections",
    "cells_to_edit",
    "check_cases",
    "correct",
    "draft_stamp",
    "filled",
    "import_cases",
    "import_codebook",
    "import_codings",
    "read_corrections",
    "replace_draft",
    "would_change",
]
