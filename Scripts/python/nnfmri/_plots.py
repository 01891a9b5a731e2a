"""Draws maps and rankings by matplotlib."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy
from matplotlib import colormaps, figure
from matplotlib.patches import Rectangle

if TYPE_CHECKING:
    import pandas
    import xarray

_PANELS_A_ROW = 8


class _Figure(figure.Figure):
    """A figure that notebooks show by itself, whether pyplot was imported or not."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()


def draw_map(values: xarray.DataArray, critical: xarray.DataArray) -> figure.Figure:
    """One panel for each cell of the channels of `[height, width, channel]`; where `critical`, a cell is outlined."""
    data = values.to_numpy().astype(float)
    height, width, cells = data.shape
    columns = min(cells, _PANELS_A_ROW)
    rows = -(-cells // columns)
    largest = float(numpy.nanmax(numpy.abs(data), initial=0.0)) or 1.0
    has_sign = bool((data < 0).any()) or values.name == "zeta"
    drawn = _Figure(figsize=(2 * columns + 1, 2 * rows * min(max(height / width, 0.5), 2) + 0.6), layout="constrained")
    panels = drawn.subplots(rows, columns, squeeze=False)
    for number, axes in enumerate(panels.flat):
        if number >= cells:
            axes.set_axis_off()
            continue
        image = axes.imshow(
            data[..., number], cmap=colormaps["RdBu_r" if has_sign else "Purples"], vmin=-largest if has_sign else 0.0, vmax=largest)
        for row, column in numpy.argwhere(critical.to_numpy()[..., number].astype(bool)):
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor="black", linewidth=1))
        axes.set_title(f"channels {number}", fontsize="small")
        axes.set_xticks([])
        axes.set_yticks([])
    unit = values.attrs.get("unit", "")
    drawn.colorbar(image, ax=panels, label=f"ζ, {unit}" if values.name == "zeta" else str(values.name), shrink=0.8)
    drawn.suptitle(f"{values.attrs['layer']}  {values.attrs['tensor']}", fontsize="medium")
    return drawn


def draw_rank(regions: pandas.DataFrame, layer: dict[str, Any]) -> figure.Figure:
    """The lines of `regions`, in order, with their intervals; critical ones are filled."""
    drawn = _Figure(figsize=(6, 0.28 * len(regions) + 1), layout="constrained")
    axes = drawn.subplots()
    for place, region in enumerate(regions.to_dict("records")):
        zeta, low, high = region["zeta"], region["zeta_low"], region["zeta_high"]
        axes.errorbar(
            zeta, place, xerr=[[zeta - low], [high - zeta]], fmt="o", color="C0", capsize=3,
            markerfacecolor="C0" if region["critical"] else "white")
        axes.annotate(
            f"{region['rank_low']}–{region['rank_high']}", (1.01, place), xycoords=("axes fraction", "data"), va="center",
            fontsize="small")
    axes.set_yticks(
        range(len(regions)), labels=[f"{rank}  {name}" for rank, name in zip(regions["rank"], regions.region, strict=True)])
    axes.invert_yaxis()
    axes.axvline(0, color="0.7", linewidth=1)
    axes.set_xlabel(f"ζ, {layer['value']}, with its interval; ranks it allows on the right; critical regions filled")
    axes.set_title(layer["tensor"], fontsize="medium")
    return drawn
