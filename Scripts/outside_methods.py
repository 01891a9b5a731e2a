"""Maps of regions by public libraries, as they come, of a hidden layer of an ONNX network of convolutions.

A map gives each region of a grid a score. Games over regions are those of the program: units of lesioned regions are 0, the value is the
logit of the class that the intact network predicts.
"""
import contextlib
import io
import time
import typing
import warnings

import numpy
import torch
import typeguard
from captum.attr import IntegratedGradients, LayerGradCam, LayerGradientXActivation

from onnx_torch import OnnxModule, regions

# msapy's checks of types at run time stumble over types of the other libraries.
typeguard.typechecked = lambda function: function
from msapy import msa

if not hasattr(typing, "override"):  # Python 3.11; shapiq 1.8 is written for 3.12.
    import typing_extensions

    typing.override = typing_extensions.override

import shap
import shapiq.approximator

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
BATCH = 64
INTEGRATION_STEPS = 32


class Layer:
    """A layer under one image: lesions it, and counts the passes."""

    def __init__(self, model, tensor, image, grid):
        self.network = OnnxModule(model, tensor)
        self.image, self.grid = image, grid
        with torch.no_grad():
            self.activation = self.network.value(image)
            scores = self.network(image, self.activation)[0]
        self.target, self.answer = int(scores.argmax()), int(scores.argmax())
        self.passes = 0
        channels, height, width = self.activation.shape[1:]
        self.cells = [min(cells, length) for cells, length in zip(grid, (height, width, channels))]
        row = torch.arange(height) * self.cells[0] // height
        column = torch.arange(width) * self.cells[1] // width
        group = torch.arange(channels) * self.cells[2] // channels
        self.region = group[:, None, None] + self.cells[2] * (column[None, None, :] + self.cells[1] * row[None, :, None])
        self.count = int(numpy.prod(self.cells))

    def suffix(self, activation):
        """The scores of a batch of activations; differentiable."""
        self.passes += len(activation)
        return self.network(self.image, activation)

    def scores(self, coalitions):
        """`[coalitions x classes]` of `[coalitions x regions]` zeros and ones."""
        masks = torch.from_numpy(numpy.atleast_2d(numpy.asarray(coalitions)).astype(numpy.float32))
        with torch.no_grad():
            return torch.cat(
                [self.suffix(self.activation * rows[:, self.region]) for rows in masks.split(BATCH)]).double().numpy()

    def values(self, coalitions):
        return self.scores(coalitions)[:, self.target]


def counted(layer, method):
    """A method's map, its passes, and seconds of the processor, which other work on the machine doesn't lengthen."""
    layer.passes = 0
    start = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        scores = numpy.asarray(method(layer), dtype=float)
    return scores, layer.passes, time.process_time() - start


def captum_grad_cam(layer):
    cam = LayerGradCam(layer.network, layer.network.layer).attribute(layer.image, target=layer.target)[0].detach()
    layer.passes = 1
    # The map has no channels: each group of a cell gets the same share.
    share = regions(cam, (*layer.grid[:2], 1)).numpy()
    return numpy.repeat(share, layer.cells[2]) / layer.cells[2]


def captum_gradient_x_activation(layer):
    product = LayerGradientXActivation(layer.network, layer.network.layer).attribute(layer.image, target=layer.target)
    layer.passes = 1
    return regions(product[0].detach(), layer.grid).numpy()


def captum_integrated_gradients(layer):
    map = IntegratedGradients(layer.suffix).attribute(
        layer.activation, baselines=0, target=layer.target, n_steps=INTEGRATION_STEPS, method="riemann_middle")
    return regions(map[0].detach(), layer.grid).numpy()


def shap_expected_gradients(layer):
    class Suffix(torch.nn.Module):
        def forward(self, activation):
            return layer.suffix(activation)[:, layer.target:layer.target + 1]

    numpy.random.seed(0)
    explainer = shap.GradientExplainer(Suffix(), torch.zeros_like(layer.activation))
    map = numpy.asarray(explainer.shap_values(layer.activation, nsamples=200)).reshape(layer.activation.shape[1:])
    return regions(torch.from_numpy(map), layer.grid).numpy()


def shap_kernel(samples):
    def method(layer):
        numpy.random.seed(0)
        explainer = shap.KernelExplainer(layer.values, numpy.zeros((1, layer.count)))
        return explainer.shap_values(
            numpy.ones((1, layer.count)), nsamples=samples * layer.count, l1_reg=False, silent=True)[0]

    return method


def shapiq_approximator(name, samples):
    def method(layer):
        make = getattr(shapiq.approximator, name)
        options = {"pairing_trick": True} if name == "KernelSHAP" else {}
        values = make(layer.count, random_state=0, **options).approximate(samples * layer.count, layer.values)
        return [values[(player,)] for player in range(layer.count)]

    return method


def msapy_permutations(samples):
    def method(layer):
        def value(complements):
            coalition = numpy.ones(layer.count)
            coalition[list(complements)] = 0
            return float(layer.values(coalition)[0])

        table = msa.interface(
            elements=list(range(layer.count)), n_permutations=max(2, samples), objective_function=value, n_parallel_games=1,
            rng=numpy.random.default_rng(0))
        means = table.mean() if hasattr(table, "mean") else table
        return [float(means[player]) for player in range(layer.count)]

    return method


METHODS = {
    "Grad-CAM, captum": captum_grad_cam,
    "gradient x activation, captum": captum_gradient_x_activation,
    "integrated gradients, captum": captum_integrated_gradients,
    "expected gradients, SHAP": shap_expected_gradients,
    "KernelExplainer 4n, SHAP": shap_kernel(4),
    "KernelSHAP 4n, shapiq": shapiq_approximator("KernelSHAP", 4),
    "permutations 4n, shapiq": shapiq_approximator("PermutationSamplingSV", 4),
    "MSA 4 permutations, msapy": msapy_permutations(4),
}
