"""Figures of Docs/cifar10.md: small, plain, the same bytes for the same numbers."""
import pathlib

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

FOLDER = pathlib.Path("Docs/images/cifar10")
COLOURS = ("#3b6fb6", "#d1603d", "#4c9f70", "#8a6bb8")
matplotlib.rcParams.update({
    "svg.hashsalt": "nnfmri", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9, "axes.spines.top": False,
    "axes.spines.right": False,
})


def save(name, figure):
    """Writes the figure and gives the Markdown that shows it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.svg"
    figure.savefig(path, metadata={"Date": None, "Creator": None}, bbox_inches="tight")
    plt.close(figure)
    return path


def shown(name, caption):
    return f"![{caption}](images/cifar10/{name}.svg)"


def _axes(title, ylabel):
    figure, axes = plt.subplots(figsize=(6.4, 2.4))
    axes.set_title(title, loc="left", fontsize=10)
    axes.set_ylabel(ylabel)
    return figure, axes


def _bounds(axes, low, high):
    """The range that was expected."""
    if low is not None and high is not None:
        axes.axhspan(low, high, color="#999999", alpha=0.2, linewidth=0)
    elif low is not None or high is not None:
        axes.axhline(high if low is None else low, color="#777777", linestyle="--", linewidth=1)


def by_layer(name, title, ylabel, series, *, low=None, high=None):
    """Lines over the depth of the scanned layers. - `series`: name -> [(value, low, high)], one a layer, first to last."""
    figure, axes = _axes(title, ylabel)
    _bounds(axes, low, high)
    for (label, points), colour in zip(series.items(), COLOURS):
        depth = [place / max(1, len(points) - 1) for place in range(len(points))]
        values = [point[0] for point in points]
        axes.plot(depth, values, marker="o", markersize=3, color=colour, label=label, linewidth=1.2)
        axes.fill_between(depth, [point[1] for point in points], [point[2] for point in points], color=colour, alpha=0.18, linewidth=0)
    axes.set_xlabel("scanned layers, first to last")
    axes.set_xticks([0, 0.5, 1], ["first", "middle", "last"])
    axes.legend(frameon=False, fontsize=8)
    return save(name, figure)


def bars(name, title, ylabel, groups, *, low=None, high=None):
    """Bars with intervals. - `groups`: label -> (value, low, high)."""
    figure, axes = _axes(title, ylabel)
    _bounds(axes, low, high)
    for place, (value, below, above) in enumerate(groups.values()):
        axes.bar(place, value, width=0.6, color=COLOURS[0])
        axes.errorbar(place, value, [[max(0, value - below)], [max(0, above - value)]], color="#222222", capsize=3, linewidth=1)
    axes.set_xticks(range(len(groups)), [label.replace(" / ", "\n") for label in groups], fontsize=8)
    axes.axhline(0, color="#222222", linewidth=0.6)
    return save(name, figure)


def histogram(name, title, xlabel, series, *, low, high):
    """Steps of the shares of values. - `series`: name -> values."""
    figure, axes = _axes(title, "share of regions")
    axes.axvspan(low, high, color="#999999", alpha=0.2, linewidth=0)
    for (label, values), colour in zip(series.items(), COLOURS):
        axes.hist(
            values, bins=40, weights=[1 / len(values)] * len(values), histtype="step", color=colour, label=label, linewidth=1.2)
    axes.set_xlabel(xlabel)
    axes.legend(frameon=False, fontsize=8)
    return save(name, figure)
