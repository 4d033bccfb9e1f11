"""The acts of coding: the only writing door to codings, values, citations and cells.

Each act is one transaction, takes keywords, returns what it wrote and raises Refused in words.
"""

from __future__ import annotations

from coding.work.aligning import align
from coding.work.answers import add_citation, clear_value, remove_citation, save_value, token
from coding.work.batches import Correction, correct_in_bulk, reopen, rule_in_bulk, undo_batch
from coding.work.bypasses import CODED, barred, pass_by, rule_as_coder
from coding.work.cells import CAUSES, recompute, settle, settle_with_fewer, verify
from coding.work.claims import (
    Shared,
    claim,
    drop_view,
    keep_view,
    share_out,
    take_back_assigned,
    take_over,
)
from coding.work.decisions import Decision, ancestry, decision_of
from coding.work.derived import Followed, follow_series
from coding.work.drift import Drift, drift, unverified
from coding.work.first import answer_first
from coding.work.grounds import Place
from coding.work.phases import assign, give_back, submit, take_back, unblind, withdraw
from coding.work.precedents import (
    close_proposal,
    mark_precedent,
    propose,
    withdraw_precedent,
)
from coding.work.recodes import Consequence, ask, compute_again, follow_codebook, foresee, left
from coding.work.recomparing import Anew, Compared, foresee_compared
from coding.work.records import Cited, Recorded, record
from coding.work.reviews import Scope, answer_question, end_review, return_cell, start_review
from coding.work.rows import add_row, remove_row
from coding.work.second import are_same, ask_second, end_second
from coding.work.talk import (
    close,
    comment,
    hand_over,
    inquire,
    mark_mailed,
    positions,
    reply,
    set_digests,
)
from coding.work.talk import (
    move as move_to,
)
from coding.work.training import (
    certify,
    knows,
    mark_gold,
    take_off_gold,
    train,
    withdraw_certification,
)
from coding.work.waivers import end_waiver, waive
from coding.work.worklists import deal, move

__all__ = [
    "CAUSES",
    "CODED",
    "Anew",
    "Cited",
    "Compared",
    "Consequence",
    "Correction",
    "Decision",
    "Drift",
    "Followed",
    "Place",
    "Recorded",
    "Scope",
    "Shared",
    "add_citation",
    "add_row",
    "align",
    "ancestry",
    "answer_first",
    "answer_question",
    "are_same",
    "ask",
    "ask_second",
    "assign",
    "barred",
    "certify",
    "claim",
    "clear_value",
    "close",
    "close_proposal",
    "comment",
    "compute_again",
    "correct_in_bulk",
    "deal",
    "decision_of",
    "drift",
    "drop_view",
    "end_review",
    "end_second",
    "end_waiver",
    "follow_codebook",
    "follow_series",
    "foresee",
    "foresee_compared",
    "give_back",
    "hand_over",
    "inquire",
    "keep_view",
    "knows",
    "left",
    "mark_gold",
    "mark_mailed",
    "mark_precedent",
    "move",
    "move_to",
    "pass_by",
    "positions",
    "propose",
    "recompute",
    "record",
    "remove_citation",
    "remove_row",
    "reopen",
    "reply",
    "return_cell",
    "rule_as_coder",
    "rule_in_bulk",
    "save_value",
    "set_digests",
    "settle",
    "settle_with_fewer",
    "share_out",
    "start_review",
    "submit",
    "take_back",
    "take_back_assigned",
    "take_off_gold",
    "take_over",
    "token",
    "train",
    "unblind",
    "undo_batch",
    "unverified",
    "verify",
    "waive",
    "withdraw",
    "withdraw_certification",
    "withdraw_precedent",
]
