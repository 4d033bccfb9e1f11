"""Agreement between the coders of a project, from layer 0 alone.

Layer 0 is what was handed in blind and is opened; rulings, training and repeats never count.
Two doors:

    opened = reliability.opened_for(user, project, Asked.of(request.GET))   # a person's screen
    opened = reliability.opened(project, Asked(missing="exclude"))          # releases, commands

`opened_for` holds nothing of closed cases nor of families that the user is coding, and calls
coders by pseudonym except to curators. Everything else asks only what `opened` holds:

    figures(opened)             a Figure for each entry of the codebook, in its order
    figure(opened, entry)       one of them; entry = opened.entry("goal")
    depth(opened, entry)        why this number: coincidences with their cases, units used and
                                dropped, each category, a reading in words
    parts(opened, entry, by)    the figure by coder, version, region or period (BY)
    pairs(opened, entry)        the figure of each pair of coders: alpha, and used of shared cases
    course(opened, entry)       by week of opening, with control limits and codebooks (or of all)
    difficulty(opened)          coders, variables and cases: rates drawn to the mean, verdicts
    which(opened, entry)        the coder, the rule or the case, for one variable
    roster(opened, entry)       of each of sets(opened): as sets, member by member, rows listed
    numbered(opened, unit)      rows without a key, paired: identification, classification
    against_gold(opened)        training sheets beside the gold answers, variable by variable
    outside(opened, entry)      its ratings as irrCAC and krippendorff read them, and code for both
    Report(opened)              a methods paragraph with a note for each number; `table` as CSV
    verdict(figure)             good, tentative, low, open or none: a sign beside the number
    plain(...)                  each of these as plain data, as the command prints it

A Coefficient that is not defined is nan and says why in `reason`; show the reason, never 0.
"""

from coding.reliability.asked import Asked, Missing, Who
from coding.reliability.course import Batch, Course, Mark, course
from coding.reliability.depth import Depth, OfCategory, Square, depth
from coding.reliability.difficulty import Difficulty, Rate, Which, difficulty, which
from coding.reliability.figures import Figure, Share, figure, figures
from coding.reliability.gold import AgainstGold, Confused, against_gold
from coding.reliability.opened import Coder, Opened, Place, Ratings, opened, opened_for
from coding.reliability.outside import Outside, outside
from coding.reliability.plain import plain
from coding.reliability.reading import GOOD, TENTATIVE, verdict
from coding.reliability.report import Report, Traced, table
from coding.reliability.rows import (
    Identification,
    Numbered,
    OfMember,
    Roster,
    numbered,
    roster,
    sets,
)
from coding.reliability.splits import BY, By, Pair, Part, pairs, parts

__all__ = [
    "BY",
    "GOOD",
    "TENTATIVE",
    "AgainstGold",
    "Asked",
    "Batch",
    "By",
    "Coder",
    "Confused",
    "Course",
    "Depth",
    "Difficulty",
    "Figure",
    "Identification",
    "Mark",
    "Missing",
    "Numbered",
    "OfCategory",
    "OfMember",
    "Opened",
    "Outside",
    "Pair",
    "Part",
    "Place",
    "Rate",
    "Ratings",
    "Report",
    "Roster",
    "Share",
    "Square",
    "Traced",
    "Which",
    "Who",
    "against_gold",
    "course",
    "depth",
    "difficulty",
    "figure",
    "figures",
    "numbered",
    "opened",
    "opened_for",
    "outside",
    "pairs",
    "parts",
    "plain",
    "roster",
    "sets",
    "table",
    "verdict",
    "which",
]
