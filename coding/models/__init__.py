"""The tables. Value, Citation and Cell are read through coding.blind and written by coding.work."""

from __future__ import annotations

from coding.models.batch import Batch
from coding.models.case import Case, Source
from coding.models.claim import Claim, SavedView
from coding.models.codebook import Category, Codebook, Entry, MissingCode, Variable
from coding.models.coding import Cell, Citation, Coding, Value
from coding.models.comment import Comment, Inquiry, Move, Notice
from coding.models.design import Design
from coding.models.first import FirstAnswer
from coding.models.precedent import Ground, Precedent, Proposal
from coding.models.project import Member, Project, State, Unit
from coding.models.recoding import Recoding
from coding.models.review import Review, Verification
from coding.models.second import Bypass, SecondLook, Vote, VoteGround
from coding.models.series import Series
from coding.models.training import Certification, Gold
from coding.models.waiver import Waiver

__all__ = [
    "Batch",
    "Bypass",
    "Case",
    "Category",
    "Cell",
    "Certification",
    "Citation",
    "Claim",
    "Codebook",
    "Coding",
    "Comment",
    "Design",
    "Entry",
    "FirstAnswer",
    "Gold",
    "Ground",
    "Inquiry",
    "Member",
    "MissingCode",
    "Move",
    "Notice",
    "Precedent",
    "Project",
    "Proposal",
    "Recoding",
    "Review",
    "SavedView",
    "SecondLook",
    "Series",
    "Source",
    "State",
    "Unit",
    "Value",
    "Variable",
    "Verification",
    "Vote",
    "VoteGround",
    "Waiver",
]
