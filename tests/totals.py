"""Adds up what the stages of `make test` counted and prints it as the last line."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree


def counted(report: Path) -> Counter[str]:
    """Passed, failed and skipped in one report; an error counts as failed."""
    total: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            total["failed"] += 1
        elif "skipped" in outcomes:
            total["skipped"] += 1
        else:
            total["passed"] += 1
    return total


def line(reports: Iterable[Path]) -> str:
    total = sum(map(counted, reports), Counter[str]())
    words = ["passed", "failed", *(["skipped"] if total["skipped"] else [])]
    return ", ".join(f"{total[word]} {word}" for word in words)


if __name__ == "__main__":
    print(line(sorted(Path(sys.argv[1]).glob("*.xml"))))
