"""Plays public libraries beside 'nnfmri-mpi compare', and writes Docs/comparison.md. Run by Scripts/compare-methods."""
import argparse
import importlib.metadata
import json
import pathlib

import numpy
import torch

from network_kinds import tried
from outside_methods import METHODS, Layer, counted
from scan_reading import Scan, student, table

STIMULI = 6
TOP = 0.04
PAGE = pathlib.Path("Docs/comparison.md")
OWN = {
    "zeta_reference": "ζ, long reference", "zeta_scan": "ζ of the scan", "zeta_scan_mean": "ζ of the scan, mean of all stimuli",
    "zeta_4_values_a_region": "ζ, 4 passes a region", "zeta_128_gradient_passes": "ζ, 128 gradient passes",
    "zeta_32_gradient_passes": "ζ, 32 gradient passes", "zeta_8_gradient_passes": "ζ, 8 gradient passes",
    "integrated_gradients": "integrated gradients", "gradient_x_activation": "gradient x activation", "grad_cam": "Grad-CAM",
    "single_lesions": "single lesions", "density": "density", "random_central": "random, as central as ζ", "random": "random",
}

TWINS = {
    "Grad-CAM, captum": "grad_cam", "gradient x activation, captum": "gradient_x_activation",
    "integrated gradients, captum": "integrated_gradients",
}


def curve_areas(layer, scores, effect):
    """Deletion and insertion areas as shares of the layer's mean effect, and whether the answer flips, as the program has them."""
    order = numpy.argsort(-scores, kind="stable")
    steps = min(layer.count, 32)
    counts = [(step * layer.count + steps // 2) // steps for step in range(steps + 1)]
    lesioned = numpy.ones((2 * len(counts) + 1, layer.count))
    for row, count in enumerate(counts):
        lesioned[row, order[:count]] = 0
        lesioned[len(counts) + row] = 1 - lesioned[row]
    lesioned[-1, order[:max(1, round(TOP * layer.count))]] = 0
    answers = layer.scores(lesioned)
    values, empty = answers[:, layer.target], answers[len(counts) - 1, layer.target]
    area = lambda curve: (numpy.trapezoid(curve, numpy.array(counts) / layer.count) - empty) / effect
    return area(values[:len(counts)]), area(values[len(counts):-1]), float(answers[-1].argmax() != layer.answer)


def read(path):
    """A comparison with its layers in order."""
    comparison = json.loads(path.read_text())
    comparison["layers"] = dict(sorted(comparison["layers"].items(), key=lambda item: int(item[0].split("_")[1])))
    return comparison


def made(layer, file):
    """Every library's map of a layer under an image: (scores, passes, seconds). What was made is kept."""
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        found = {method: counted(layer, make) for method, make in METHODS.items()}
        file.write_text(json.dumps({method: [scores.tolist(), passes, seconds] for method, (scores, passes, seconds) in found.items()}))
    return {
        method: (numpy.array(scores), passes, seconds) for method, (scores, passes, seconds) in json.loads(file.read_text()).items()}


def play(arguments, comparison):
    """By layer, by method: a record a stimulus."""
    scan = pathlib.Path(arguments.kept) / "scan"
    stimuli = torch.from_numpy(Scan(scan).images(arguments.data)[0])
    names = list(comparison["layers"])
    records = {}
    if not (pathlib.Path(arguments.kept) / "outside").exists():
        # The first call of a library loads and compiles.
        layer = Layer(arguments.model, comparison["layers"][names[-1]]["tensor"], stimuli[:1], comparison["layers"][names[-1]]["grid"])
        for method in METHODS.values():
            counted(layer, method)
    for name in (names[0], names[len(names) // 2], names[-1]):
        compared = comparison["layers"][name]
        own = dict(zip(comparison["methods"], numpy.load(scan / f"comparison_maps/{name}.npy").astype(float)))
        for stimulus in range(STIMULI):
            layer = Layer(arguments.model, compared["tensor"], stimuli[stimulus][None], compared["grid"])
            maps = made(layer, pathlib.Path(arguments.kept) / f"outside/{name}-{stimulus}.json")
            maps |= {method: (own[method][stimulus], None, None) for method in OWN}
            for method, (scores, passes, seconds) in maps.items():
                deletion, insertion, flip = curve_areas(layer, scores, compared["effect"]["mean"])
                records.setdefault(name, {}).setdefault(method, []).append({
                    "r": float(numpy.corrcoef(scores, own["zeta_reference"][stimulus])[0, 1]), "deletion": float(deletion),
                    "insertion": float(insertion), "flips": flip, "passes": passes, "seconds": seconds,
                    "twin": difference(method, scores, own, stimulus, layer.cells[2])})
    return records


def difference(method, scores, own, stimulus, groups):
    """Of a library's map from the program's by the same method, the largest as a share of the largest score; of Grad-CAM's over whole
    cells, since its map has no channels."""
    if method not in TWINS:
        return None
    twin = own[TWINS[method]][stimulus]
    if TWINS[method] == "grad_cam":
        scores, twin = scores.reshape(-1, groups).sum(1), twin.reshape(-1, groups).sum(1)
    return float(numpy.abs(scores - twin).max() / numpy.abs(scores).max())


def kinds(arguments):
    """What was made of which kinds of networks; kept."""
    file = pathlib.Path(arguments.kept) / "kinds.json"
    if not file.exists():
        file.write_text(json.dumps(tried(arguments.program)))
    return json.loads(file.read_text())


def interval(values):
    mean, low, high = student(values)
    return f"{mean:.2f} ± {(high - low) / 2:.2f}"


def spread(measure):
    if measure is None:
        return "–"
    low, high = measure["confidence_interval"]
    return f"{measure['mean']:.2f} ± {(high - low) / 2:.2f}"


def percent(measure):
    if measure is None:
        return "–"
    low, high = measure["confidence_interval"]
    return f"{100 * measure['mean']:.0f} % ({100 * low:.0f} to {100 * high:.0f})"


def milliseconds(seconds):
    return "–" if seconds is None else f"{1000 * seconds:.3g}"


def own_table(methods, times):
    rows = []
    for name, title in OWN.items():
        method = methods[name]
        if method["reason"]:
            continue
        is_scan = name.startswith("zeta_scan")
        rows.append([
            title, spread(method["deletion"]), spread(method["insertion"]), percent(method["flips"]),
            "" if name == "zeta_reference" else spread(method["correlation"]), spread(method["top_overlap"]),
            spread(method["randomised_rank_correlation"]), spread(method["randomised_magnitude_rank_correlation"]),
            "" if is_scan else f"{method['passes']:.0f}", "" if is_scan else f"{method['gradient_passes']:.0f}",
            "" if is_scan else milliseconds(times[name])])
    return table(
        ["method", "deletion", "insertion", "flips, first 4 %", "r with reference", "of its first 4 %", "shuffled ρ",
         "of magnitudes", "passes", "with gradient", "ms"], rows)


def layer_table(comparison, measure, form):
    layers = comparison["layers"]
    rows = []
    for name, title in OWN.items():
        cells = [layer["methods"][name].get(measure) for layer in layers.values()]
        rows.append([title, *(form(cell) for cell in cells)])
    return table(["method", *(f"{name}: {short(layer['tensor'])}" for name, layer in layers.items())], rows)


def short(tensor):
    return tensor.removesuffix("_output_0").strip("/").replace("/", " ")


def victories(comparison):
    """Where another method is better than the long ζ run, interval of the differences beyond 0."""
    lines = []
    for name, layer in comparison["layers"].items():
        for method, title in OWN.items():
            if method.startswith("zeta"):
                continue
            for measure, sign in (("deletion", -1), ("insertion", 1), ("flips", 1)):
                found = layer["methods"][method].get(measure)
                difference = found and found.get("less_reference")
                if not difference:
                    continue
                low, high = sorted(sign * bound for bound in difference["confidence_interval"])
                if low > 0:
                    lines.append(f"- {name} ({short(layer['tensor'])}): *{title}* in {measure}, by {(low + high) / 2:.2f} ({low:.2f} to {high:.2f}).")
    return "\n".join(lines) or "- Nowhere: no interval of differences from the long ζ run lies on the better side of 0."


# What a gradient pass costs, in passes forward alone.
GRADIENT_COST = 2.5
BUDGETS = (2.5, 20, 80, 320, 1100)


def best_table(methods):
    """The best method up to each cost, by measure."""
    rows = []
    for budget in BUDGETS:
        affordable = [
            name for name in OWN if not name.startswith(("zeta_scan", "zeta_reference")) and not methods[name]["reason"]
            and methods[name]["passes"] + GRADIENT_COST * methods[name]["gradient_passes"] <= budget]
        row = [f"{budget:g}"]
        for measure, sign in (("deletion", -1), ("insertion", 1), ("flips", 1), ("correlation", 1)):
            values = {name: sign * methods[name][measure]["mean"] for name in affordable}
            best = max(values, key=values.get)
            row.append(f"{OWN[best]} ({sign * values[best]:.2f})")
        rows.append(row)
    return table(["passes a map, at most", "deletion", "insertion", "flips", "r with reference"], rows)


def outside_table(records, times):
    names = list(next(iter(records.values())))
    rows = []
    for name in names:
        trials = [trial for layer in records.values() for trial in layer[name]]
        # Of each stimulus the mean over layers.
        by_stimulus = {
            measure: numpy.mean([[trial[measure] for trial in layer[name]] for layer in records.values()], axis=0)
            for measure in ("deletion", "insertion", "flips", "r")}
        passes = [trial["passes"] for trial in trials if trial["passes"] is not None]
        seconds = [trial["seconds"] for trial in trials if trial["seconds"] is not None]
        twins = [trial["twin"] for trial in trials if trial["twin"] is not None]
        rows.append([
            OWN.get(name, f"**{name}**"), interval(by_stimulus["deletion"]), interval(by_stimulus["insertion"]),
            f"{100 * numpy.mean(by_stimulus['flips']):.0f} %", interval(by_stimulus["r"]),
            f"{numpy.mean(passes):.0f}" if passes else "", milliseconds(numpy.mean(seconds)) if seconds else "" if name.startswith("zeta_scan") else milliseconds(times.get(name)),
            f"{max(twins):.0e}" if twins else ""])
    return table(
        ["method", "deletion", "insertion", "flips, first 4 %", "r with reference", "passes", "ms",
         "largest difference from ours"], rows)


def answer_table(records, times, tried_kinds, scan_passes):
    """The three families, in numbers: of the same images and layers."""
    families = ("Grad-CAM, captum", "KernelExplainer 4n, SHAP", "zeta_scan")

    def of(measure, form=interval):
        return [form(numpy.mean([[trial[measure] for trial in layer[name]] for layer in records.values()], axis=0)) for name in families]

    count = lambda column: f"{sum(row[column].startswith('yes') for row in tried_kinds)} of {len(tried_kinds)} kinds"
    share = lambda values: f"{100 * values.mean():.0f} %"
    passes, seconds = ([numpy.mean([trial[field] for layer in records.values() for trial in layer[name]]) for name in families[:2]]
                       for field in ("passes", "seconds"))
    quick = lambda budget: (
        f"{milliseconds(times[f'zeta_{budget}_gradient_passes'])} by {budget} gradient passes, then r "
        + interval(numpy.mean([[trial["r"] for trial in layer[f"zeta_{budget}_gradient_passes"]] for layer in records.values()], axis=0)))
    rows = [
        ["spatial detail: what it tells apart", "the places of the layer, no channels", "256 regions of places and channels, at 4 passes each",
         "256 regions of places and channels; up to 65,536 a layer"],
        ["spatial detail: r with long ζ", *of("r")],
        ["impact: deletion (small is good)", *of("deletion")],
        ["impact: insertion (large is good)", *of("insertion")],
        ["impact: answers changed by the first 4 %", *of("flips", share)],
        ["impact: error bars and tests", "none", "none", "intervals, p, q and ranks, of one image and over images"],
        ["real time: passes a map", f"{passes[0]:.0f} with gradient", f"{passes[1]:.0f}", scan_passes],
        ["real time: ms a map, one core", f"{milliseconds(seconds[0])}, PyTorch", f"{milliseconds(seconds[1])}, PyTorch", f"{quick(8)}; {quick(32)}"],
        ["kinds of networks, tried below", count(1), f"{count(2)} by GradientExplainer; by KernelExplainer any whose regions its user can lesion",
         f"{count(3)}, layers found and cut by itself"],
    ]
    return table(["", "Grad-CAM (captum)", "SHAP (KernelExplainer at 4 passes a region)", "nnfmri-mpi (ζ of a scan by default options)"], rows)


def scan_passes(arguments, records):
    """What the scan spent on an image, in the layers that are compared."""
    impact = json.loads((pathlib.Path(arguments.kept) / "scan/impact.json").read_text())
    spent = {True: [], False: []}
    for name in records:
        spent[impact[name]["estimator"] == "gradient"].append(impact[name]["evaluations_per_series"])
    parts = [(spent[True], "with gradient"), (spent[False], "forward alone")]
    return "by layer " + "; ".join(f"{', '.join(map(str, numbers))} {kind}" for numbers, kind in parts if numbers)


def page(arguments, comparison, phantom, times, records, tried_kinds):
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("captum", "shap", "shapiq", "msapy", "torch"))
    layers = comparison["layers"]
    reliability = min(layer["reference_reliability"] for layer in layers.values())
    return f"""# Comparison with other methods

Written by `Scripts/compare-methods`, for {pathlib.Path(arguments.model).name} on CIFAR-10 images: {len(layers)} layers of a scan, {len(comparison['stimuli'])}
images, {next(iter(layers.values()))['regions']} regions a layer (8x8x4), {comparison['lesion']} lesions, v the {comparison['value']} of the {comparison['target']} class. [method.md](method.md#comparison-of-methods)
says what each method and measure is. ± are 95 % intervals across images; milliseconds are of one core of the machine that wrote the page.
The program runs gradient passes eight at a time, so its maps of a single one (Grad-CAM, gradient x activation) take as long as those of eight.

*Deletion*: what is left of the layer's effect while the map's first regions are lesioned, on average on the way from none to
all; small is good. *Insertion*: the same while they alone are intact; large is good. *Flips*: answers that change with the first
4 % of the regions lesioned. *Reference*: ζ by {comparison['reference_samples']} passes a region; at least {100 * reliability:.1f} % of its maps' variance is not sampling.

## The three families

{answer_table(records, times, tried_kinds, scan_passes(arguments, records))}

All three under the same {STIMULI} images in the same three layers, tried by the same code in PyTorch (the last table has the other methods).

Small untrained networks of six kinds, given to each (`network_kinds.py`):

{table(["network", "Grad-CAM, captum", "GradientExplainer, SHAP", "nnfmri-mpi"], tried_kinds)}

## All methods, all layers

{own_table(comparison['all_layers']['methods'], times)}

*Shuffled*: Spearman's ρ of a map with the one of the same network with the weights behind the layer shuffled. Near 0 is good, unless
the map is noise: read it beside r. Density doesn't depend on those weights, and shows what a map looks like that fails the test.

## By layer

Deletion:

{layer_table(comparison, 'deletion', spread)}

Insertion:

{layer_table(comparison, 'insertion', spread)}

Flips by the first 4 %:

{layer_table(comparison, 'flips', percent)}

r with the long ζ run:

{layer_table(comparison, 'correlation', spread)}

## Where others win

Against the long ζ run, which no budget limits, image by image:

{victories(comparison)}

The same on the built-in phantom (a small residual network, 8 images, four layers):

{victories(phantom)}

Up to each cost, a gradient pass counted as {GRADIENT_COST} passes; means over layers and images, without a test of the differences:

{best_table(comparison['all_layers']['methods'])}

- A single gradient is enough where the network behind the layer is affine (the last layer here): then gradient x activation, integrated
  gradients, single lesions and ζ are one and the same, and the cheapest wins.
- Below eight gradient passes there is no ζ: one pass buys gradient x activation. On few passes it changes more answers with its first regions
  than ζ does.
- The mean map of all images, which a scan reports first, says little of a single one.

A Shapley value is a region's mean worth over all companies it may keep. Deletion and insertion ask for an order in which each
region meets only those before it, so another order may do better, and the straight line of integrated gradients passes near just those
companies.

## Beside public libraries

The same layers, regions and lesions in PyTorch, {STIMULI} images, three layers: every map, the program's and the libraries' ({versions}),
is tried by a second implementation that shares no code with the program. *Largest difference from ours*: of the library's map from
the program's own map by the same method, as a share of the largest score. The libraries' times are with PyTorch's passes.

{outside_table(records, times)}
"""


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "kept", "model", "data"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    scan = pathlib.Path(arguments.kept) / "scan"
    comparison = read(scan / "comparison.json")
    times = json.loads((pathlib.Path(arguments.kept) / "times/comparison_times.json").read_text())["seconds_a_map"]
    records = play(arguments, comparison)
    phantom = read(pathlib.Path(arguments.kept) / "phantom/comparison.json")
    PAGE.write_text(page(arguments, comparison, phantom, times, records, kinds(arguments)))


if __name__ == "__main__":
    main()
