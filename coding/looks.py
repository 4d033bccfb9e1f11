"""Which cells need more than one adjudicator: by variable, or by a lot that anybody draws again."""

from __future__ import annotations

from functools import cached_property

from coding import designs
from coding.models import Entry, Project, SecondLook, Variable


class Looks:
    """What a project asks for now. The strictest that a cell falls under counts."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @cached_property
    def ever(self) -> list[SecondLook]:
        """What the project has ever asked for: without it nobody has voted on anything."""
        return list(SecondLook.objects.filter(project=self.project))

    @cached_property
    def live(self) -> list[SecondLook]:
        return [look for look in self.ever if not look.ended_at]

    def of(self, case_key: str, entry: Entry) -> SecondLook | None:
        """The most votes that are asked for; None where one adjudicator is enough."""
        asked = [look for look in self.live if asks(look, case_key, entry)]
        return max(asked, key=lambda look: (look.votes, look.kind == "panel"), default=None)


def asks(look: SecondLook, case_key: str, entry: Entry) -> bool:
    """Whether this cell was drawn: the lot is sha256 of seed, case key and variable name."""
    if look.variable_id and look.variable_id not in _line(entry.variable):
        return False
    return designs.is_drawn(look.seed, f"{case_key}\n{entry.name}", look.share)


def _line(variable: Variable) -> set[int]:
    """A variable and all that it replaces: what is asked of one goes on with the next."""
    found, each = {variable.pk}, variable.replaces
    while each is not None and each.pk not in found:
        found.add(each.pk)
        each = each.replaces
    return found
