"""The studies that a release can be asked; a new one is declared in a module and named here."""

from __future__ import annotations

from curation.studies import coalition, joining, success
from curation.studies.declared import Study

STUDIES: dict[str, Study] = {s.name: s for s in (coalition.STUDY, joining.STUDY, success.STUDY)}
