"""A study's result as files: tables as CSV and LaTeX, figures as SVG and PNG."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pypdfium2

from coding import printing
from coding.charts import Svg
from curation.studies.figures import Figure

STYLE = Path(__file__).with_name("figure.css")
DOTS_PER_POINT = 2.0
LATEX = str.maketrans(
    {c: f"\\{c}" for c in "&%$#_{}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
)


def table_csv(head: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue().encode()


def latex(result: Mapping[str, Any], title: str) -> bytes:
    """The estimates side by side, errors in brackets, in plain LaTeX without packages."""
    fits = [each for each in result["estimates"] if each["fit"]]
    names = list(dict.fromkeys(t["name"] for each in fits for t in each["fit"]["terms"]))
    lines = [
        f"% {title}, release {result['release']}",
        rf"\begin{{tabular}}{{l{'r' * len(fits)}}}",
        r"\hline",
        _line(["", *(each["label"] for each in fits)]),
        r"\hline",
    ]
    for name in names:
        cells = [_cell(each["fit"], name) for each in fits]
        lines += [_line([result["terms"].get(name, name), *(value for value, _ in cells)])]
        lines += [_line(["", *(error for _, error in cells)])]
    lines += [
        r"\hline",
        _line(["Rows", *(str(each["fit"]["rows"]) for each in fits)]),
        _line(["Log likelihood", *(f"{each['fit']['log_likelihood']:.3f}" for each in fits)]),
        r"\hline",
        r"\end{tabular}",
    ]
    return "\n".join([*lines, ""]).encode()


def _cell(fit: Mapping[str, Any], name: str) -> tuple[str, str]:
    term = next((term for term in fit["terms"] if term["name"] == name), None)
    if term is None:
        return "", ""
    return f"{term['coefficient']:.3f}", f"({term['error']:.3f})"


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cell.translate(LATEX) for cell in cells) + r" \\"


def svg(figure: Figure) -> bytes:
    """A file of its own: with its name space and its style."""
    style = f"<style>{STYLE.read_text(encoding='utf-8')}</style>"
    opening = '<svg xmlns="http://www.w3.org/2000/svg"'
    drawn = str(figure.svg).replace("<svg", opening, 1)
    end = drawn.index(">") + 1
    return f"{drawn[:end]}{style}{drawn[end:]}\n".encode()


def png(figure: Figure) -> bytes:
    """The same drawing in pixels, two for each point. Raises Refused where nothing can print."""
    page = printing.pdf(_page(figure.svg))
    document = pypdfium2.PdfDocument(page)
    try:
        image = document[0].render(scale=DOTS_PER_POINT).to_pil()
    finally:
        document.close()
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _page(drawn: Svg) -> str:
    width, height = (drawn.split(f'{side}="', 1)[1].split('"')[0] for side in ("width", "height"))
    style = STYLE.read_text(encoding="utf-8")
    sheet = f"@page {{ size: {float(width) + 24}px {float(height) + 24}px; margin: 12px }}"
    return (
        f"<!doctype html><html><head><meta charset='utf-8'><style>{sheet} body {{ margin: 0 }} "
        f"{style}</style></head><body>{drawn}</body></html>"
    )
