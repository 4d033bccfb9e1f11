"""Releases: cut, verified, compared. Each is frozen bytes, never rendered again."""

from __future__ import annotations

from curation.releases.compare import Proposal, propose
from curation.releases.cut import cut, disputes_now, freeze, refuse_disputes
from curation.releases.verify import Report, verify

__all__ = [
    "Proposal",
    "Report",
    "cut",
    "disputes_now",
    "freeze",
    "propose",
    "refuse_disputes",
    "verify",
]
