"""What the program is asked, and what it says."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy
import pytest

import nnfmri

SMALL: dict[str, Any] = {"layers": "block3", "samples": 4, "stimuli": 4, "tracts": False, "progress": False}
LONG: dict[str, Any] = {"layers": "block3", "samples": 4000, "estimator": "naive", "tracts": False, "progress": False}


def _records(folder: Path) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The phantom's images, as bytes of CIFAR-10's layout, and their labels."""
    records = numpy.fromfile(folder / "files/stimuli.bin", numpy.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def test_arrays_on_two_ranks_are_scanned_like_files_on_one(folder: Path, tmp_path: Path) -> None:
    images, labels = _records(folder)
    of_file = nnfmri.scan(folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "file", **SMALL)
    of_array = nnfmri.scan(
        folder / "files/model.onnx", images, labels=list(labels), ranks=2, out=tmp_path / "array", **SMALL)
    assert (of_file.info["ranks"], of_array.info["ranks"]) == (1, 2)
    for name in ("impact.json", "regions.tsv", "stimuli/layer_0.npy"):
        assert (of_file.folder / name).read_bytes() == (of_array.folder / name).read_bytes()
    assert list(of_array.stimuli.label) == list(of_file.stimuli.label) == list(labels[:4])


def test_arrays_and_lists_are_given_as_files_are(folder: Path, tmp_path: Path) -> None:
    regions = numpy.arange(8).reshape(2, 2, 2).repeat(8, 0).repeat(8, 1).repeat(8, 2)
    names = [f"part {number}" for number in range(8)]
    classes = [f"glyph {number}" for number in range(10)]
    numpy.save(tmp_path / "regions.npy", regions)
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")
    (tmp_path / "classes.txt").write_text("\n".join(classes) + "\n")
    scans = [
        nnfmri.scan(
            folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / name,
            **SMALL | {"layers": "block2"} | given)
        for name, given in [
            ("files", {key: tmp_path / file for key, file in [
                ("regions", "regions.npy"), ("region_names", "names.txt"), ("class_names", "classes.txt")]}),
            ("lists", {"regions": regions, "region_names": names, "class_names": classes}),
        ]]
    assert len(scans[0].regions) == 8
    for name in ("impact.json", "regions.tsv"):
        assert (scans[0].folder / name).read_bytes() == (scans[1].folder / name).read_bytes()


def test_every_option_of_the_program_can_be_given(folder: Path) -> None:
    from nnfmri._run import option_arguments, run

    described = set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", run(["help", "scan"]), re.MULTILINE))
    assert {"layers", "provider-option", "lost-after"} <= described
    assert {option_arguments({name.replace("-", "_"): "1"})[0] for name in described} == {f"--{name}" for name in described}


def test_a_bar_names_the_phases(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nnfmri.scan(folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "scan", **SMALL | {"progress": True})
    shown = capsys.readouterr().err
    assert "measuring" in shown and "passes" in shown and '"phase"' not in shown
    assert "Rank 0 on" in shown


def test_a_refusal_is_the_programs_own_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(nnfmri.ScanError, match="nowhere.onnx") as caught:
        nnfmri.scan(tmp_path / "nowhere.onnx", folder / "files/stimuli.bin", ranks=2, out=tmp_path / "scan", progress=False)
    assert caught.value.code == 66
    with pytest.raises(nnfmri.ScanError, match="grid") as caught:
        nnfmri.scan(
            folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "scan", grid=(0, 8, 4), progress=False)
    assert caught.value.code == 64
    with pytest.raises(TypeError, match="second argument"):
        nnfmri.scan("m.onnx", "d.npz", data="d.npz")
    with pytest.raises(ValueError, match="below 1"):
        nnfmri.scan("m.onnx", "d.npz", ranks=0, out=tmp_path / "scan")


def test_an_interrupted_scan_goes_on(folder: Path, tmp_path: Path) -> None:
    model, stimuli, checkpoint = folder / "files/model.onnx", folder / "files/stimuli.bin", tmp_path / "scan/checkpoint.bin"

    def interrupt() -> None:
        # As soon as there is something to go on with.
        while not checkpoint.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        nnfmri.scan(model, stimuli, ranks=2, out=tmp_path / "scan", **LONG)
    assert checkpoint.exists()
    with pytest.raises(nnfmri.ScanError, match="--resume"):
        nnfmri.scan(model, stimuli, ranks=1, out=tmp_path / "scan", **LONG)
    with pytest.raises(nnfmri.ScanError) as caught:
        nnfmri.scan(model, stimuli, ranks=1, out=tmp_path / "scan", resume=True, max_time="1s", **LONG)
    assert caught.value.code == 75


def test_a_module_is_exported_and_scanned(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    torch.manual_seed(1)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 64, 3))
    images = torch.rand(6, 1, 8, 8)
    scan = nnfmri.scan(network, images, ranks=1, out=tmp_path / "scan", grid=(2, 2, 2), tracts=False, progress=False)
    assert (tmp_path / "scan.onnx").exists() and network.training
    assert list(scan.stimuli.prediction) == network(images).argmax(1).tolist()
    # Behind the layer all is linear, so ζ of a region is what its units add to the logit.
    weights = network[3].weight.detach().reshape(3, 4, 8, 8)[scan.info["stimuli"]["targets"]]
    products = (network[:2](images).detach() * weights).reshape(6, 2, 2, 2, 4, 2, 4).sum((2, 4, 6)).permute(0, 2, 3, 1)
    numpy.testing.assert_allclose(scan.zeta(0, per_stimulus=True), products, atol=1e-4)


def test_a_module_that_takes_no_batches_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")

    class Fixed(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: object) -> object:
            return x.reshape(2, -1)  # type: ignore[attr-defined]

    with pytest.raises(nnfmri.ExportError, match="no output of the module has an axis as long as the batch"):
        nnfmri.export(Fixed(), torch.rand(2, 4), tmp_path / "model.onnx")
