"""What pages of the research process tell of releases, without knowing of them."""

from __future__ import annotations

from typing import Any

from django import template

from coding import canonical
from coding.evidence import Evidence
from curation import since_release

register = template.Library()


@register.simple_tag(takes_context=True)
def released(context: dict[str, Any], evidence: Evidence) -> dict[str, str]:
    """What the last release has in this cell, where it says something else now; asked once a page.

    The page's `desk` says whose eyes these are and which case it is.
    """
    desk = context["desk"]
    if "released" not in desk.__dict__:
        desk.__dict__["released"] = since_release.before(desk.user, desk.case)
    version, texts = desk.__dict__["released"]
    if evidence.pk not in texts or texts[evidence.pk] == evidence.text:
        return {}
    text = texts[evidence.pk]
    shown = canonical.show(text, evidence.entry.domain, evidence.states) if text else ""
    return {"version": version, "shown": shown}
