"""A scan of the phantom, by the program: the wheel's, or the one that NNFMRI_PROGRAM names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import nnfmri


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two scans: nnfmri-phantom, on two ranks, and nnfmri-phantom-other, by another lesion on one."""
    folder = tmp_path_factory.mktemp("scans")
    model, stimuli = nnfmri.phantom("glyphs", out=folder / "files", count=8)
    nnfmri.scan(model, stimuli, ranks=2, out=folder / "nnfmri-phantom", samples=4, progress=False)
    nnfmri.scan(
        model, stimuli, ranks=1, out=folder / "nnfmri-phantom-other", layers="block1", samples=4, lesion="mean", tracts=False,
        progress=False)
    return folder


@pytest.fixture
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same, as the working folder."""
    monkeypatch.chdir(folder)
    yield folder


@pytest.fixture(scope="session")
def scan(folder: Path) -> nnfmri.Scan:
    return nnfmri.open(folder / "nnfmri-phantom")
