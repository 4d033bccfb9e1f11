"""Turns a page into a PDF, in a process of its own: python press.py < job.json > page.pdf

The job is JSON: `html`, and `root`, the folder of our static files. A page reaches nothing but
these files: no network, no other file. Exits with 3 where the libraries are missing.
"""

from __future__ import annotations

import json
import mimetypes
import sys
from pathlib import Path
from urllib.parse import unquote

MISSING = 3
STATIC = "https://static.invalid/"  # an address of no host: what stands below it is a file of ours

try:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher, URLFetcherResponse
except (ImportError, OSError):
    sys.exit(MISSING)


class OnlyOurs(URLFetcher):  # type: ignore[misc]
    """Opens static files of ours by their path, and nothing else."""

    def __init__(self, root: str) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False)
        self.root = Path(root).resolve()

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The file, or ValueError: the page is printed without it."""
        path = (self.root / unquote(url.removeprefix(STATIC).partition("?")[0])).resolve()
        if not url.startswith(STATIC) or not path.is_relative_to(self.root) or not path.is_file():
            raise ValueError(f"{url} is no static file of ours.")
        kind, _ = mimetypes.guess_type(path.name)
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": kind or ""})


def pressed(html: str, root: str) -> bytes:
    """The page as PDF, tagged for screen readers. The same page gives the same bytes."""
    page = weasyprint.HTML(string=html, base_url=STATIC, url_fetcher=OnlyOurs(root))
    content: bytes = page.write_pdf(font_config=FontConfiguration(), pdf_tags=True)
    return content


if __name__ == "__main__":
    job = json.load(sys.stdin)
    sys.stdout.buffer.write(pressed(job["html"], job["root"]))
