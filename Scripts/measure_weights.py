"""What Scripts/measure-weights runs."""

import argparse
import filecmp
import json
import os
import shutil
import subprocess
import tempfile
import time

import numpy as np

import large_models

NETWORKS = {
    # Its layers, of which the one in the middle is scanned; options for a scan of a minute or so.
    "transformer": (large_models.write_transformer, {}, "block_11", ["--grid", "4x1x8", "--position", "0"]),
    "resnet-152": (large_models.write_resnet, {}, "stage_2_block_17", ["--grid", "4x4x2"]),
    "resnet-152-wide": (large_models.write_resnet, {"width": 96}, "stage_2_block_17", ["--grid", "4x4x2"]),
}


def resident(process):
    """Bytes that a process holds: those that it shares count in part, by how many share them."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def ranks_of(launcher, name):
    """The processes below a launcher that run the program."""
    parents = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                head, _, rest = file.read().rpartition(")")
        except OSError:
            continue
        parents[int(entry)] = (int(rest.split()[1]), head.partition("(")[2])
    family, grew = {launcher}, True
    while grew:
        more = {process for process, (parent, _) in parents.items() if parent in family} - family
        family |= more
        grew = bool(more)
    return [process for process in family if process in parents and parents[process][1] == name[:15]]


def scan(options, ranks, sharing, model, data, layer, extra, folder):
    """Runs a scan; returns its folder, the largest sums of what the ranks held while they measured and before, and their
    rate."""
    out = os.path.join(folder, f"{ranks}-{sharing}")
    with subprocess.Popen(
        ["mpirun", "-n", str(ranks), options.program, "--model", model, "--data", data, "--layers", layer, "--stimuli", "4",
         "--samples", str(options.samples), "--share-weights", sharing, "--out", out, "--progress", "none", "--no-tracts"]
        + extra,
        env={**os.environ, "TMPDIR": folder}, stdout=subprocess.DEVNULL) as run:
        largest, before, start = 0, 0, time.monotonic()
        while run.poll() is None:
            held = sum(map(resident, ranks_of(run.pid, os.path.basename(options.program))))
            # While shards come in; before that, rank 0 looks at the model alone, and layers are checked.
            if os.path.exists(out + "/checkpoint.bin"):
                largest = max(largest, held)
            else:
                before = max(before, held)
            time.sleep(0.1)
    if run.returncode:
        raise SystemExit(f"the scan failed with {run.returncode}")
    with open(out + "/scan.json") as file:
        rate = json.load(file)["evaluations_per_second"]
    return out, largest, before, rate, time.monotonic() - start


def main():
    parser = argparse.ArgumentParser(prog="Scripts/measure-weights")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--folder", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    options = parser.parse_args()
    print(f"{'network':16} {'weights':>8}  {'ranks':>5}  {'shared':>6}  {'resident':>9}  {'of one':>6}  {'before':>9}  {'evaluations/s':>13}  {'seconds':>7}")
    for name in options.networks:
        write, sizes, layer, extra = NETWORKS[name]
        model, data = os.path.join(options.folder, name + ".onnx"), os.path.join(options.folder, name + ".npz")
        if not os.path.exists(data):
            np.savez(data, **write(model, **sizes))
        size = os.path.getsize(model) + (os.path.getsize(model + ".weights") if os.path.exists(model + ".weights") else 0)
        folder, first = tempfile.mkdtemp(dir=options.folder), None
        try:
            for ranks, sharing in [(1, "never"), (4, "never"), (4, "always")]:
                out, largest, before, rate, seconds = scan(options, ranks, sharing, model, data, layer, extra, folder)
                first = first or (out, largest)
                print(f"{name:16} {size / 1e6:5.0f} MB  {ranks:5d}  {sharing:>6}  {largest / 1e6:6.0f} MB  "
                      f"{largest / first[1]:6.2f}  {before / 1e6:6.0f} MB  {rate:13.2f}  {seconds:7.1f}", flush=True)
                for file in ["impact.json", "density.json", "regions.tsv"]:
                    if not filecmp.cmp(os.path.join(first[0], file), os.path.join(out, file), shallow=False):
                        raise SystemExit(f"{file} has other bytes on {ranks} ranks, weights shared {sharing}")
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
