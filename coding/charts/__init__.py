"""Charts as inline SVG: no script, no colours of their own, a table for each. No Django."""

from .bars import bar
from .control import Point, control_chart
from .forest import Effect, Tile, bars, forest, tiles
from .interval import ENOUGH, TENTATIVE, axis, band, dot, key, rate
from .ranking import ranking
from .spans import Span, Tick, spans
from .squares import Chart, Label, Pair, heat_map, matrix
from .svg import Svg

__all__ = [
    "ENOUGH",
    "TENTATIVE",
    "Chart",
    "Effect",
    "Label",
    "Pair",
    "Point",
    "Span",
    "Svg",
    "Tick",
    "Tile",
    "axis",
    "band",
    "bar",
    "bars",
    "control_chart",
    "dot",
    "forest",
    "heat_map",
    "key",
    "matrix",
    "ranking",
    "rate",
    "spans",
    "tiles",
]
