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
    parts(opened, entry, by)    the figure by coder, version, region or period
    pairs(opened, entry)        the figure of each pair of coders

A Coefficient that is not defined is nan and says why in `reason`; show the reason, never 0.
"""

from coding.reliability.asked import Asked, Missing, Who
from coding.reliability.depth import Depth, Square, depth
from coding.reliability.figures import Figure, Share, figure, figures
from coding.reliability.opened import Coder, Opened, Place, Ratings, opened, opened_for
from coding.reliability.splits import BY, By, Pair, Part, pairs, parts

__all__ = [
    "BY",
    "Asked",
    "By",
    "Coder",
    "Depth",
    "Figure",
    "Missing",
    "Opened",
    "Pair",
    "Part",
    "Place",
    "Ratings",
    "Share",
    "Square",
    "Who",
    "depth",
    "figure",
    "figures",
    "opened",
    "opened_for",
    "pairs",
    "parts",
]
