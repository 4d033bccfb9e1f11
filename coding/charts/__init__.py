"""Charts as inline SVG: no script, no colours of their own, a table for each. No Django."""

from .bars import bar
from .control import Limits, Point, control_chart, limits
from .interval import ENOUGH, TENTATIVE, axis, band, dot
from .squares import Chart, Label, Pair, heat_map, matrix
from .svg import Svg

__all__ = [
    "ENOUGH",
    "TENTATIVE",
    "Chart",
    "Label",
    "Limits",
    "Pair",
    "Point",
    "Svg",
    "axis",
    "band",
    "bar",
    "control_chart",
    "dot",
    "heat_map",
    "limits",
    "matrix",
]
