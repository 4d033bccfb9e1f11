"""A comparison as Markdown: what changed from one version to the next, for a change log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coding.models import Codebook
from coding.reading import markdown
from coding.reading.comparison import Answer, Compared, Comparison, Line, Text, digest_of
from coding.reading.words import GONE, NEW, Piece


def written(comparison: Comparison) -> str:
    """The change log, with the words that are ~~gone~~ and those that are **new**."""
    return "\n".join([*_top(comparison), *_head(comparison), *_entries(comparison)]) + "\n"


def _top(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"# {markdown.line(after.title)}: codebook {before.number} to {after.number}"
    yield ""
    yield f"- Before: {_version(before)}"
    yield f"- After: {_version(after)}"
    if after.note:
        yield f"- Note: {markdown.line(after.note)}"
    counts = ", ".join(f"{count} {kind}" for kind, count in comparison.counts.items())
    yield f"- Entries that changed: {counts or 'none'}"


def _version(codebook: Codebook) -> str:
    at = f"published {codebook.published_at:%Y-%m-%d}" if codebook.published_at else "a draft"
    return f"codebook {codebook.number}, {at}, sha256 `{digest_of(codebook)}`"


def _head(comparison: Comparison) -> Iterator[str]:
    if comparison.head:
        yield from ("", "## Codebook", "")
        yield from (f"- {markdown.line(part)}: {_text(text)}" for part, text in comparison.head)


def _entries(comparison: Comparison) -> Iterator[str]:
    for section in comparison.sections:
        if section.changed:
            title = ": ".join(filter(None, [section.unit, section.title]))
            yield from ("", f"## {markdown.line(title)}")
            for entry in section.changed:
                yield from _entry(entry)


def _entry(entry: Compared) -> Iterator[str]:
    yield from ("", f"### {markdown.code(entry.name)} {markdown.line(entry.entry.question)}", "")
    yield from (_line(line) for line in entry.lines)
    for answer in entry.answers:
        if answer.state != "same":
            yield from _answer(answer)


def _line(line: Line) -> str:
    part = f" {line.part}" if line.part else ""
    return f"- **{line.kind}**{part}: {_text(line.text)}"


def _answer(answer: Answer) -> Iterator[str]:
    yield f"- category {markdown.code(answer.code)} {answer.state}"
    for word, text in answer.words.items():
        if text.before != text.after or answer.state != "changed":
            yield f"  - {word}: {_text(text)}"


def _text(text: Text) -> str:
    """One line; where only one side says anything, all of it is gone or new."""
    return "".join(_pieces(text.pieces)) or "nothing"


def _pieces(pieces: Sequence[Piece]) -> Iterator[str]:
    signs = {GONE: "~~", NEW: "**"}
    for piece in pieces:
        words, sign = markdown.line(piece.text), signs.get(piece.kind, "")
        lead = " " if piece.text[:1].isspace() else ""
        tail = " " if piece.text[-1:].isspace() else ""
        yield f"{lead}{sign}{words}{sign}{tail}" if words else " "
