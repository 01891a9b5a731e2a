"""Reads finished scans of CIFAR-10 images, and writes tables of Markdown pages."""
import json
import pathlib

import numpy
from scipy import stats

BATCH_RECORD = 3073


class Scan:
    """A finished scan's folder."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.measured = json.loads((self.folder / "acquisition/measurements.json").read_text())
        self.summary = json.loads((self.folder / "scan.json").read_text())
        self.impact = json.loads((self.folder / "impact.json").read_text())
        self.layers = sorted(self.impact, key=lambda name: int(name.split("_")[1]))

    def tensor(self, layer):
        return self.impact[layer]["tensor"]

    def short(self, layer):
        return self.tensor(layer).removesuffix("_output_0").strip("/").replace("/", " ")

    def grid(self, layer):
        return self.impact[layer]["grid"]

    def regions(self, layer, field):
        """`[regions]` of a field of impact.json, in the order of their numbers."""
        grids = self.impact[layer]["grids"]
        return numpy.array([grids[name][field] for name in sorted(grids, key=lambda name: [int(i) for i in name.split("_")[1:]])])

    def zeta(self, layer):
        """`[stimuli x regions]`."""
        described = json.loads((self.folder / "stimuli/stimuli.json").read_text())[layer]
        return numpy.load(self.folder / "stimuli" / described["file"])[..., described["quantities"].index("zeta")].astype(float)

    def activity(self, layer):
        """`[stimuli x regions]` of mean |a|."""
        moments = numpy.load(self.folder / f"acquisition/moments_{layer}.npy")
        return moments[..., 1] / moments[..., 0]

    def images(self, data, places=None):
        """`[stimuli x 3 x 32 x 32]`, preprocessed as in the scan, and their labels."""
        options = self.measured["measurement"]
        places = self.measured["plan"]["stimulusPlaces"] if places is None else places
        records = numpy.fromfile(data, numpy.uint8).reshape(-1, BATCH_RECORD)[places]
        pixels = records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) / (options.get("scale") or 255)
        channel = lambda numbers, default: numpy.array(numbers or [default] * 3, numpy.float32)[:, None, None]
        return (pixels - channel(options["mean"], 0)) / channel(options["standardDeviation"], 1), records[:, 0].astype(int)


def table(header, rows):
    cells = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in cells)


def student(values):
    """Mean and Student's 95 % interval."""
    values = numpy.asarray(values, float)
    values = values[numpy.isfinite(values)]
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return values.mean(), values.mean() - half, values.mean() + half


def wilson(successes, count):
    """A share and its 95 % interval by Wilson's score."""
    result = stats.binomtest(int(successes), int(count)).proportion_ci(method="wilson")
    return successes / count, result.low, result.high


def jackknife(statistic, count):
    """A statistic of all stimuli, and its 95 % interval from leaving out one at a time: for what resampling would bias.

    `statistic` takes the numbers of the stimuli.
    """
    everyone = numpy.arange(count)
    without = numpy.array([statistic(numpy.delete(everyone, stimulus)) for stimulus in everyone])
    half = stats.t.ppf(0.975, count - 1) * ((count - 1) / count * ((without - without.mean()) ** 2).sum()) ** 0.5
    value = statistic(everyone)
    return value, value - half, value + half


def bootstrap(statistic, count, *, draws=1000, seed=0):
    """A statistic of all stimuli, and its 95 % percentile interval over resamples of them.

    `statistic` takes the numbers of the stimuli.
    """
    random = numpy.random.default_rng(seed)
    values = [statistic(random.integers(count, size=count)) for _ in range(draws)]
    return statistic(numpy.arange(count)), *numpy.percentile(values, [2.5, 97.5])
