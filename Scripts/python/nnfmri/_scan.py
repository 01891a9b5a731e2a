"""Reads a finished scan."""

from __future__ import annotations

import functools
import json
import numbers
import tempfile
import warnings
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnfmri._report import Report

if TYPE_CHECKING:
    import matplotlib.figure
    import networkx
    import pandas
    import xarray

# Columns of tables that hold names.
_NAMES = ("layer", "tensor", "region", "pathway", "contrast", "quantity")
_AXES = ("height", "width", "channel")


def open(folder: str | PathLike[str]) -> Scan:
    """Opens the folder of a finished scan.

    >>> nnfmri.open("nnfmri-phantom")
    Scan('nnfmri-phantom': 4 layers, 1024 regions, 8 stimuli)

    Raises FileNotFoundError where there is no scan, ValueError where it isn't complete.
    """
    return Scan(folder)


class Scan:
    """A finished scan. Numbers are read from its files when they are asked for; `Docs/files.md` describes those.

    A layer is named by its key (`"layer_2"`), its number (2) or its tensor in the graph.

    >>> scan = nnfmri.open("nnfmri-phantom")
    >>> scan.layers[["tensor", "critical_regions"]].head(2)
             tensor  critical_regions
    layer                            
    layer_0  ...
    layer_1  ...
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = Path(folder)
        # Where it is, whatever the working folder becomes.
        self._root = self.folder.absolute()
        path = self._root / "scan.json"
        if not path.is_file():
            raise FileNotFoundError(f"{self.folder} holds no scan: there is no scan.json")
        #: What was scanned, with what: scan.json.
        self.info: dict[str, Any] = _json(path)
        if not self.info.get("complete"):
            raise ValueError(f"the scan in {self.folder} isn't complete: go on with it by nnfmri.scan(..., resume=True)")

    def __repr__(self) -> str:
        regions = sum(layer["regions"] for layer in self.info["layers"])
        return (
            f"Scan({str(self.folder)!r}: {len(self.info['layers'])} layers, {regions} regions, "
            f"{self.info['stimuli']['count']} stimuli)")

    def _repr_html_(self) -> str:
        columns = ["tensor", "operator", "shape", "grid", "estimator", "critical_regions"]
        return f"<p>{self!r}</p>" + str(self.layers[columns].to_html())

    @functools.cached_property
    def impact(self) -> dict[str, Any]:
        """impact.json: effect, errors, tests, interactions and what was found of each layer."""
        return _json(self._own("impact.json"))

    @functools.cached_property
    def layers(self) -> pandas.DataFrame:
        """The layers that were scanned, by key.

        >>> list(nnfmri.open("nnfmri-phantom").layers.index)
        ['layer_0', 'layer_1', 'layer_2', 'layer_3']
        """
        import pandas

        return pandas.DataFrame(self.info["layers"]).set_index("layer")

    @property
    def regions(self) -> pandas.DataFrame:
        """regions.tsv: ζ, errors, tests, ranks and activity, one line a region. A copy, to change as you like.

        >>> regions = nnfmri.open("nnfmri-phantom").regions
        >>> regions[regions.critical & (regions.layer == "layer_1")].nsmallest(1, "rank").region.item()
        'grid_4_3_0'
        """
        return self._regions.copy()

    @functools.cached_property
    def _regions(self) -> pandas.DataFrame:
        return _table(self._own("regions.tsv"))

    @functools.cached_property
    def stimuli(self) -> pandas.DataFrame:
        """The stimuli: place in the files, target and predicted class, and label and cluster where there are such.

        >>> list(nnfmri.open("nnfmri-phantom").stimuli.columns)
        ['place', 'target', 'prediction', 'label']
        """
        import pandas

        described = self.info["stimuli"]
        columns = {"place": "places", "target": "targets", "prediction": "predictions", "label": "labels", "cluster": "clusters"}
        # Without classes there are no predictions: then their list is empty.
        kept = {name: described[key] for name, key in columns.items() if described.get(key)}
        return pandas.DataFrame(kept).rename_axis("stimulus")

    @property
    def pathways(self) -> pandas.DataFrame:
        """pathways.tsv: the strongest pathways and what their lesions did. Raises LookupError where none were traced."""
        return _table(self._traced("pathways.tsv"))

    @functools.cached_property
    def connections(self) -> networkx.DiGraph[str]:
        """The wiring: nodes `layer_0/grid_1_2_3` with their ζ, edges with `strength`; of each link the 1024 strongest.

        >>> graph = nnfmri.open("nnfmri-phantom").connections
        >>> graph.nodes["layer_1/grid_4_3_0"]["critical"]
        True

        Raises LookupError where no wiring was traced.
        """
        import networkx

        graph = networkx.read_graphml(self._traced("connectome/connectome.graphml"))
        assert isinstance(graph, networkx.DiGraph)
        return graph

    def zeta(self, layer: int | str, *, per_stimulus: bool = False, quantity: str = "zeta") -> xarray.DataArray:
        """A map of a layer with named axes: ζ, or another quantity of its regions.

        >>> scan = nnfmri.open("nnfmri-phantom")
        >>> scan.zeta("layer_1").sizes
        Frozen({'height': 8, 'width': 8, 'channel': 4})
        >>> scan.zeta("layer_1", per_stimulus=True).dims
        ('stimulus', 'height', 'width', 'channel')
        >>> bool((scan.zeta("layer_1", quantity="q_value") <= 1).all())
        True

        Args:
            layer: its key, number or tensor.
            per_stimulus: each stimulus's own map instead of the mean over stimuli; with coordinates `place`, `target`,
                `prediction`, `label` and `reliability` (below about 0.5 a map is mostly noise).
            quantity: a column of `regions`, or with `per_stimulus` `zeta`, `standard_error`, `p_value`, `q_value`, `rank_low` or
                `rank_high`.

        ζ and its errors are in the unit of the value, `attrs["unit"]`. Raises KeyError for a layer or quantity that isn't there.
        """
        import numpy
        import xarray

        key = self._key(layer)
        described = self.impact[key]
        grid = described["grid"]
        attributes = {
            "layer": key, "tensor": described["tensor"], "unit": described["value"], "lesion": described["lesion"],
            "index": described["index"],
        }
        if not per_stimulus:
            own = self._regions[self._regions.layer == key]
            if quantity not in own:
                raise KeyError(f"regions have no {quantity!r}: {', '.join(own.columns[7:])}")
            own = own.sort_values(["i", "j", "k"])
            return xarray.DataArray(own[quantity].to_numpy().reshape(grid), dims=_AXES, name=quantity, attrs=attributes)
        maps = _json(self._own("stimuli/stimuli.json"))[key]
        if quantity not in maps["quantities"]:
            raise KeyError(f"maps of stimuli have no {quantity!r}: {', '.join(maps['quantities'])}")
        values = numpy.load(self._root / "stimuli" / maps["file"], mmap_mode="r")
        values = numpy.array(values[..., maps["quantities"].index(quantity)]).reshape(-1, *grid)
        coordinates: dict[str, Any] = {
            str(name): ("stimulus", self.stimuli[name].to_numpy()) for name in self.stimuli}
        coordinates["stimulus"] = numpy.arange(len(values))
        coordinates["reliability"] = ("stimulus", numpy.array(maps["reliability"], float))
        return xarray.DataArray(
            values, dims=("stimulus", *_AXES), coords=coordinates, name=quantity, attrs=attributes)

    def nifti(self, layer: int | str, stat: str = "z") -> Path:
        """The volume of a layer for nilearn and its like: `effect`, `variance`, `t`, `z` or `p`; see `Docs/files.md`.

        >>> nnfmri.open("nnfmri-phantom").nifti(1).name
        'sub-network_task-lesion_space-layer1_stat-z_statmap.nii.gz'

        Raises LookupError where there is none.
        """
        number = self._key(layer).removeprefix("layer_")
        path = self._own(f"maps/sub-network/func/sub-network_task-lesion_space-layer{number}_stat-{stat}_statmap.nii.gz")
        if not path.is_file():
            raise LookupError(f"there is no {path}")
        return path

    def contrast(
        self, other: Scan | str | PathLike[str] | None = None, *, groups: str | PathLike[str] | Sequence[str] | None = None,
        only: tuple[str | int, str | int] | None = None, permutations: int | None = None,
    ) -> pandas.DataFrame:
        """Compares groups of the scan's stimuli, or the scan with another, by `nnfmri-mpi contrast`: one line a region.

        >>> table = nnfmri.open("nnfmri-phantom").contrast(nnfmri.open("nnfmri-phantom-other"), permutations=20)
        >>> {"layer", "region", "effect", "q_value"} <= set(table.columns)
        True

        Args:
            other: another scan, or its folder.
            groups: `labels`, `predicted`, `correct`, or a group's name for each stimulus of the scan (`-` for none): a list, or a text file
                with one a line.
            only: two groups to compare.
            permutations: for family-wise p-values.

        Also writes contrast.html, contrast.json and contrast.tsv into the scan's folder. What should be known of the comparison, such as what
        couldn't be compared, is warned of and in `attrs["notes"]`. Raises ScanError where it is refused.
        """
        from nnfmri._run import option_arguments, run

        arguments = ["contrast", str(self._own("."))]
        if other is not None:
            folder = other._own(".") if isinstance(other, Scan) else Path(other)
            if folder.resolve() == self._root.resolve():
                raise ValueError(f"{folder} is this scan itself: give each scan a folder of its own with out=...")
            arguments.append(str(folder))
        with tempfile.TemporaryDirectory() as folder_of_groups:
            if groups is not None and not isinstance(groups, (str, PathLike)):
                names = Path(folder_of_groups) / "groups.txt"
                names.write_text("".join(f"{name}\n" for name in groups), encoding="utf-8")
                groups = names
            run(arguments + option_arguments({"groups": groups, "only": only, "permutations": permutations}))
        table = _table(self._root / "contrast.tsv")
        pairs = _json(self._root / "contrast.json").values()
        table.attrs["notes"] = list(dict.fromkeys(note for pair in pairs for note in pair["notes"]))
        for note in table.attrs["notes"]:
            warnings.warn(note, stacklevel=2)
        return table

    def plot_map(
        self, layer: int | str, *, quantity: str = "zeta", stimulus: int | None = None,
    ) -> matplotlib.figure.Figure:
        """Draws a layer's map, one panel for each cell of the channels, with critical regions outlined.

        >>> figure = nnfmri.open("nnfmri-phantom").plot_map("layer_1")
        >>> len([axes for axes in figure.axes if axes.get_title().startswith("channels")])
        4

        `stimulus` is the number of one whose own map is drawn, instead of the mean over stimuli.
        """
        key = self._key(layer)
        if stimulus is None:
            values, critical = self.zeta(key, quantity=quantity), self.zeta(key, quantity="critical")
        else:
            values = self.zeta(key, per_stimulus=True, quantity=quantity)[stimulus]
            critical = self.zeta(key, quantity="critical").copy()
            numbers = set(_json(self._own("stimuli/stimuli.json"))[key]["critical"][stimulus])
            critical.to_numpy().flat[:] = [number in numbers for number in range(critical.size)]
        from nnfmri._plots import draw_map

        return draw_map(values, critical)

    def plot_rank(self, layer: int | str, *, top: int = 15) -> matplotlib.figure.Figure:
        """Draws the regions of the best ranks with their ζ, its intervals, and the ranks that those allow.

        >>> figure = nnfmri.open("nnfmri-phantom").plot_rank("layer_1", top=5)
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()][0]
        '1  grid_4_3_0'
        """
        key = self._key(layer)
        own = self._regions[self._regions.layer == key].nsmallest(top, "rank")
        from nnfmri._plots import draw_rank

        return draw_rank(own, self.impact[key])

    def report(self, *, height: int = 800) -> Report:
        """report.html, which a notebook shows in a frame of this height in pixels."""
        path = self._own("report.html")
        if not path.is_file():
            raise FileNotFoundError(f"{self.folder} has no report.html: run nnfmri-mpi report {self.folder}")
        return Report(path, height)

    def _key(self, layer: int | str) -> str:
        names: dict[str, str] = {described["tensor"]: described["layer"] for described in self.info["layers"]}
        is_number = isinstance(layer, numbers.Integral) and not isinstance(layer, bool)
        # Some networks name their tensors by numbers, which aren't those of the layers.
        key = f"layer_{layer}" if is_number else names.get(str(layer), str(layer))
        if key not in self.impact:
            known = ", ".join(f"{key} ({tensor})" for tensor, key in names.items())
            raise KeyError(f"the scan has no layer {layer!r}: {known}")
        return key

    def _own(self, name: str) -> Path:
        """A file of the folder, which must still be that of this scan."""
        now = _json(self._root / "scan.json")
        if any(now.get(key) != self.info.get(key) for key in ("complete", "plan_sha256", "options", "stimuli")):
            raise RuntimeError(
                f"{self.folder} was written anew since this scan was opened: open it again, and give each scan a folder of its own "
                f"with out=...")
        return self._root / name

    def _traced(self, name: str) -> Path:
        path = self._own(name)
        if not path.is_file():
            raise LookupError(f"there is no {path}, since no wiring was traced: scan with tracts=True")
        return path


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _table(path: Path) -> pandas.DataFrame:
    import pandas

    with path.open(encoding="utf-8") as file:
        columns = file.readline().rstrip("\n").split("\t")
    # Names may look like numbers, or like what stands for none.
    names: dict[Any, Any] = {column: str for column in columns if column in _NAMES}
    absent = {column: ["n/a"] for column in columns if column not in names}
    return pandas.read_csv(path, sep="\t", keep_default_na=False, na_values=absent, dtype=names)
