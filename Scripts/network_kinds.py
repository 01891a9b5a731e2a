"""Which kinds of networks Grad-CAM, SHAP and the program make maps of: small untrained ones, each tried.

A map of Grad-CAM counts where captum gives one over places or tokens; one of SHAP's where its GradientExplainer takes the rest of the
network behind the layer; one of the program where a scan of the exported network ends with ζ of a layer.
"""
import json
import pathlib
import subprocess
import tempfile
import warnings

import numpy
import shap
import torch
from captum.attr import LayerGradCam
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from torch import nn

warnings.filterwarnings("ignore")
STIMULI = 4


class Halves(nn.Module):
    """A network with a hidden layer between its halves."""

    def __init__(self, first, second):
        super().__init__()
        self.first, self.hidden, self.second = first, nn.Identity(), second

    def forward(self, x):
        return self.second(self.hidden(self.first(x)))


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.qkv, self.out = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).chunk(3, dim=-1)
        return x + self.out(torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1) @ v)


class Mean(nn.Module):
    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        return x.mean(self.axes)


class Recurrent(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.cell = nn.LSTM(inputs, width, batch_first=True)

    def forward(self, x):
        return self.cell(x)[0]


def kinds():
    """Name -> (network, shape of an input, axes of places in the hidden layer)."""
    conv = lambda inputs, outputs: nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU())
    images = lambda: Halves(nn.Sequential(conv(3, 8), conv(8, 8)), nn.Sequential(conv(8, 8), Mean((2, 3)), nn.Linear(8, 5)))
    return {
        "convolutional": (images(), (3, 8, 8), (2, 3)),
        "convolutional, 1-D": (
            Halves(nn.Sequential(nn.Conv1d(2, 8, 3, padding=1), nn.ReLU()),
                   nn.Sequential(nn.Conv1d(8, 8, 3, padding=1), nn.ReLU(), Mean(2), nn.Linear(8, 5))), (2, 16), (2,)),
        "perceptron": (
            Halves(nn.Sequential(nn.Linear(12, 16), nn.ReLU()), nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 5))), (12,), ()),
        "transformer": (
            Halves(nn.Sequential(nn.Linear(6, 16), Attention(16)), nn.Sequential(Attention(16), Mean(1), nn.Linear(16, 5))), (10, 6), (1,)),
        "recurrent": (
            Halves(Recurrent(6, 16), nn.Sequential(Recurrent(16, 16), Mean(1), nn.Linear(16, 5))), (10, 6), (1,)),
        "8-bit, quantised": (images(), (3, 8, 8), (2, 3)),
    }


class Samples(CalibrationDataReader):
    def __init__(self, x):
        self.rows = iter({"x": row[None]} for row in x)

    def get_next(self):
        return next(self.rows, None)


def grad_cam(network, x, axes):
    """Whether captum's Grad-CAM has a map over the hidden layer's places: one number a place, and channels gone."""
    hidden = network.hidden(network.first(x))
    try:
        map = LayerGradCam(network, network.hidden).attribute(x, target=0)
    except Exception as error:  # Whatever a library says of an input that it doesn't take.
        return f"no ({type(error).__name__})"
    places = [hidden.shape[axis] for axis in axes]
    if places and list(map.shape[2:]) == places:
        return "yes"
    return "no (takes tokens for channels)" if places else "no (no places)"


def expected_gradients(network, x):
    hidden = network.first(x).detach()
    try:
        shap.GradientExplainer(network.second, torch.zeros_like(hidden)).shap_values(hidden, nsamples=4)
        return "yes"
    except Exception as error:
        return f"no ({type(error).__name__})"


def scanned(program, folder, model, data):
    """How many layers of an exported network the program measures, and how many of them by gradients where those are asked for."""
    out = folder / "scan"
    run = subprocess.run(
        [program, "--model", str(model), "--data", str(data), "--layers", "all", "--grid", "4x4x4", "--estimator", "gradient", "--no-tracts",
         "--progress", "none", "--out", str(out)], capture_output=True, text=True)
    if run.returncode:
        return f"no ({run.stderr.strip().splitlines()[-1]})"
    layers = json.loads((out / "scan.json").read_text())["layers"]
    gradients = sum(layer["estimator"] == "gradient" for layer in layers)
    return f"yes: {len(layers)} layers, {gradients} also by gradients"


def tried(program):
    """By kind: what each made of it."""
    rows = []
    torch.manual_seed(0)
    for name, (network, shape, axes) in kinds().items():
        network.eval()
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            x = torch.randn(STIMULI, *shape)
            model = folder / "model.onnx"
            torch.onnx.export(
                network, (x[:2],), str(model), dynamo=False, input_names=["x"], output_names=["scores"],
                dynamic_axes={"x": {0: "rows"}, "scores": {0: "rows"}}, opset_version=17)
            numpy.savez(folder / "stimuli.npz", x=x.numpy())
            is_quantised = name.startswith("8-bit")
            if is_quantised:
                quantize_static(str(model), str(folder / "quantised.onnx"), Samples(x.numpy()), quant_format=QuantFormat.QDQ)
                model = folder / "quantised.onnx"
            rows.append([
                name, "no (no derivative)" if is_quantised else grad_cam(network, x[:1], axes),
                "no (no derivative)" if is_quantised else expected_gradients(network, x[:1]),
                scanned(program, folder, model, folder / "stimuli.npz")])
    return rows
