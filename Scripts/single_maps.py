#!/usr/bin/env python3
"""Holds single maps of small perceptrons against Shapley values from all coalitions, and prints a Markdown table.

Usage: single_maps.py PROGRAM
"""
import math
import sys
import tempfile
import warnings

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from map_coverage import scan_maps

STIMULI = 40
DATA = {"iris": load_iris, "wine": load_wine, "breast cancer": load_breast_cancer, "digits": load_digits}
# Name of the group, data, hidden layers, seeds.
GROUPS = [
    ("10 + 6, iris", ["iris"], (10, 6), range(8)),
    ("14 + 8", list(DATA), (14, 8), range(2)),
    ("18 + 9", list(DATA), (18, 9), range(2)),
]


class Perceptron:
    """Trained on a set of data: inputs -> regions -> a hidden layer -> classes, all by rectifiers, then softmax."""

    def __init__(self, data, hidden, seed):
        inputs, labels = DATA[data](return_X_y=True)
        if data != "iris":
            inputs = StandardScaler().fit_transform(inputs)
        inputs = inputs.astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trained = MLPClassifier(hidden, random_state=seed, max_iter=400).fit(inputs, labels)
        weights, biases = list(trained.coefs_), list(trained.intercepts_)
        if weights[-1].shape[1] == 1:  # Two classes as softmax has them.
            weights[-1] = np.hstack([-weights[-1] / 2, weights[-1] / 2])
            biases[-1] = np.hstack([-biases[-1] / 2, biases[-1] / 2])
        self.layers = [(w.astype(np.float32), b.astype(np.float32)) for w, b in zip(weights, biases)]
        self.stimuli = inputs[np.random.default_rng(seed).permutation(len(inputs))[:STIMULI]]

    def save(self, model, stimuli):
        nodes, tensors, name = [], [], "x"
        for number, (weight, bias) in enumerate(self.layers):
            tensors += [numpy_helper.from_array(weight, f"w{number}"), numpy_helper.from_array(bias, f"b{number}")]
            nodes.append(helper.make_node("Gemm", [name, f"w{number}", f"b{number}"], [f"z{number}"]))
            name = f"z{number}"
            if number < len(self.layers) - 1:
                nodes.append(helper.make_node("Relu", [name], [f"h{number}"]))
                name = f"h{number}"
        nodes.append(helper.make_node("Softmax", [name], ["probabilities"]))
        shape = lambda name, width: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", width])
        graph = helper.make_graph(
            nodes, "perceptron", [shape("x", self.stimuli.shape[1])],
            [shape("probabilities", self.layers[-1][0].shape[1])], tensors)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), model)
        np.savez(stimuli, x=self.stimuli)

    def shapley(self, stimulus):
        """Of the predicted class's logit, the value that a scan takes by default; from all coalitions, in double precision."""
        weight, bias = (part.astype(float) for part in self.layers[0])
        activity = np.maximum(self.stimuli[stimulus].astype(float) @ weight + bias, 0)
        regions = len(activity)
        coalitions = np.arange(1 << regions)
        hidden = ((coalitions[:, None] >> np.arange(regions)) & 1) * activity
        for number, (weight, bias) in enumerate(self.layers[1:]):
            hidden = hidden @ weight.astype(float) + bias
            if number < len(self.layers) - 2:
                hidden = np.maximum(hidden, 0)
        values = hidden[:, hidden[-1].argmax()]
        sizes = np.array([int(c).bit_count() for c in coalitions])
        weights = np.exp([
            math.lgamma(k + 1) + math.lgamma(regions - k) - math.lgamma(regions + 1) for k in range(regions)])
        zeta = np.empty(regions)
        for region in range(regions):
            without = coalitions[(coalitions >> region) & 1 == 0]
            zeta[region] = weights[sizes[without]] @ (values[without | 1 << region] - values[without])
        return zeta


def held(program, folder, truth, options):
    """Scans, and returns what measured by how many passes, the share of intervals that hold, the squared error as a share of the squared
    values, significant regions and those of the wrong sign, and how many regions have a part in the answer."""
    layer, maps = scan_maps(program, folder, "h0", truth.shape, options)
    scale = np.abs(truth).max(axis=1, keepdims=True)
    alive = np.abs(truth) > 1e-6 * scale
    inside = (maps["zeta_low"] - 1e-5 * scale <= truth) & (truth <= maps["zeta_high"] + 1e-5 * scale)
    found = (maps["q_value"] < 0.05) & alive
    error = ((maps["zeta"] - truth) ** 2).sum() / (truth ** 2).sum()
    return (layer["estimator"], layer["evaluations_per_series"], inside[alive].mean(), error, int(found.sum()),
            int((found & (maps["zeta"] * truth < 0)).sum()), int(alive.sum()))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    print("| units | a scan | measured by | passes a stimulus | intervals that hold | in the worst network | squared error | significant, of the wrong sign |")
    print("|---|---|---|---|---|---|---|---|")
    for name, sets, hidden, seeds in GROUPS:
        asked = lambda passes: ["--estimator", "gradient", "--samples", str(math.ceil(250 * (passes + 0.5) / hidden[0]) / 100)]
        modes = {"by default": [], **{f"{passes} gradient passes": asked(passes) for passes in (16, 32, 64)}}
        rows = {mode: [] for mode in modes}
        for data in sets:
            for seed in seeds:
                network = Perceptron(data, hidden, seed)
                with tempfile.TemporaryDirectory() as folder:
                    network.save(f"{folder}/model.onnx", f"{folder}/stimuli.npz")
                    truth = np.array([network.shapley(stimulus) for stimulus in range(len(network.stimuli))])
                    for mode, options in modes.items():
                        rows[mode].append(held(program, folder, truth, options))
        for mode, row in rows.items():
            estimators, passes, shares, errors, found, wrong, alive = zip(*row)
            by = ", ".join(f"{estimators.count(e)} {e}" for e in dict.fromkeys(estimators))
            spread = f"{min(passes)}" if min(passes) == max(passes) else f"{min(passes)} to {max(passes)}"
            mean = np.average(shares, weights=alive)
            print(f"| {name} | {mode} | {by} | {spread} | {mean:.3f} | {min(shares):.3f} | {np.mean(errors):.1e} | "
                  f"{sum(found)} of {sum(alive)}, {sum(wrong)} |", flush=True)


main()
