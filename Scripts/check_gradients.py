"""Compares the adjoint graphs that nnfmri-mpi writes with PyTorch's autograd.

    check_gradients.py PROGRAM [NETWORK...]

Each network is two halves: the first makes a hidden layer, the second reads it. Both are exported as one ONNX file by
each of PyTorch's exporters; the program writes the graph of the second half's derivative, ONNX Runtime runs it on three
rows, and value and derivative are held against autograd's on the same rows. Ends with 1 if one is off by more than a
ten-thousandth of the largest element.
"""
import contextlib
import io
import subprocess
import sys
import tempfile
import warnings

import numpy
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import nn

ROWS = 3
TOLERANCE = 1e-4
warnings.filterwarnings("ignore")


def conv(inputs, outputs, size=3, stride=1, groups=1, dilation=1):
    pad = dilation * (size - 1) // 2
    return nn.Conv2d(inputs, outputs, size, stride, pad, dilation, groups, bias=False)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            conv(inputs, outputs, stride=stride), nn.BatchNorm2d(outputs), nn.ReLU(), conv(outputs, outputs),
            nn.BatchNorm2d(outputs))
        self.side = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)) if stride > 1 else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.side(x))


class Gated(nn.Module):
    """Squeeze and excitation."""

    def __init__(self, channels):
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, 4, 1), nn.ReLU(), nn.Conv2d(4, channels, 1), nn.Hardsigmoid())

    def forward(self, x):
        return x * self.gate(x)


class Inverted(nn.Module):
    def __init__(self, inputs, outputs, stride, activation):
        super().__init__()
        wide = 3 * inputs
        self.body = nn.Sequential(
            conv(inputs, wide, 1), nn.BatchNorm2d(wide), activation, conv(wide, wide, 5, stride, groups=wide),
            nn.BatchNorm2d(wide), activation, Gated(wide), conv(wide, outputs, 1), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.body(x)
        return x + y if x.shape == y.shape else y


class Attention(nn.Module):
    def __init__(self, width, heads, causal=False, rotary=False):
        super().__init__()
        self.heads, self.causal, self.rotary = heads, causal, rotary
        self.project, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        rows, length, width = x.shape
        q, k, v = self.project(x).view(rows, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        if self.rotary:
            half = width // self.heads // 2
            angle = torch.arange(length)[:, None] / 10 ** (torch.arange(half) / half)
            cos, sin = (f(angle).repeat(1, 2) for f in (torch.cos, torch.sin))
            turn = lambda y: y * cos + torch.cat([-y[..., half:], y[..., :half]], -1) * sin
            q, k = turn(q), turn(k)
        scores = q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5
        if self.causal:
            scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), float("-inf"))
        return self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, length, width))


class Block(nn.Module):
    def __init__(self, width, norm=nn.LayerNorm, activation=None, **attention):
        super().__init__()
        self.first, self.second = norm(width), norm(width)
        self.attention = Attention(width, 2, **attention)
        self.mlp = activation or nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.first(x))
        return x + self.mlp(self.second(x))


class Fused(nn.Module):
    """Causal attention of four heads that share the keys of two, as newer operator sets have it in one operator."""

    def __init__(self, width):
        super().__init__()
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, width)
        self.query, self.pair = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        y = self.norm(x)
        rows, length, width = y.shape
        q = self.query(y).view(rows, length, 4, width // 4).transpose(1, 2)
        k, v = self.pair(y).view(rows, length, 2, 2, width // 4).permute(2, 0, 3, 1, 4)
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return x + self.out(z.transpose(1, 2).reshape(rows, length, width))


class Scattered(nn.Module):
    """Tokens that are overwritten, moved and added to, and functions that are seldom seen."""

    def __init__(self, width):
        super().__init__()
        self.first, self.last = nn.Linear(width, width), nn.Linear(width, 4)
        self.register_buffer("places", torch.tensor([4, 0, 2]))

    def forward(self, x):
        y = torch.asinh(self.first(x))
        moved = y.clone()
        moved[:, 1:4] = torch.atanh(0.5 * torch.tanh(y[:, 3:6]))
        index = self.places.view(1, 3, 1).expand(y.shape[0], 3, y.shape[2])
        z = torch.scatter(moved, 1, index, torch.sinh(y[:, :3]))
        return self.last(torch.scatter_add(z, 1, index, y[:, 2:5] * y[:, :3])).mean(1)


class GatedLinear(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gate, self.up, self.down = (nn.Linear(width, 2 * width), nn.Linear(width, 2 * width), nn.Linear(2 * width, width))

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Patches(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.cut = nn.Conv2d(3, width, 4, 4)
        self.token = nn.Parameter(torch.randn(1, 1, width))
        self.place = nn.Parameter(torch.randn(1, 17, width))

    def forward(self, x):
        y = self.cut(x).flatten(2).transpose(1, 2)
        return torch.cat([self.token.expand(y.shape[0], -1, -1), y], 1) + self.place


class Token(nn.Module):
    def forward(self, x):
        return x[:, 0]


class Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


class ConvNeXt(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.spread, self.norm = nn.Conv2d(width, width, 7, padding=3, groups=width), nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.scale = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x):
        y = self.spread(x).permute(0, 2, 3, 1)
        return x + (self.scale * self.mlp(self.norm(y))).permute(0, 3, 1, 2)


class UNet(nn.Module):
    """From a hidden layer on: down, up by interpolation and by a transposed convolution, skips joined."""

    def __init__(self, width, mode):
        super().__init__()
        self.down, self.deep = conv(width, 2 * width, stride=2), conv(2 * width, 2 * width, dilation=2)
        self.up = nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1)
        self.join, self.out, self.mode = conv(4 * width, width), nn.Conv2d(width, 4, 1), mode

    def forward(self, x):
        low = F.leaky_relu(self.deep(F.relu(self.down(x))), 0.1)
        flags = {} if self.mode == "nearest" else {"align_corners": False}
        wide = F.interpolate(low, scale_factor=2, mode=self.mode, **flags)
        return self.out(F.elu(self.join(torch.cat([x, wide, self.up(low)], 1))))


class Pools(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(32, 5)

    def forward(self, x):
        y = F.local_response_norm(x, 3, alpha=0.5)
        y = F.avg_pool2d(y, 3, 2, 1, count_include_pad=False)
        y = F.max_pool2d(F.pad(y, (1, 1, 1, 1), mode="reflect"), 3, 1)
        y = F.pixel_shuffle(y, 2)[:, :, ::2, 8:]
        return self.last(F.adaptive_avg_pool2d(y.abs().sqrt() + torch.logsumexp(y, 1, True), (4, 4)).flatten(1))


class Norms(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.group, self.instance = nn.GroupNorm(2, width), nn.InstanceNorm2d(width, affine=True)
        self.first, self.second, self.third = conv(width, width), conv(width, width), nn.Linear(width, width)
        self.rms, self.last = nn.RMSNorm(width, eps=1e-5), nn.Linear(width, 4)

    def forward(self, x):
        y = F.mish(self.group(self.first(x)))
        y = F.softplus(self.instance(self.second(y)))
        y = y.flatten(2).transpose(1, 2)
        y = F.normalize(self.third(self.rms(y)), dim=-1)
        return self.last(torch.tanh(y) * F.gelu(y, approximate="tanh")).mean(1)


def head(width):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 5))


def networks():
    """By name: the two halves, the shape of a row, and the value that is derived."""
    stem = lambda width: nn.Sequential(conv(3, width), nn.BatchNorm2d(width), nn.Sigmoid())
    image, words = (3, 16, 16), (6, 16)
    yield "residual", stem(8), nn.Sequential(
        nn.MaxPool2d(3, 2, 1), Residual(8, 8, 1), Residual(8, 16, 2), Residual(16, 16, 1), head(16)), image, "logit"
    yield "mobile", stem(8), nn.Sequential(
        Inverted(8, 8, 1, nn.Hardswish()), Inverted(8, 12, 2, nn.ReLU6()), Inverted(12, 12, 1, nn.SiLU()), head(12)), image, "margin"
    yield "encoder", nn.Linear(16, 16), nn.Sequential(Block(16), Block(16), nn.LayerNorm(16), Mean(), nn.Linear(16, 5)), words, "logprob"
    yield "decoder", nn.Linear(16, 16), nn.Sequential(
        *(Block(16, nn.RMSNorm, GatedLinear(16), causal=True, rotary=True) for _ in range(2)), nn.RMSNorm(16),
        nn.Linear(16, 7)), words, "logit"
    yield "fused", nn.Linear(16, 16), nn.Sequential(Fused(16), Fused(16), nn.LayerNorm(16), nn.Linear(16, 7)), words, "logprob"
    yield "scattered", nn.Linear(16, 16), Scattered(16), words, "margin"
    yield "vision", Patches(16), nn.Sequential(Block(16), Block(16), nn.LayerNorm(16), Token(), nn.Linear(16, 5)), image, "prob"
    yield "convnext", stem(8), nn.Sequential(
        ConvNeXt(8), nn.Conv2d(8, 12, 2, 2), ConvNeXt(12), head(12)), image, "loss"
    yield "segmenter", stem(4), UNet(4, "bilinear"), image, "logit"
    yield "segmenter, nearest", stem(4), UNet(4, "nearest"), image, "logprob"
    yield "pools", nn.Sequential(stem(8)), Pools(), image, "output:3"
    yield "norms", stem(8), Norms(8), image, "logprob"


def value(scores, name, target):
    """v of each row, as Docs/method.md defines it."""
    if name.startswith("output:"):
        return scores.flatten(1)[:, int(name[7:])]
    if scores.dim() == 3:
        scores = scores.mean(1)
    elif scores.dim() == 4:
        scores = scores.mean((2, 3))
    x = scores.gather(1, target[:, None])[:, 0]
    if name == "logit":
        return x
    if name == "margin":
        return x - scores.scatter(1, target[:, None], float("-inf")).amax(1)
    log = torch.log_softmax(scores, 1).gather(1, target[:, None])[:, 0]
    return log.exp() if name == "prob" else log


class Both(nn.Module):
    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x):
        hidden = self.first(x)
        return self.second(hidden), hidden


def export(network, x, path, dynamo, opset):
    names = dict(input_names=["x"], output_names=["scores", "hidden"], opset_version=opset)
    if dynamo:
        torch.onnx.export(
            network, (x,), path, dynamo=True, dynamic_shapes=({0: torch.export.Dim("rows")},), verbose=False, external_data=False,
            **names)
    else:
        torch.onnx.export(network, (x,), path, dynamo=False, dynamic_axes={"x": {0: "rows"}}, **names)


def sides(path, names, x):
    """What passes the hidden layer on its side, from a run of the whole network."""
    if not names:
        return {}
    model = onnx.load(path)
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return dict(zip(names, session.run(names, {"x": x.numpy()})))


def deviation(found, expected):
    return float(numpy.abs(found - expected).max() / numpy.abs(expected).max())


def calibrate(module, x):
    """Gives normalisations over the batch statistics that aren't 0 and 1."""
    module.train()
    with torch.no_grad():
        for _ in range(3):
            module(x)
    module.eval()


def check(program, folder, name, first, second, shape, quantity):
    network = Both(first, second)
    x = torch.randn(ROWS, *shape)
    calibrate(network, torch.randn(16, *shape))
    numpy.savez(f"{folder}/data.npz", x=x.numpy())
    target = torch.tensor([0, 2, 1])
    hidden = first(x).detach().requires_grad_()
    v = value(second(hidden), quantity, target)
    v.sum().backward()
    failures = 0
    for dynamo, opset in [(False, 13), (False, 17), (True, 18), (True, 23)]:
        label = f"{name}, {'new' if dynamo else 'old'} exporter, opset {opset}, {quantity}"
        path, graph = f"{folder}/model.onnx", f"{folder}/graph.onnx"
        try:
            # What it tells of its graphs is long.
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                export(network, x, path, dynamo, opset)
        except Exception as error:
            print(f"{label}: PyTorch doesn't export it ({type(error).__name__})")
            continue
        command = [program, "adjoint", path, "--layer", "hidden", "--out", graph, "--value", quantity, "--data", f"{folder}/data.npz"]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            print(f"{label}: FAILED, {run.stderr.strip()}")
            failures += 1
            continue
        session = onnxruntime.InferenceSession(graph)
        feed = {"hidden": hidden.detach().numpy(), "target": target.numpy()}
        feed |= sides(path, [port.name for port in session.get_inputs() if port.name not in feed], x)
        found = session.run(["value", "gradient"], feed)
        errors = deviation(found[0], v.detach().numpy()), deviation(found[1], hidden.grad.numpy())
        isGood = max(errors) < TOLERANCE
        failures += not isGood
        print(f"{label}: {'' if isGood else 'FAILED, '}value off by {errors[0]:.1e}, gradient by {errors[1]:.1e}")
    return failures


def main():
    torch.manual_seed(1)
    program, wanted, failures = sys.argv[1], sys.argv[2:], 0
    with tempfile.TemporaryDirectory() as folder:
        for case in networks():
            if wanted and case[0] not in wanted:
                continue
            failures += check(program, folder, *case)
    print(f"{failures} failures")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
