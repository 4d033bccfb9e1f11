"""Why this value? A page for each case that is read from a disk, without network or script."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from coding.models import Unit
from curation.releases.columns import Column
from curation.releases.csvfile import File
from curation.releases.universe import Row
from curation.releases.zipped import ZipFile

Record = Mapping[str, Any]
escape = lru_cache(maxsize=10_000)(html.escape)  # the same few words come a million times
STYLE = """\
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h2{font-size:1.1rem;margin:2rem 0 .25rem;border-top:1px solid #8888;padding-top:1rem}
h3{font-size:1rem;margin:.75rem 0 .25rem}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.1rem 1rem;margin:.5rem 0}
dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
blockquote{margin:.25rem 0 .25rem 1rem;white-space:pre-wrap;overflow-wrap:anywhere}
.value{font-size:1.1rem;font-weight:600;overflow-wrap:anywhere}
@media(max-width:40rem){dl{display:block}dd{margin:0 0 .4rem}}
"""
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


class Pages:
    """The pages of a release on their way into a zip; the first page of it is written last."""

    def __init__(self, title: str, version: str, zip_file: ZipFile) -> None:
        self.name, self._zip = f"{title}, release {version}", zip_file
        self._listed: dict[str, list[str]] = {}
        self._places: dict[str, str] = {}

    def add(
        self, unit: Unit, row: Row, title: str, columns: Sequence[Column], records: Sequence[Record]
    ) -> None:
        """Numbered, since keys may differ by what a disk does not tell apart."""
        listed = self._listed.setdefault(unit.label, [])
        place = f"{unit.name}/{len(listed) + 1}.html"
        self._places[row.key] = place
        link = f'<a href="{place}">{escape(row.key)}</a>'
        listed.append(f"<li>{link} {escape(title)}</li>" if title else f"<li>{link}</li>")
        body = "\n".join(_case(self, unit, row, title, columns, records))
        self._zip.add(place, _page(f"{row.key}: why these values?", body))

    def above(self, row: Row) -> str:
        """The way to the case above, if its page was written before."""
        place = self._places.get(row.parent or "")
        link = f' · <a href="../{place}">{escape(row.parent or "")}</a>' if place else ""
        return f'<p><a href="../index.html">{escape(self.name)}</a>{link}</p>'

    def keep(self) -> File:
        lists = (
            f"<h2>{escape(label)}</h2>\n<ul>\n{chr(10).join(listed)}\n</ul>"
            for label, listed in self._listed.items()
        )
        head = f"<h1>Why this value?</h1>\n<p>{escape(self.name)}. {ABOUT}</p>"
        self._zip.add("index.html", _page(self.name, "\n".join([head, *lists])))
        return self._zip.keep()


ABOUT = (
    "One page for each row: what its coders said and cited, how it was ruled and how it moved. "
    "Coders are told by pseudonyms."
)


def _page(title: str, body: str) -> str:
    return PAGE.format(title=escape(title), style=STYLE, body=body)


def _case(
    pages: Pages,
    unit: Unit,
    row: Row,
    title: str,
    columns: Sequence[Column],
    records: Sequence[Record],
) -> Iterator[str]:
    yield pages.above(row)
    yield f"<h1>{escape(row.key)}</h1>"
    yield f"<p>{escape(unit.label)}{': ' if title else ''}{escape(title)}</p>"
    if not records:
        yield "<p>Nobody has coded it yet.</p>"
    labels = {column.name: column for column in columns}
    for record in records:
        yield from _cell(labels[record["variable"]], record)


def _cell(column: Column, record: Record) -> Iterator[str]:
    name = escape(column.name)
    heading = f"{escape(column.label)} <code>{name}</code>" if column.label else name
    yield f'<h2 id="{name}">{heading}</h2>'
    yield f'<p class="value">{_value(column, record["value"])}</p>'
    yield f"<p>{STATUS.get(record['status'], escape(record['status']))}</p>"
    if origin := record.get("derived_from"):
        yield f"<p>From {escape(origin)}</p>"
    for coding in record.get("codings", ()):
        yield from _coding(column, coding)
    if count := record.get("withheld"):
        who = "one coder is" if count == 1 else f"{count} coders are"
        yield f"<p>What {who} known to have said is left out at their wish.</p>"
    if ruling := record.get("ruling"):
        yield from _ruling(ruling)
    if sources := record.get("sources"):
        yield "<h3>The ruling rests on</h3>"
        yield from _sources(sources)
    if revisions := record.get("revisions"):
        yield "<h3>How it moved</h3>"
        yield "<ol>"
        yield from (_revision(column, each) for each in revisions)
        yield "</ol>"


STATUS = {
    "agreed": "Agreed: all coders said the same.",
    "single": "Single: said by one coder only, or not compared.",
    "adjudicated": "Adjudicated: settled by an adjudicator.",
    "derived": "Computed from other cells, or from others’ data.",
    "unresolved": "Unresolved: looked at and left open.",
    "disputed": "Disputed: coders differ and nobody has ruled yet.",
}


def _value(column: Column, text: str | None) -> str:
    if text is None:
        return "no value"
    label = column.labels[text]
    return f"{escape(text)} ({escape(label)})" if label and label != text else escape(text)


def _coding(column: Column, coding: Record) -> Iterator[str]:
    yield f"<h3>{escape(coding['coder'])} said</h3>"
    yield "<dl>"
    yield _pair("Value", _value(column, coding["value"]))
    if "certainty" in coding:
        yield _pair("Certainty", f"{coding['certainty']} of 4")
    if "note" in coding:
        yield _pair("Note", escape(coding["note"]))
    yield _pair("Codebook", str(coding["codebook"]))
    yield "</dl>"
    yield from _sources(coding.get("citations", ()))


def _ruling(ruling: Record) -> Iterator[str]:
    yield "<h3>The ruling</h3>"
    yield "<dl>"
    yield _pair("Cause", escape(ruling["cause"]))
    yield _pair("Reason", escape(ruling["reason"]))
    if "by" in ruling:
        yield _pair("By", escape(ruling["by"]))
    if "rule_of_codebook" in ruling:
        yield _pair("Rule of", f"codebook {ruling['rule_of_codebook']}")
    yield "</dl>"


def _pair(name: str, words: str) -> str:
    return f"<dt>{name}</dt><dd>{words}</dd>"


def _sources(found: Sequence[Record]) -> Iterator[str]:
    for each in found:
        place = f", {escape(each['locator'])}" if "locator" in each else ""
        yield f"<p>{escape(each['source'])}{place}</p>"
        if "quote" in each:
            yield f"<blockquote>{escape(each['quote'])}</blockquote>"


def _revision(column: Column, each: Record) -> str:
    told = [f"{escape(each['status'])}: {_value(column, each['value'])}"]
    told += [escape(each[key]) for key in ("cause", "reason", "why") if key in each]
    by = f", by {escape(each['by'])}" if "by" in each else ""
    return f"<li>{'; '.join(told)}{by} (release {escape(each['release'])})</li>"
