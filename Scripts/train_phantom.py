"""Trains the glyph phantom's network and writes it as ONNX. Run by Scripts/train-phantom, which makes its data and environment.

The network is a small residual one: a 3x3 stem at 32x32 with 8 channels, then three residual blocks at 32x32x8, 16x16x16 and 8x8x32,
the global mean over positions, one linear layer. The last block's second convolution is 1x1, which keeps the receptive field at 17
pixels: a unit sees a glyph or it does not, so a lesion map has a right answer. The scanned tensors are named `stem`, `block1`,
`block2`, `block3`. Batch normalisation is folded into the convolutions, and the last layer is centred over the classes (which no
softmax can tell), so that a logit has no part that is common to all classes.
"""

import argparse
import time

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional

CLASSES = 10
WIDTHS = (8, 16, 32)
EPOCHS = 4
BATCH = 128
PEAK_RATE = 0.01
# The tensors that are lesioned, batch by batch.
LESIONED = (None, 0, None, 1, None, 2, None, 3)


def read(path):
    """CIFAR-10 binary records, one label byte and 3x32x32 intensities, as (float images in 0..1, labels)."""
    records = np.fromfile(path, np.uint8).reshape(-1, 3073)
    images = records[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32) / np.float32(255)
    return torch.from_numpy(images), torch.from_numpy(records[:, 0].astype(np.int64))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, second_kernel):
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, second_kernel, 1, second_kernel // 2, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        self.skip = None if stride == 1 and inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.skip_norm = None if self.skip is None else nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return functional.relu(y + (x if self.skip is None else self.skip_norm(self.skip(x))))


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        a, b, c = WIDTHS
        self.stem = nn.Conv2d(3, a, 3, 1, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(a)
        self.block1 = Block(a, a, 1, 3)
        self.block2 = Block(a, b, 2, 3)
        self.block3 = Block(b, c, 2, 1)
        self.classify = nn.Linear(c, CLASSES)

    def forward(self, x, lesioned=None):
        """Logits; `lesioned` is the number of the scanned tensor, 0 for `stem`, in which random regions are set to zero."""
        x = functional.relu(self.stem_norm(self.stem(x)))
        if lesioned == 0:
            x = lesion(x)
        for number, block in enumerate((self.block1, self.block2, self.block3), start=1):
            x = block(x)
            if lesioned == number:
                x = lesion(x)
        return self.classify(x.mean((2, 3)))


def lesion(x, grid=(8, 8, 4)):
    """Sets regions of an 8x8x4 grid to zero, as a scan does: a share of them that is uniform on 0..1 for each image."""
    count, channels, height, width = x.shape
    share = torch.rand(count, 1, 1, 1)
    intact = (torch.rand(count, grid[2], grid[0], grid[1]) >= share).to(x.dtype)
    for axis, length in ((1, channels), (2, height), (3, width)):
        intact = intact.repeat_interleave(length // intact.shape[axis], axis)
    return x * intact


def train(network, images, labels):
    """Adam with one cycle of the learning rate, fresh shuffles each epoch."""
    steps = (len(images) // BATCH) * EPOCHS
    optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=PEAK_RATE, total_steps=steps)
    network.train()
    for epoch in range(EPOCHS):
        start, total, right = time.time(), 0.0, 0
        order = torch.randperm(len(images))[: len(images) // BATCH * BATCH]
        for step, rows in enumerate(order.view(-1, BATCH)):
            logits = network(images[rows], LESIONED[step % len(LESIONED)])
            loss = functional.cross_entropy(logits, labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
            right += int((logits.argmax(1) == labels[rows]).sum())
        print(
            f"epoch {epoch + 1} of {EPOCHS}: loss {total / (len(order) // BATCH):.4f}, "
            f"training accuracy {right / len(order):.4f}, {time.time() - start:.0f} s",
            flush=True,
        )
    network.eval()


class Writer:
    """Collects the nodes and weights of the ONNX graph."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values, np.float32), name))
        return name

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, source, output, convolution, norm):
        """The convolution with its normalisation folded in: w·γ/√(σ²+ε), bias β − μ·γ/√(σ²+ε)."""
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).double()
        weight = convolution.weight.double() * scale[:, None, None, None]
        bias = norm.bias.double() - norm.running_mean.double() * scale
        kernel, pad = convolution.kernel_size[0], convolution.padding[0]
        return self.node(
            "Conv",
            [
                source,
                self.weight(f"{output}.weight", weight.detach().numpy()),
                self.weight(f"{output}.bias", bias.detach().numpy()),
            ],
            output,
            kernel_shape=[kernel] * 2,
            pads=[pad] * 4,
            strides=list(convolution.stride),
        )

    def block(self, source, name, block):
        hidden = self.convolution(source, f"{name}.first", block.first, block.first_norm)
        hidden = self.node("Relu", [hidden], f"{name}.hidden")
        main = self.convolution(hidden, f"{name}.second", block.second, block.second_norm)
        skip = source
        if block.skip is not None:
            skip = self.convolution(source, f"{name}.skip", block.skip, block.skip_norm)
        return self.node("Relu", [self.node("Add", [main, skip], f"{name}.sum")], name)


def export(network, path):
    w = Writer()
    x = w.convolution("image", "stem.conv", network.stem, network.stem_norm)
    x = w.node("Relu", [x], "stem")
    for name in ("block1", "block2", "block3"):
        x = w.block(x, name, getattr(network, name))
    x = w.node("GlobalAveragePool", [x], "pooled")
    x = w.node("Flatten", [x], "features", axis=1)
    weight = network.classify.weight.detach().double()
    bias = network.classify.bias.detach().double()
    w.weight("logits.weight", (weight - weight.mean(0)).numpy())
    w.weight("logits.bias", (bias - bias.mean()).numpy())
    w.node("Gemm", [x, "logits.weight", "logits.bias"], "logits", transB=1)
    graph = helper.make_graph(
        w.nodes,
        "glyph phantom",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 32, 32])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", CLASSES])],
        w.weights,
    )
    model = helper.make_model(
        graph, producer_name="nn-fmri", ir_version=8, opset_imports=[helper.make_opsetid("", 17)]
    )
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def accuracy(path, images, labels):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    right = 0
    for begin in range(0, len(images), 500):
        (logits,) = session.run(["logits"], {"image": images[begin : begin + 500].numpy()})
        right += int((logits.argmax(1) == labels[begin : begin + 500].numpy()).sum())
    return right / len(images)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="CIFAR-10 binary batch to learn from")
    parser.add_argument("--test", required=True, help="CIFAR-10 binary batch to measure on")
    parser.add_argument("--out", required=True, help="ONNX file to write")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    network = Network()
    train(network, *read(options.train))
    with torch.no_grad():
        export(network, options.out)
    score = accuracy(options.out, *read(options.test))
    print(f"accuracy on {options.test}, by ONNX Runtime: {score:.4f}")
    if score <= 0.97:
        raise SystemExit("the network is not accurate enough to serve as a phantom (0.97)")


if __name__ == "__main__":
    main()
