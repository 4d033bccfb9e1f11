"""Pages as PDF. The one way to it: what a report prints, it prints here.

`pdf` takes whole HTML. Its style is css/paper.css, whose address in a page is `css/paper.css`:
every address is one of a static file of ours, and no other is opened.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Semaphore

from django.conf import settings
from django.contrib.staticfiles import finders

from coding.errors import Refused

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
STYLE = "css/paper.css"
PRESS = Path(__file__).with_name("press.py")
MISSING = 3
PATIENCE = 120  # seconds
NO_CLOCK = {"SOURCE_DATE_EPOCH": "946684800"}  # fonts are cut to size, and would say when


class NoPress(Refused):
    """This server prints nothing: it is turned off, or a library is missing."""


# A page keeps a processor busy for seconds: two at a time, and the others wait their turn.
_presses = Semaphore(2)


def pdf(html: str, *, links: Sequence[tuple[str, str]] = ()) -> bytes:
    """The page as PDF, made by a process of its own, so that nobody's save waits for it.

    The same page gives the same bytes. `links` lead out where printing is not possible.
    """
    if not settings.PRINTING:
        raise NoPress(_sorry("it is turned off here (PRINTING=0)"), links)
    job = json.dumps({"html": html, "root": _root()})
    command = [sys.executable, "-P", str(PRESS)]  # -P: our modules are none of its imports
    with _presses:
        try:
            done = subprocess.run(
                command,
                input=job.encode(),
                capture_output=True,
                timeout=PATIENCE,
                check=False,
                env=os.environ | NO_CLOCK,
            )
        except subprocess.TimeoutExpired:
            raise Refused(_sorry(f"it took longer than {PATIENCE} seconds"), links) from None
    return read_out(done.returncode, done.stdout, done.stderr, links)


def read_out(
    code: int, content: bytes, said: bytes, links: Sequence[tuple[str, str]] = ()
) -> bytes:
    """What the press printed, or why it did not."""
    if code == MISSING:
        way = f"a library is missing. On Debian and Ubuntu: apt-get install {PACKAGES}"
        raise NoPress(_sorry(way), links)
    if code:
        raise RuntimeError(f"The press failed: {said.decode(errors='replace')[-2000:]}")
    return content


def _sorry(why: str) -> str:
    return (
        f"This server cannot make a PDF: {why}. Your browser can: open the page itself and print "
        "it, to paper or to a PDF."
    )


def _root() -> str:
    """The folder of our static files: the one that holds the style of paper."""
    style = finders.find(STYLE)
    assert isinstance(style, str), f"{STYLE} is gone"
    return style.removesuffix(STYLE)
