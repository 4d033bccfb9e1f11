"""Names from elsewhere as a codebook and its expressions can say them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from coding.expressions import is_name

LONGEST = 50
_KEPT = ("siblings", "case", "parent")


def is_sound(name: str) -> bool:
    """Whether a codebook can call something so."""
    is_word = re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name) is not None
    return is_word and name not in _KEPT and is_name(name)


def sound_name(word: str, taken: Container[str]) -> str:
    """A name like the word, of small letters, digits and _, that nothing else has."""
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: LONGEST - 4] or "unnamed"
    if not is_sound(name):
        name = f"{name}_" if name[0].isalpha() else f"v_{name}"
    tries = [name, *(f"{name}_{n}" for n in range(2, 10_000))]
    return next(each for each in tries if each not in taken)
