"""A lesion scanner for neural networks, from Python.

    import nnfmri

    model = nnfmri.export(network, images[:2])             # a PyTorch module, to ONNX with a free batch axis
    scan = nnfmri.scan(model, images, labels=labels, ranks=2, out="scan")
    scan.regions.sort_values("zeta")                       # pandas
    scan.zeta("layer_0", per_stimulus=True)                # xarray
    scan.plot_map("layer_0")                               # matplotlib
    scan.report()                                          # the page, in a notebook

All numbers are the program's: this package starts it and reads what it wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nnfmri._environment import MissingError
    from nnfmri._export import ExportError, export
    from nnfmri._report import Report
    from nnfmri._run import ScanError, phantom, scan
    from nnfmri._scan import Scan, open

__all__ = ["ExportError", "MissingError", "Report", "Scan", "ScanError", "export", "open", "phantom", "scan"]

_PLACES = {
    "ExportError": "_export", "MissingError": "_environment", "Report": "_report", "Scan": "_scan", "ScanError": "_run",
    "export": "_export", "open": "_scan", "phantom": "_run", "scan": "_run",
}


def __getattr__(name: str) -> Any:
    # Each when it is asked for: every rank imports this package before it becomes the program.
    if name not in _PLACES:
        raise AttributeError(f"module 'nnfmri' has no attribute {name!r}")
    import importlib

    value = globals()[name] = getattr(importlib.import_module(f"nnfmri.{_PLACES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return __all__
