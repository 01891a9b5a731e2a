#!/usr/bin/env python3
"""Compares the critical regions and ζ of a scan with those of a reference scan of the same layers, as a Markdown table.

Usage: compare_scans.py SCAN REFERENCE
"""
import json
import math
import sys


def load(folder):
    with open(f"{folder}/impact.json", encoding="utf-8") as file:
        return json.load(file)


def correlation(a, b):
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    product = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    squares = sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b)
    return product / math.sqrt(squares) if squares > 0 else float("nan")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    scan, reference = load(sys.argv[1]), load(sys.argv[2])
    print("| layer | estimator | passes a stimulus | squared error | correlation | critical | of the reference | shared |")
    print("|---|---|---|---|---|---|---|---|")
    own = known = shared = 0
    for name, layer in scan.items():
        other = reference[name]
        if other["tensor"] != layer["tensor"] or set(other["grids"]) != set(layer["grids"]):
            sys.exit(f"{name} is another layer in {sys.argv[2]}, or has another grid: scan both alike")
        regions = list(layer["grids"])
        zeta = [layer["grids"][region]["zeta"] for region in regions]
        truth = [other["grids"][region]["zeta"] for region in regions]
        error = sum((x - y) ** 2 for x, y in zip(zeta, truth)) / sum(y * y for y in truth)
        mine = {region for region in regions if layer["grids"][region]["critical"]}
        theirs = {region for region in regions if other["grids"][region]["critical"]}
        own, known, shared = own + len(mine), known + len(theirs), shared + len(mine & theirs)
        print(
            f"| {name} | {layer['estimator']} | {layer['evaluations_per_series']} | {error:.4f} "
            f"| {correlation(zeta, truth):.4f} | {len(mine)} | {len(theirs)} | {len(mine & theirs)} |"
        )
    print(
        f"\nFound: {100 * shared / max(known, 1):.1f} % of the reference's critical regions; "
        f"of its own {100 * (1 - shared / max(own, 1)):.1f} % are not critical there."
    )


main()
