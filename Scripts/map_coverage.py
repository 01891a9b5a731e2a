"""Scans networks, and reads every stimulus's map with its intervals."""
import csv
import json
import subprocess
import sys
import tempfile

import numpy as np


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")


def scan_maps(program, folder, layer, shape, options):
    """Scans `folder`'s model.onnx under its stimuli.npz, and returns the layer's part of impact.json, the names of the regions, and
    `[stimuli x regions]` of ζ, its standard error, the bounds of its interval, and its q value."""
    out = tempfile.mkdtemp(dir=folder)
    run([
        program, "--model", f"{folder}/model.onnx", "--data", f"{folder}/stimuli.npz", "--stimuli", str(shape[0]), "--layers", layer,
        "--no-tracts", "--progress", "none", "--value", "logit", "--out", f"{out}/scan", *options])
    run([program, "report", f"{out}/scan", "--only", "long"])
    with open(f"{out}/scan/impact.json", encoding="utf-8") as file:
        impact = json.load(file)["layer_0"]
    names = ("zeta", "standard_error", "zeta_low", "zeta_high", "q_value")
    maps = {name: np.full(shape, np.nan) for name in names} | {"region": [""] * shape[1]}
    with open(f"{out}/scan/stimuli/regions.tsv", encoding="utf-8", newline="") as file:
        for number, line in enumerate(csv.DictReader(file, delimiter="\t")):
            place = divmod(number, shape[1])
            maps["region"][place[1]] = line["region"]
            for name in names:
                maps[name][place] = float(line[name])
    return impact, maps
