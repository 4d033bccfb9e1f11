"""What a format did not take, laid beside it, so that it is there again on the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from coding.documents import Document
from curation.formats.said import Unmapped

ORDER = "order"
CHECK = "check"


def put_back(document: Document, kept: Iterable[Unmapped]) -> list[Unmapped]:
    """Put what was laid beside into the document; gives what no longer has a place in it.

    What the other side says, it says: only what is not said there is put back.
    """
    places, lost = _places(document), []
    for line in kept:
        holder = places.get(line.place)
        if line.part == ORDER and isinstance(line.value, Mapping):
            _put_in_order(document, line.value)
        elif holder is None:
            lost.append(_lost(line, "there is no such thing any more"))
        elif line.part.startswith(f"{CHECK} "):
            holder["checks"] = [*holder.get("checks", []), line.value]
        elif line.part in holder:
            lost.append(_lost(line, "something else is said of it now"))
        else:
            holder[line.part] = line.value
    return lost


def _lost(line: Unmapped, why: str) -> Unmapped:
    return Unmapped(line.place, line.part, f"was laid beside, but {why}.", line.value)


def _places(document: Document) -> dict[str, Document]:
    """The things of a document by the words that name them."""
    head = document["codebook"]
    places: dict[str, Document] = {"document": document, "codebook": head}
    places |= {f"unit {unit['id']}": unit for unit in head["units"]}
    places |= {f"missing code {code['code']}": code for code in head.get("missing_codes", ())}
    for variable in document["variables"]:
        place = f"variable {variable['name']}"
        places[place] = variable
        for category in variable.get("categories", ()):
            places[f"{place}, category {category['code']}"] = category
    return places


def _put_in_order(document: Document, order: Mapping[str, object]) -> None:
    head = document["codebook"]
    head["units"] = _sorted(head["units"], "id", order.get("units"))
    document["variables"] = _sorted(document["variables"], "name", order.get("variables"))


def _sorted(things: Sequence[Document], key: str, names: object) -> list[Document]:
    """In the order of these names; what is not among them stays behind what it was behind."""
    wanted = {str(name): n for n, name in enumerate(names if isinstance(names, list) else [])}
    ranks, last = [], -1
    for thing in things:
        last = wanted.get(thing[key], last)
        ranks.append(last)
    pairs = sorted(zip(ranks, range(len(things)), strict=True))
    return [things[n] for _, n in pairs]
