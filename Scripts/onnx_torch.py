"""An ONNX network of convolutions as a PyTorch module, for libraries that explain such modules.

ONNX Runtime folds what is constant first, so that the operators of the network itself are left. Others than those below are
refused.
"""
import os
import tempfile

import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn


def folded(path):
    """The model with constants folded and nothing fused."""
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = os.path.join(folder, "folded.onnx")
        onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


class OnnxModule(nn.Module):
    """The network, whose tensor `tensor` passes through the submodule `layer`, to which hooks can be tied."""

    def __init__(self, path, tensor):
        super().__init__()
        graph = folded(path).graph
        self.nodes = list(graph.node)
        self.input = next(value.name for value in graph.input)
        self.output = graph.output[0].name
        self.tensor = tensor
        self.layer = nn.Identity()
        self.weights = list(graph.initializer)
        self.after = self._following(tensor)
        self.constants = {weight.name: torch.from_numpy(numpy_helper.to_array(weight).copy()) for weight in self.weights}
        if not any(tensor in node.output for node in self.nodes):
            raise SystemExit(f"{path}: no tensor {tensor} after constants are folded")

    def _following(self, tensor):
        """The nodes behind the tensor, where everything that they read comes from it and from weights; else `None`."""
        known, after = {tensor}, []
        weights = {weight.name for weight in self.weights}
        for node in self.nodes:
            if known & set(node.input):
                if not set(node.input) <= known | weights | {""}:
                    return None
                after.append(node)
                known.update(node.output)
        return after

    def value(self, image):
        """The tensor's value."""
        kept = []
        handle = self.layer.register_forward_hook(lambda _module, _inputs, output: kept.append(output))
        self(image)
        handle.remove()
        return kept[0]

    def forward(self, image, activation=None):
        """The scores; with a batch of activations in the tensor's place if they are given."""
        values = {self.input: image}
        if activation is not None and self.after is not None:
            return self._run(self.after, {self.tensor: self.layer(activation)}, None)
        if activation is not None:
            values = {self.input: image.expand(len(activation), -1, -1, -1)}
        return self._run(self.nodes, values, activation)

    def _run(self, nodes, values, activation):
        for node in nodes:
            attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
            inputs = [self.constants.get(name, values.get(name)) for name in node.input]
            result = operator(node.op_type, inputs, attributes)
            if node.output[0] == self.tensor:
                result = self.layer(result if activation is None else activation)
            values[node.output[0]] = result
        return values[self.output]


def operator(kind, inputs, attributes):
    """What one node gives."""
    match kind:
        case "Conv":
            top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
            return F.conv2d(
                F.pad(inputs[0], (left, right, top, bottom)), *inputs[1:], stride=attributes.get("strides", 1),
                dilation=attributes.get("dilations", 1), groups=attributes.get("group", 1))
        case "Relu":
            return F.relu(inputs[0])
        case "Add":
            return inputs[0] + inputs[1]
        case "Slice":
            starts, ends = inputs[1].tolist(), inputs[2].tolist()
            axes = inputs[3].tolist() if len(inputs) > 3 else range(len(starts))
            steps = inputs[4].tolist() if len(inputs) > 4 else [1] * len(starts)
            places = [slice(None)] * inputs[0].dim()
            for axis, start, end, step in zip(axes, starts, ends, steps):
                places[axis] = slice(start, min(end, inputs[0].shape[axis]), step)
            return inputs[0][tuple(places)]
        case "Pad":
            widths, rank = inputs[1].tolist(), inputs[0].dim()
            return F.pad(inputs[0], [widths[axis + side * rank] for axis in reversed(range(rank)) for side in (0, 1)])
        case "GlobalAveragePool":
            return inputs[0].mean((2, 3), keepdim=True)
        case "Flatten":
            return inputs[0].flatten(attributes.get("axis", 1))
        case "Gemm":
            weight = inputs[1] if attributes.get("transB", 0) else inputs[1].T
            return F.linear(inputs[0], weight, *inputs[2:])
    raise SystemExit(f"The operator {kind} has no counterpart here")


def regions(map, grid):
    """`[regions]` sums of a `[channels, height, width]` map over the cells of a grid, numbered as the program does."""
    channels, height, width = map.shape
    rows, columns, groups = (min(cells, length) for cells, length in zip(grid, (height, width, channels)))
    sums = torch.zeros(rows, columns, groups, dtype=torch.float64)
    row = torch.arange(height) * rows // height
    column = torch.arange(width) * columns // width
    group = torch.arange(channels) * groups // channels
    sums.index_put_(
        (row[None, :, None].expand(map.shape), column[None, None, :].expand(map.shape), group[:, None, None].expand(map.shape)),
        map.double(), accumulate=True)
    return sums.flatten()
