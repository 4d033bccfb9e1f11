"""Releases: cut, verified, compared. Each is frozen bytes, never rendered again."""

from __future__ import annotations

from curation.releases.compare import Proposal, propose
from curation.releases.cut import cut, freeze
from curation.releases.signatures import Signing
from curation.releases.verify import Report, verify

__all__ = [
    "Proposal",
    "Report",
    "Signing",
    "cut",
    "freeze",
    "propose",
    "verify",
]
