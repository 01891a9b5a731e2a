#!/usr/bin/env python3
"""Holds maps of small convolutional networks against long scans by values, and prints a Markdown table.

Usage: small_convolutions.py PROGRAM [TRAINING_SEED]
"""
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

from map_coverage import scan_maps

CHANNELS, STIMULI, HELD_OUT, EPOCHS = 18, 16, 300, 12
SEEDS = (1, 2)
TRUTH_PASSES = 64_000
MODES = {"by default": [], "`--samples 1`": ["--samples", "1"], "`--samples 4`": ["--samples", "4"]}
ACTIVATIONS = {"relu": functional.relu, "relu6": functional.relu6, "silu": functional.silu, "gelu": functional.gelu}


class SqueezeExcite(nn.Module):
    def __init__(self):
        super().__init__()
        self.down, self.up = nn.Linear(CHANNELS, CHANNELS // 4), nn.Linear(CHANNELS // 4, CHANNELS)

    def forward(self, x):
        return x * torch.sigmoid(self.up(functional.relu(self.down(x.mean((2, 3))))))[:, :, None, None]


class Network(nn.Module):
    """Convolution, activation (the layer that is scanned), pooling, a second block, and a linear layer to ten classes."""

    def __init__(self, activation, *, pooling="max", norm=nn.BatchNorm2d, middle=None, residual=False, mean_head=False):
        super().__init__()
        self.activation = ACTIVATIONS[activation]
        self.pool = nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2)
        self.first, self.first_norm = nn.Conv2d(1, CHANNELS, 3, padding=1), norm(CHANNELS)
        self.middle = middle() if middle else nn.Identity()
        self.second, self.second_norm = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), norm(CHANNELS)
        self.residual, self.mean_head = residual, mean_head
        self.head = nn.Linear(CHANNELS * (1 if mean_head else 4), 10)

    def layer(self, x):
        return self.activation(self.first_norm(self.first(x)))

    def forward(self, x):
        x = self.middle(self.pool(self.layer(x)))
        block = self.second_norm(self.second(x))
        x = self.activation(block + x if self.residual else block)
        return self.head(x.mean((2, 3)) if self.mean_head else self.pool(x).flatten(1))


def depthwise():
    return nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS)


def groups(channels):
    return nn.GroupNorm(2, channels)


# Name, network, grid, lesion.
NETWORKS = [
    ("max pooling", lambda: Network("relu"), "8x8x4", "zero"),
    ("max pooling, no normalisation", lambda: Network("relu", norm=lambda _: nn.Identity()), "4x4x8", "zero"),
    ("depthwise, residual", lambda: Network("relu6", middle=depthwise, residual=True, mean_head=True), "8x8x4", "mean"),
    ("squeeze and excitation", lambda: Network("silu", middle=SqueezeExcite, residual=True, mean_head=True), "8x8x4", "zero"),
    ("squeeze and excitation", lambda: Network("silu", middle=SqueezeExcite, residual=True, mean_head=True), "4x4x8", "zero"),
    ("group normalisation, mean pooling", lambda: Network("gelu", pooling="mean", norm=groups), "8x8x4", "zero"),
]


def trained(make, seed):
    """A network, and the stimuli: digits that it wasn't trained on."""
    torch.manual_seed(seed)
    images, labels = load_digits(return_X_y=True)
    order = np.random.default_rng(seed).permutation(len(images))
    images = torch.tensor((images[order] / 8 - 1).reshape(-1, 1, 8, 8).astype(np.float32))
    labels = torch.tensor(labels[order])
    network = make()
    optimiser = torch.optim.Adam(network.parameters(), 3e-3)
    inputs, classes = images[HELD_OUT:], labels[HELD_OUT:]
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(inputs)).split(64):
            optimiser.zero_grad()
            functional.cross_entropy(network(inputs[batch]), classes[batch]).backward()
            optimiser.step()
    return network.eval(), images[:STIMULI]


def save(network, stimuli, folder):
    """Writes model.onnx and stimuli.npz, and returns the name of the layer's tensor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network, (stimuli[:2],), f"{folder}/model.onnx", input_names=["x"], output_names=["logits"],
            dynamic_axes={"x": {0: "N"}, "logits": {0: "N"}}, opset_version=17, dynamo=False)
    np.savez(f"{folder}/stimuli.npz", x=stimuli.numpy())
    return layer_tensor(network, stimuli, f"{folder}/model.onnx")


def layer_tensor(network, stimuli, model):
    """The tensor of the file that has the values of `network.layer`."""
    graph = onnx.shape_inference.infer_shapes(onnx.load(model))
    graph.graph.output.extend(graph.graph.value_info)
    names = [output.name for output in graph.graph.output]
    session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        layer = network.layer(stimuli).numpy()
    for name, value in zip(names, session.run(names, {"x": stimuli.numpy()})):
        if value.shape == layer.shape and np.abs(value - layer).max() < 1e-4:
            return name
    sys.exit(f"{model} has no tensor with the layer's values")


def compared(impact, maps, truth, truth_error):
    """What measured, by how many passes, and the numbers of a row."""
    half = (maps["zeta_high"] - maps["zeta_low"]) / 2
    error = maps["zeta"] - truth
    inside = np.abs(error) <= np.hypot(half, 1.96 * truth_error)
    largest = np.arange(len(truth)), np.abs(truth).argmax(axis=1)
    grids = [impact["grids"][region] for region in maps["region"]]
    mean = np.array([grid["zeta"] for grid in grids])
    low, high = np.array([grid["these_stimuli"]["zeta_confidence_interval"] for grid in grids]).T
    true_mean, mean_error = truth.mean(axis=0), np.sqrt((truth_error ** 2).sum(axis=0)) / len(truth)
    mean_inside = np.abs((low + high) / 2 - true_mean) <= np.hypot((high - low) / 2, 1.96 * mean_error)
    return impact["estimator"], impact["evaluations_per_series"], [
        inside.mean(), inside[largest].mean(), mean_inside.mean(),
        (error ** 2).sum() / (truth ** 2).sum(),
        ((error ** 2).sum() - (truth_error ** 2).sum()) / (maps["standard_error"] ** 2).sum(),
        ((mean - true_mean) ** 2).sum() / (true_mean ** 2).sum()]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else 0
    torch.set_num_threads(1)
    print("| network | regions | a scan | measured by | passes a stimulus | intervals that hold | of the largest regions | of the mean | "
          "squared error of single maps | over that said | of the mean |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name, make, grid, lesion in NETWORKS:
        regions = int(np.prod([int(side) for side in grid.split("x")]))
        shape = STIMULI, regions
        options = ["--grid", grid, "--lesion", lesion]
        with tempfile.TemporaryDirectory() as folder:
            layer = save(*trained(make, seed), folder)
            asked = ["--estimator", "regression", "--samples", str(TRUTH_PASSES // regions), "--seed", "777"]
            _, long = scan_maps(program, folder, layer, shape, options + asked)
            for mode, own in MODES.items():
                rows = [compared(*scan_maps(program, folder, layer, shape, [*options, *own, "--seed", str(design)]),
                                 long["zeta"], long["standard_error"]) for design in SEEDS]
                by, passes, numbers = zip(*rows)
                hold, largest, mean_holds, error, ratio, mean = np.mean(numbers, axis=0)
                spread = " and ".join(map(str, sorted(set(passes))))
                print(f"| {name} | {regions} | {mode} | {', '.join(dict.fromkeys(by))} | {spread} | {hold:.3f} | {largest:.2f} | "
                      f"{mean_holds:.3f} | {error:.1e} | {ratio:.2f} | {mean:.1e} |", flush=True)


main()
