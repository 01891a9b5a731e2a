"""Large networks with random weights: what counts is their size and shape."""

import os

import numpy as np
import onnx
from onnx import TensorProto, helper


class Writer:
    """Writes a graph node by node, and its weights into a file beside it, or into the model itself."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.nodes, self.weights = [], []

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def constant(self, name, values):
        self.weights.append((name, np.asarray(values)))
        return name

    def weight(self, name, shape, scale):
        return self.constant(name, self.random.standard_normal(shape, dtype=np.float32) * np.float32(scale))

    def save(self, path, inputs, outputs, external):
        tensors, offset = [], 0
        with open(path + ".weights", "wb") as file:
            for name, values in self.weights:
                tensor = TensorProto(
                    name=name, dims=values.shape, data_type=helper.np_dtype_to_tensor_dtype(values.dtype))
                if external and values.nbytes > 1024:
                    offset = (offset + 4095) // 4096 * 4096
                    file.seek(offset)
                    file.write(values.tobytes())
                    tensor.data_location = TensorProto.EXTERNAL
                    place = {"location": os.path.basename(path) + ".weights", "offset": offset, "length": values.nbytes}
                    for key, value in place.items():
                        tensor.external_data.add(key=key, value=str(value))
                    offset += values.nbytes
                else:
                    tensor.raw_data = values.tobytes()
                tensors.append(tensor)
        if not external:
            os.remove(path + ".weights")
        graph = helper.make_graph(self.nodes, "network", inputs, outputs, tensors)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def write_transformer(path, blocks=24, width=1024, heads=16, words=50257, length=16, classes=100, causal=False):
    """A decoder's blocks, with or without the causal mask: GPT-2 medium has 24 of width 1024."""
    net = Writer(0)
    if causal:
        net.constant("mask", np.triu(np.full((length, length), -1e9, np.float32), 1))
    net.constant("split", np.array([0, 0, heads, width // heads], np.int64))
    net.constant("join", np.array([0, 0, width], np.int64))
    net.constant("scale", np.array((width // heads) ** -0.5, np.float32))
    net.weight("embedding", (words, width), 0.02)
    net.weight("positions", (length, width), 0.02)

    def norm(x, name):
        net.constant(name + "_gain", np.ones(width, np.float32))
        net.constant(name + "_bias", np.zeros(width, np.float32))
        return net.node("LayerNormalization", [x, name + "_gain", name + "_bias"], name, axis=-1)

    def linear(x, name, inputs, outputs):
        net.weight(name + "_weight", (inputs, outputs), inputs ** -0.5)
        net.weight(name + "_bias", (outputs,), 0.02)
        return net.node("Add", [net.node("MatMul", [x, name + "_weight"], name + "_product"), name + "_bias"], name)

    x = net.node("Add", [net.node("Gather", ["embedding", "tokens"], "embedded"), "positions"], "stream")
    for block in range(blocks):
        name = f"block_{block}"
        normed = norm(x, name + "_norm_1")

        def heads_of(kind, order):
            split = net.node("Reshape", [linear(normed, f"{name}_{kind}", width, width), "split"], f"{name}_{kind}_split")
            return net.node("Transpose", [split], f"{name}_{kind}_heads", perm=order)

        query, key, value = heads_of("query", [0, 2, 1, 3]), heads_of("key", [0, 2, 3, 1]), heads_of("value", [0, 2, 1, 3])
        scores = net.node("Mul", [net.node("MatMul", [query, key], name + "_products"), "scale"], name + "_scores")
        if causal:
            scores = net.node("Add", [scores, "mask"], name + "_masked")
        mixed = net.node("MatMul", [net.node("Softmax", [scores], name + "_weights", axis=-1), value], name + "_mixed")
        merged = net.node("Reshape", [net.node("Transpose", [mixed], name + "_turned", perm=[0, 2, 1, 3]), "join"], name + "_merged")
        x = net.node("Add", [linear(merged, name + "_out", width, width), x], name + "_attended")
        hidden = net.node("Relu", [linear(norm(x, name + "_norm_2"), name + "_up", width, 4 * width)], name + "_hidden")
        x = net.node("Add", [linear(hidden, name + "_down", 4 * width, width), x], name)
    net.weight("head", (width, classes), width ** -0.5)
    net.node("MatMul", [norm(x, "norm"), "head"], "logits")
    net.save(
        path, [helper.make_tensor_value_info("tokens", TensorProto.INT64, ["N", length])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", length, classes])], external=True)
    return {"tokens": np.random.default_rng(1).integers(0, words, (4, length))}


def write_resnet(path, blocks=(3, 8, 36, 3), width=64, size=64, classes=1000):
    """A ResNet of bottleneck blocks with its batch norms folded in: 3, 8, 36, 3 of width 64 are ResNet-152. Its weights
    lie in the model's own file."""
    net = Writer(0)

    def convolution(x, name, inputs, outputs, kernel, stride=1):
        net.weight(name + "_weight", (outputs, inputs, kernel, kernel), (inputs * kernel * kernel) ** -0.5)
        net.weight(name + "_bias", (outputs,), 0.02)
        return net.node(
            "Conv", [x, name + "_weight", name + "_bias"], name, kernel_shape=[kernel] * 2, strides=[stride] * 2,
            pads=[kernel // 2] * 4)

    x = net.node("Relu", [convolution("image", "stem_sum", 3, width, 7, 2)], "stem")
    x = net.node("MaxPool", [x], "pooled_stem", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = width
    for stage, count in enumerate(blocks):
        inner = width * 2 ** stage
        for block in range(count):
            name, stride = f"stage_{stage}_block_{block}", 2 if stage and not block else 1
            y = net.node("Relu", [convolution(x, name + "_sum_1", channels, inner, 1)], name + "_1")
            y = net.node("Relu", [convolution(y, name + "_sum_2", inner, inner, 3, stride)], name + "_2")
            y = convolution(y, name + "_sum_3", inner, 4 * inner, 1)
            shortcut = x if block else convolution(x, name + "_shortcut", channels, 4 * inner, 1, stride)
            x = net.node("Relu", [net.node("Add", [y, shortcut], name + "_sum")], name)
            channels = 4 * inner
    x = net.node("Flatten", [net.node("GlobalAveragePool", [x], "pooled")], "features")
    net.weight("head_weight", (channels, classes), channels ** -0.5)
    net.weight("head_bias", (classes,), 0.02)
    net.node("Gemm", [x, "head_weight", "head_bias"], "logits")
    net.save(
        path, [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", classes])], external=False)
    return {"image": np.random.default_rng(1).standard_normal((4, 3, size, size), dtype=np.float32)}
