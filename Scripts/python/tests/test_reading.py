"""What a Scan gives is what its files hold."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest

import nnfmri


def _impact(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "nnfmri-phantom/impact.json").read_text())
    return content


def test_regions_are_those_of_impact_json(scan: nnfmri.Scan, folder: Path) -> None:
    found = {(row.layer, row.region): (row.zeta, row.critical) for row in scan.regions.itertuples()}
    wanted = {
        (layer, name): (region["zeta"], region["critical"])
        for layer, described in _impact(folder).items() for name, region in described["grids"].items()
    }
    assert found == wanted
    assert scan.regions.critical.dtype == bool and scan.regions.zeta.dtype == float


def test_a_map_lies_as_its_regions_are_named(scan: nnfmri.Scan, folder: Path) -> None:
    for layer, described in _impact(folder).items():
        values = scan.zeta(layer)
        assert values.shape == tuple(described["grid"])
        for name, region in described["grids"].items():
            i, j, k = (int(part) for part in name.split("_")[1:])
            assert values.isel(height=i, width=j, channel=k).item() == region["zeta"]


def test_maps_of_stimuli_lie_likewise(scan: nnfmri.Scan) -> None:
    described = json.loads((scan.folder / "stimuli/stimuli.json").read_text())
    for layer, maps in described.items():
        stored = numpy.load(scan.folder / "stimuli" / maps["file"])
        for place, quantity in enumerate(maps["quantities"]):
            own = scan.zeta(layer, per_stimulus=True, quantity=quantity)
            assert own.dims == ("stimulus", "height", "width", "channel") and own.sizes["stimulus"] == 8
            for number, name in enumerate(maps["regions"]):
                i, j, k = (int(part) for part in name.split("_")[1:])
                numpy.testing.assert_array_equal(own[:, i, j, k], stored[:, number, place])


def test_stimuli_carry_their_labels_and_reliabilities(scan: nnfmri.Scan) -> None:
    own = scan.zeta(1, per_stimulus=True)
    assert list(own.label.to_numpy()) == scan.info["stimuli"]["labels"]
    assert ((own.reliability >= 0) & (own.reliability <= 1)).all()


def test_a_layer_goes_by_key_number_and_tensor(scan: nnfmri.Scan) -> None:
    tensor = scan.layers.loc["layer_2", "tensor"]
    assert scan.zeta("layer_2").identical(scan.zeta(2))
    assert scan.zeta("layer_2").identical(scan.zeta(tensor))
    # Tensors may be named by numbers, too.
    named = nnfmri.open(scan.folder)
    for described, name in zip(named.info["layers"], ["1", "0", "3", "2"]):
        described["tensor"] = name
    assert named.zeta(0).attrs["layer"] == "layer_0"
    assert named.zeta("0").attrs["layer"] == "layer_1"
    with pytest.raises(KeyError, match="no layer 'layer_9': layer_0"):
        scan.zeta("layer_9")
    with pytest.raises(KeyError, match="no 'weight'"):
        scan.zeta(0, quantity="weight")


def test_a_folder_that_was_written_anew_is_another_scan(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "scan"
    shutil.copytree(folder / "nnfmri-phantom", place)
    scan = nnfmri.open(place)
    known = scan.zeta(1)
    summary = json.loads((place / "scan.json").read_text())
    summary["plan_sha256"] = "0" * 64
    (place / "scan.json").write_text(json.dumps(summary))
    assert scan.zeta(1).identical(known)
    with pytest.raises(RuntimeError, match="written anew"):
        scan.zeta(1, per_stimulus=True)
    again = nnfmri.open(place)
    assert again.zeta(1).identical(known)
    with pytest.raises(ValueError, match="is this scan itself"):
        again.contrast(nnfmri.open(place))


def test_the_graph_joins_regions_by_their_strengths(scan: nnfmri.Scan) -> None:
    graph = scan.connections
    assert set(graph) == {f"{row.layer}/{row.region}" for row in scan.regions.itertuples()}
    strongest = json.loads((scan.folder / "connections.json").read_text())["layer_0_to_1"]["strongest_edges"][0]
    source, target = strongest["edge"].split(" → ")
    assert numpy.isclose(graph.edges[f"layer_0/{source}", f"layer_1/{target}"]["strength"], strongest["strength"])
    assert len(scan.pathways) == scan.info["tracts"]["pathways"]


def test_without_wiring_there_is_no_graph(folder: Path) -> None:
    other = nnfmri.open(folder / "nnfmri-phantom-other")
    with pytest.raises(LookupError, match="tracts=True"):
        other.connections  # noqa: B018
    with pytest.raises(LookupError, match="tracts=True"):
        other.pathways  # noqa: B018


def test_a_contrast_has_a_line_a_region(scan: nnfmri.Scan, folder: Path) -> None:
    with pytest.warns(UserWarning, match="block3 isn't in both scans"):
        table = scan.contrast(folder / "nnfmri-phantom-other", permutations=50)
    assert set(table.region) == set(scan.regions.region)
    assert len(table.attrs["notes"]) >= 2
    with pytest.raises(nnfmri.ScanError) as caught:
        scan.contrast(groups="correct")
    assert caught.value.code == 65 or caught.value.code == 64


def test_groups_may_be_a_list(scan: nnfmri.Scan, tmp_path: Path) -> None:
    groups = ["even" if number % 2 == 0 else "odd" for number in range(scan.info["stimuli"]["count"])]
    (tmp_path / "groups.txt").write_text("\n".join(groups))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        listed, filed = (scan.contrast(groups=each, permutations=20) for each in (groups, tmp_path / "groups.txt"))
    assert set(listed.contrast) == {"even - odd"} and listed.equals(filed)


def test_the_report_is_shown_whole(scan: nnfmri.Scan) -> None:
    shown = scan.report(height=300)._repr_html_()
    assert shown.startswith("<iframe srcdoc=") and 'height="300"' in shown
    assert "layer_1" in shown and "<script" not in shown
    assert "layer_3" in scan._repr_html_()


def test_plots_show_each_region(scan: nnfmri.Scan) -> None:
    figure = scan.plot_map("layer_1", stimulus=0)
    panels = [axes for axes in figure.axes if axes.get_title().startswith("channels")]
    drawn = numpy.stack([numpy.asarray(axes.get_images()[0].get_array()) for axes in panels], axis=-1)
    numpy.testing.assert_array_equal(drawn, scan.zeta("layer_1", per_stimulus=True)[0])
    critical = json.loads((scan.folder / "stimuli/stimuli.json").read_text())["layer_1"]["critical"][0]
    assert sum(len(axes.patches) for axes in panels) == len(critical)
    assert len(scan.plot_rank("layer_1", top=7).axes[0].get_yticks()) == 7


def test_what_is_empty_in_scan_json_is_no_column(scan: nnfmri.Scan, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(scan.folder, copy)
    info = json.loads((copy / "scan.json").read_text())
    # As a scan of a regressor or of elements of an output has them.
    info["stimuli"] |= {"predictions": [], "labels": []}
    (copy / "scan.json").write_text(json.dumps(info))
    regressor = nnfmri.open(copy)
    assert list(regressor.stimuli.columns) == ["place", "target"]
    own = regressor.zeta(0, per_stimulus=True)
    numpy.testing.assert_array_equal(own, scan.zeta(0, per_stimulus=True))
    assert "prediction" not in own.coords and len(own.place) == 8
    assert regressor.plot_map(0, stimulus=0).axes


def test_any_kind_of_integer_numbers_a_layer(scan: nnfmri.Scan) -> None:
    for number in (numpy.int64(1), numpy.uint8(1)):
        assert scan.zeta(number).identical(scan.zeta(1))
    assert scan.plot_map(numpy.int64(1), stimulus=numpy.int64(0)).axes  # type: ignore[arg-type]
    for wrong in (True, 1.0, None):
        with pytest.raises(KeyError, match="the scan has no layer"):
            scan.zeta(wrong)  # type: ignore[arg-type]


def test_only_finished_scans_are_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no scan"):
        nnfmri.open(tmp_path)
    (tmp_path / "scan.json").write_text('{"program": "nnfmri-mpi", "complete": false}')
    with pytest.raises(ValueError, match="resume=True"):
        nnfmri.open(tmp_path)
