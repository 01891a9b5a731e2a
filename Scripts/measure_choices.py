#!/usr/bin/env python3
"""Writes Docs/choosing.md from four scans: spatial and channel grids of two halves of the stimuli.

Usage: measure_choices.py FOLDER MODEL DATA   (FOLDER holds spatial-0, spatial-1, channels-0 and channels-1)
"""
import array
import ast
import json
import math
import struct
import sys

LEAST_STIMULI = 6  # of a class, so that it has two halves of three


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def read_npy(path):
    """Float32 as written by the program: its shape, and its numbers in C order."""
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<H", content[8:10])[0]
    header = ast.literal_eval(content[10:10 + length].decode())
    numbers = array.array("f")
    numbers.frombytes(content[10 + length:])
    return header["shape"], numbers


class Scan:
    def __init__(self, folder):
        self.impact = read_json(f"{folder}/impact.json")
        self.lesions = read_json(f"{folder}/lesions.json")
        self.predictions = read_json(f"{folder}/scan.json")["stimuli"]["predictions"]
        self.maps = {}
        for layer in self.impact:
            (stimuli, regions, quantities), numbers = read_npy(f"{folder}/stimuli/{layer}.npy")
            self.maps[layer] = [
                [numbers[quantities * (regions * stimulus + region)] for region in range(regions)]
                for stimulus in range(stimuli)
            ]

    def mean(self, layer):
        return average(self.maps[layer])


def average(maps):
    return [sum(column) / len(maps) for column in zip(*maps)]


def correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    product = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    squares = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    return product / math.sqrt(squares) if squares > 0 else float("nan")


def by_class(scans, layer):
    """For each predicted class with enough stimuli, the mean maps of its odd and of its even ones."""
    groups = {}
    for scan in scans:
        for predicted, one in zip(scan.predictions, scan.maps[layer]):
            groups.setdefault(predicted, []).append(one)
    return {
        predicted: (average(maps[0::2]), average(maps[1::2]))
        for predicted, maps in groups.items() if len(maps) >= LEAST_STIMULI
    }


def within_and_between(scans, layer):
    halves = by_class(scans, layer)
    within = [correlation(a, b) for a, b in halves.values()]
    between = [
        correlation(halves[one][0], halves[other][1]) for one in halves for other in halves if one != other
    ]
    return mean(within), mean(between), len(halves)


def mean(values):
    return sum(values) / len(values) if values else float("nan")


def show(value):
    return "n/a" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def short(tensor):
    return tensor.removesuffix("_output_0")


def empty(entry):
    return "n/a" if entry is None else f"class {entry['class']}, {100 * entry['share']:.0f} %, p {entry['confidence']:.2f}"


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, model, data = sys.argv[1:]
    scans = {grid: [Scan(f"{folder}/{grid}-{half}") for half in (0, 1)] for grid in ("spatial", "channels")}
    layers = list(scans["spatial"][0].impact)
    if any(list(scan.impact) != layers for pair in scans.values() for scan in pair):
        sys.exit("the scans have different layers")
    count = len(scans["spatial"][0].predictions)
    rows, empties, columns = [], [], {"spatial": [], "channels": []}
    for layer in layers:
        cells = []
        for grid in ("spatial", "channels"):
            first, second = scans[grid]
            within, between, classes = within_and_between(scans[grid], layer)
            cells += [correlation(first.mean(layer), second.mean(layer)), within, between]
            columns[grid].append(cells[-3:])
        content = scans["spatial"][0].impact[layer]
        rows.append([f"`{short(content['tensor'])}`"] + [show(cell) for cell in cells])
        trials = scans["spatial"][0].lesions[layer]["lesion_trials"] or {"everything": None, "everything_otherwise": None}
        empties.append([f"`{short(content['tensor'])}`", empty(trials["everything"]), empty(trials["everything_otherwise"])])
    print(page(model, data, count, classes, rows, empties, columns))


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def span(values):
    known = [value for value in values if not math.isnan(value)]
    return f"{show(min(known))} to {show(max(known))}" if known else "n/a"


def page(model, data, count, classes, rows, empties, columns):
    spatial, channels = columns["spatial"], columns["channels"]
    measured = table(
        ["layer", "places: halves", "within a class", "between classes", "channels: halves", "within a class", "between classes"],
        rows)
    lesions = table(["layer", "by the scan's lesion", "by the other"], empties)
    return f"""# Choosing

Which grid, lesion, value and number of stimuli answer which question, with what was measured of it: `{model}` on two halves of
{count} stimuli each of `{data}`. The page is written by `Scripts/measure-choices`.

## Grids

| the question | `--grid` |
|---|---|
| where does the answer come from? | `spatial`: 8 x 8 places, each with all its channels |
| by which features? | `channels`: every channel by itself, at all places |
| which features where? | `8x8x4`, the default: groups of channels at places |

How well mean maps of ζ hold, as correlations over regions: between the two halves of the stimuli, between two halves of the
stimuli that are predicted to be of one class (the mean of {classes} classes), and between halves of different classes:

{measured}

Maps of places hold from one half to the other by {span([row[0] for row in spatial])}, and channels by
{span([row[0] for row in channels])}. Channels are those of a class where they correlate within classes
({span([row[1] for row in channels])}) and not between them ({span([row[2] for row in channels])}): their mean over mixed classes then says
little, so scan one class (`--select predicted=dog --class-names names.txt`, or the number of the class) or read the maps of single stimuli and of groups (`groups/`). Neighbouring
channels share nothing, so groups of them (`8x8x4`) are a matter of memory order; places have neighbours.

## Lesions

What the network answers with everything of a layer lesioned: the class that most stimuli get, their share, and the mean probability of
the answers. A network that is sure there takes the lesion for evidence; another lesion is then the better question.

{lesions}

`zero` is what taking a part out does; `mean` takes away what differs between stimuli; `resample` puts in what another stimulus
has, which the network has met.

## Stimuli

- *This image*: `--select index=37 --per-stimulus 0.9`. One stimulus, first-level errors; it says nothing of others.
- *These images*: as many as there are; read *fixed effects*.
- *Images like these*: 64 to 256; read *random effects*. Where that answer is empty, the summary says how many would be needed.
- *In how many images?* Prevalence, beside the mean: a region that half of the images need and half don't has a mean of nothing.

## Why was it wrong?

The value of a wrong answer's logit says what speaks for the wrong answer. What decided against the right one is the margin
between the two: v = the label's logit minus the largest other one, negative where the answer is wrong.

```
nnfmri-mpi --model model.onnx --data stimuli --select wrong --value margin --target label --per-stimulus 0.9 --out why
nnfmri-mpi report why --only long     # a line a stimulus and region
```

Regions with negative ζ are those without which the label would lead by more: `report.html` shows for every error what the network
answers with its most negative ones lesioned, and the summary how many errors that mends. What errors have in common, against right
answers: scan both, then

```
nnfmri-mpi --model model.onnx --data stimuli --value margin --target label --stimuli 256 --out all
nnfmri-mpi contrast all --groups correct
```
"""


if __name__ == "__main__":
    main()
