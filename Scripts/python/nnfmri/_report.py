"""The page of a scan, as notebooks show it."""

from __future__ import annotations

import html
from pathlib import Path


class Report:
    """`report.html` of a scan: notebooks show it in a frame, and `path` is the file for a browser.

    >>> nnfmri.open("nnfmri-phantom").report()
    Report('.../nnfmri-phantom/report.html')
    """

    def __init__(self, path: Path, height: int = 800) -> None:
        self.path = path
        self.height = height

    def __repr__(self) -> str:
        return f"Report({str(self.path)!r})"

    def _repr_html_(self) -> str:
        # The whole page, since a notebook's server may not see the folder.
        page = html.escape(self.path.read_text(encoding="utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" width="100%" height="{self.height}" style="border: 0"></iframe>'
