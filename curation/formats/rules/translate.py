"""Rules of a document in another language and back, so that each comes back as it went.

A rule is said elsewhere only if it is read back from there as the same rule in its one form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coding import shapes
from curation.formats.rules import cel, knowing
from curation.formats.rules.numbers import coerced
from curation.formats.rules.parser import LONGEST
from curation.formats.rules.scope import Scope, fitted, kind_of, named
from curation.formats.rules.tree import Node, Untranslatable, settled, ungrouped

LONGEST_SKIP = int(shapes.SKIP["if"].split()[1])
LONGEST_CHECK = int(shapes.CHECK["expr"].split()[1])

Write = Callable[[Node, Scope], str]
Read = Callable[[str, Scope], Node]
Form = Callable[[Node, Scope], Node]


def _as_it_is(tree: Node, scope: Scope) -> Node:
    return tree


@dataclass(frozen=True)
class Language:
    """How another language writes a tree, and reads one.

    `form` turns a rule into words that the language has, where it has fewer.
    """

    write: Write
    read: Read
    form: Form = _as_it_is


@dataclass(frozen=True)
class Said:
    """A rule in the other language, and in the one form of its own."""

    there: str
    here: str


# ------------------------------------------------------------------ out


def condition(said: str, scope: Scope, form: Form = _as_it_is) -> Node:
    """The tree of a skip or check rule in its one form. Raises Untranslatable."""
    tree = named(ungrouped(cel.read(said)), scope)
    if kind_of(tree, scope) != "bool":
        raise Untranslatable("It is neither true nor false.")
    return settled(form(tree, scope))


def computation(said: str, scope: Scope, language: Language) -> Node:
    """The tree of a derive rule in its one form. Raises Untranslatable."""
    tree = named(ungrouped(cel.read(said)), scope)
    if kind_of(tree, scope) not in ("int", "double", "code", "text"):
        raise Untranslatable("It computes no number and no code.")
    return knowing.in_one_form(language.form(tree, scope))


def shown(skip_if: str, scope: Scope, language: Language) -> Said:
    """When a question is shown that this rule would skip."""
    tree = condition(skip_if, scope, language.form)
    there = language.write(knowing.unless_true(tree, scope), scope)
    return _sure(Said(there, in_words(tree, scope)), skipped(there, scope, language))


def held(check: str, scope: Scope, language: Language) -> Said:
    """What an answer must meet that this check is for."""
    tree = condition(check, scope, language.form)
    there = language.write(knowing.unless_false(tree, scope), scope)
    return _sure(Said(there, in_words(tree, scope)), checked(there, scope, language))


def calculated(derive: str, scope: Scope, language: Language) -> Said:
    """How a form computes what this rule computes."""
    tree = computation(derive, scope, language)
    there = language.write(knowing.guarded(tree, scope), scope)
    return _sure(Said(there, in_words(tree, scope)), derived(there, scope, language))


def _sure(said: Said, back: str) -> Said:
    if len(said.there) > LONGEST:
        raise Untranslatable("It would be too long.")
    if back != said.here:
        raise Untranslatable("It would come back as another rule.")
    return said


def in_words(tree: Node, scope: Scope) -> str:
    """The rule in CEL."""
    return cel.written(tree, scope.units())


# ------------------------------------------------------------------ in


def skipped(said: str, scope: Scope, language: Language) -> str:
    """The skip rule of a question that is shown where this holds."""
    return as_skip(settled(_read(said, scope, language), negated=True), scope)


def as_skip(tree: Node, scope: Scope) -> str:
    """The skip rule of a condition."""
    return _sound(tree, scope, ("bool",), LONGEST_SKIP)


def checked(said: str, scope: Scope, language: Language) -> str:
    """The check that an answer meets where this holds."""
    return as_check(_read(said, scope, language), scope)


def as_check(tree: Node, scope: Scope) -> str:
    """The check that a condition makes, once what is unknown is taken out."""
    return _sound(settled(coerced(_known(tree), scope)), scope, ("bool",), LONGEST_CHECK)


def derived(said: str, scope: Scope, language: Language) -> str:
    """The rule that computes what a form computes so."""
    tree = knowing.computed(fitted(ungrouped(language.read(said, scope)), scope))
    tree = knowing.in_one_form(coerced(tree, scope))
    return _sound(tree, scope, ("int", "double", "code", "text"), LONGEST_CHECK)


def _read(said: str, scope: Scope, language: Language) -> Node:
    return coerced(_known(fitted(ungrouped(language.read(said, scope)), scope)), scope)


def _known(tree: Node) -> Node:
    found = knowing.known(tree)
    if found is None:
        raise Untranslatable("It asks only whether there is an answer.")
    return found


def _sound(tree: Node, scope: Scope, kinds: tuple[str, ...], longest: int) -> str:
    if kind_of(tree, scope) not in kinds:
        raise Untranslatable("It gives what such a rule cannot give.")
    said = in_words(tree, scope)
    if len(said) > longest:
        raise Untranslatable(f"It would have {len(said)} characters, and {longest} fit.")
    return said
