"""Charts as inline SVG: no script, no colours of their own, a table for each. No Django."""

from .bars import bar
from .control import Point, control_chart
from .interval import ENOUGH, TENTATIVE, axis, band, dot, key, rate
from .squares import Chart, Label, Pair, heat_map, matrix
from .svg import Svg

__all__ = [
    "ENOUGH",
    "TENTATIVE",
    "Chart",
    "Label",
    "Pair",
    "Point",
    "Svg",
    "axis",
    "band",
    "bar",
    "control_chart",
    "dot",
    "heat_map",
    "key",
    "matrix",
    "rate",
]
