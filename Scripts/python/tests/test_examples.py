"""The examples of the documentation run."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
from pathlib import Path

import pytest

import nnfmri

MODULES = ["_export", "_report", "_run", "_scan"]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str, inside: Path) -> None:
    if name == "_export" and not all(map(importlib.util.find_spec, ("torch", "onnxscript"))):
        pytest.skip("PyTorch or onnxscript isn't installed")
    module = importlib.import_module(f"nnfmri.{name}")
    result = doctest.testmod(module, extraglobs={"nnfmri": nnfmri}, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0 and result.failed == 0
