"""Codebooks as YAML or JSON files: read with the line of every fault, written to be read again.

YAML is read as people mean it: `No` is a word, `1991-02-28` is no date object, a key stands once,
and nothing in the file may refer to, or make, anything else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from coding import documents
from coding.documents import Document, Problem
from curation import files
from curation.faults import BadInput, Fault

LARGEST = 5 * files.MB
_TAGS = [
    f"tag:yaml.org,2002:{name}" for name in ["str", "int", "float", "bool", "null", "seq", "map"]
]
# What these say is said by YAML 1.1 and 1.2 alike; everything else is text.
_WORDS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    "float": (r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]*(?:[eE][-+][0-9]+)?", "-+0123456789"),
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
}


class _Loader(yaml.SafeLoader):
    """Reads plain data, without aliases and without types of its own."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    yaml_constructors = {
        tag: make
        for tag, make in yaml.SafeLoader.yaml_constructors.items()
        if tag in (*_TAGS, None)
    }

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.faults: list[Fault] = []

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "an alias stands here: write its content out", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            place = f"line {key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(Fault(place, "", "has a key that is not one word."))
                continue
            if key.value in seen:
                self.faults.append(
                    Fault(place, key.value, "stands twice: the first would be lost.")
                )
            seen.add(key.value)
            key.tag = _TAGS[0]  # a key is a word, whatever it looks like
        if self.faults:
            return {}
        return super().construct_mapping(node, deep=deep)


for _name, (_pattern, _first) in _WORDS.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), list(_first)
    )


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        return True


def _as_lines(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """A text of several lines stands as these lines, so that a change of one shows as one."""
    odd = re.search("[\x85\u2028\u2029]", text)  # line ends to YAML 1.1 alone: written as escapes
    style = '"' if odd else "|" if "\n" in text else None
    return dumper.represent_scalar(_TAGS[0], text, style=style)


_Dumper.add_representer(str, _as_lines)


def written(document: Document) -> str:
    """The document as YAML. Read again, it is the same document."""
    text: str = yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100)
    return text


def read(path: Path) -> Document:
    """A codebook document out of a file. Raises BadInput with every fault and its line."""
    document, lines = parsed(opened(path), path.name, json=path.suffix.lower() == ".json")
    return checked(document, {name: f"line {line}" for name, line in lines.items()})


def opened(path: Path) -> bytes:
    """What is in a file, and no more than tells that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput([Fault(str(path), "", f"cannot be opened: {reason}.")]) from None


def parsed(raw: bytes, name: str, *, json: bool = False) -> tuple[Any, Mapping[str, int]]:
    """What a text says, be it a codebook or not, and the line of each variable."""
    text = _text(raw, name)
    try:
        return _json(text) if json else _yaml(text)
    except RecursionError:
        raise BadInput([Fault(name, "", "is nested too deeply.")]) from None


def checked(document: object, places: Mapping[str, str]) -> Document:
    """A document that is sound. Raises BadInput with every fault and its place in the file."""
    mended: Document = documents.mended(document) if isinstance(document, dict) else {}
    if faults := list(_placed(documents.problems(mended or document), places)):
        raise BadInput(faults)
    return mended


def _text(raw: bytes, name: str) -> str:
    if len(raw) > LARGEST:
        rule = f"is larger than {LARGEST // files.MB} MB: no codebook needs that."
        raise BadInput([Fault(name, "", rule)])
    try:
        return raw.decode(files.marked(raw) or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = files.line_at(raw, error.start)
        raise BadInput([Fault(f"line {line}", "", "is not UTF-8: save it as UTF-8.")]) from None


def _yaml(text: str) -> tuple[Any, Mapping[str, int]]:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        document = loader.construct_document(node) if node else None
    except (yaml.YAMLError, ValueError) as error:
        raise BadInput([_fault_of_yaml(error)]) from None
    if loader.faults:
        raise BadInput(loader.faults)
    return document, dict(_lines_of_variables(node))


def _fault_of_yaml(error: yaml.YAMLError | ValueError) -> Fault:
    """The parser's own words are kept, where it says where."""
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.reader.ReaderError):
        return Fault(
            "document", "", f"holds the character {error.character!r}, which YAML forbids."
        )
    said = str(getattr(error, "problem", "") or error)
    rule = f"cannot be read as YAML: {said}."
    if "'\\t'" in said:
        rule = "begins with a tab: indent with spaces."
    return Fault(
        f"line {mark.line + 1}, column {mark.column + 1}" if mark else "document", "", rule
    )


def _lines_of_variables(node: yaml.Node | None) -> Iterator[tuple[str, int]]:
    """Where each variable begins."""
    for variable in _items(_at(node, "variables")):
        name = _at(variable, "name")
        if isinstance(name, yaml.ScalarNode):
            yield name.value, variable.start_mark.line + 1


def _at(node: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for k, value in pairs if k.value == key), None)


def _items(node: yaml.Node | None) -> list[yaml.Node]:
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _json(text: str) -> tuple[Any, Mapping[str, int]]:
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadInput([Fault(place, "", f"cannot be read as JSON: {error.msg}.")]) from None
    except ValueError as error:
        raise BadInput([Fault("document", "", f"cannot be read as JSON: {error}.")]) from None
    return document, {}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for n, (key, _) in enumerate(pairs) if key in dict(pairs[:n]))
        raise ValueError(f"the key {twice} stands twice")
    return found


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _placed(problems: list[Problem], places: Mapping[str, str]) -> Iterator[Fault]:
    for problem in problems:
        found = re.match(r"variable (\w+)", problem.place)
        where = places.get(found[1]) if found else None
        yield Fault(f"{where}, {problem.place}" if where else problem.place, "", problem.rule)
