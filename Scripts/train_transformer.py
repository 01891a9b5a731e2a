"""Trains the transformer that Scripts/benchmark-gradients plays on, and writes it as ONNX with its sequences.

A causal transformer of four blocks over random sequences that are repeated once: from the second half on the next token can
be told, and a network learns to look it up. It answers at every position; the last one is in the repetition.
"""

import argparse
import pathlib
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn import functional

TOKENS = 32
HALF = 16
WIDTH = 64
HEADS = 4
BLOCKS = 4
STEPS = 1500
BATCH = 128
STIMULI = 8


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)])
        self.project = nn.Linear(WIDTH, 3 * WIDTH)
        self.join = nn.Linear(WIDTH, WIDTH)
        self.widen = nn.Linear(WIDTH, 4 * WIDTH)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH)
        self.register_buffer("mask", torch.full((2 * HALF, 2 * HALF), -1e4).triu(1))

    def forward(self, stream):
        count, length, _ = stream.shape
        split = lambda part: part.view(-1, length, HEADS, WIDTH // HEADS).transpose(1, 2)
        query, key, value = (split(part) for part in self.project(self.norms[0](stream)).chunk(3, dim=-1))
        attention = (query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5 + self.mask[:length, :length]).softmax(-1)
        stream = stream + self.join((attention @ value).transpose(1, 2).reshape(-1, length, WIDTH))
        return stream + self.narrow(functional.gelu(self.widen(self.norms[1](stream))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(TOKENS, WIDTH)
        self.place = nn.Parameter(0.02 * torch.randn(2 * HALF, WIDTH))
        self.blocks = nn.ModuleList([Block() for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, TOKENS)

    def forward(self, tokens):
        stream = self.embedding(tokens) + self.place[: tokens.shape[1]]
        for block in self.blocks:
            stream = block(stream)
        return self.head(self.norm(stream))


def sequences(count):
    half = torch.stack([torch.randperm(TOKENS)[:HALF] for _ in range(count)])
    return torch.cat([half, half], 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the folder for model.onnx and stimuli.npz")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = Transformer()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, STEPS)
    for _ in range(STEPS):
        tokens = sequences(BATCH)
        scores = model(tokens[:, :-1])[:, HALF - 1 :]
        loss = functional.cross_entropy(scores.flatten(0, 1), tokens[:, HALF:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    model.eval()
    # The last token is what the network has to say next, so it isn't shown.
    fresh = sequences(1000)
    right = (model(fresh[:, :-1])[:, -1].argmax(-1) == fresh[:, -1]).float().mean().item()
    if right < 0.97:
        raise SystemExit(f"The transformer names {right:.1%} of the last tokens: it hasn't learnt to.")
    print(f"The transformer names {right:.1%} of the last tokens.")
    shown = fresh[:STIMULI, :-1]
    arguments.out.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (shown,), arguments.out / "model.onnx", input_names=["tokens"], output_names=["logits"],
            dynamic_axes={"tokens": {0: "batch"}, "logits": {0: "batch"}}, dynamo=False)
    np.savez(arguments.out / "stimuli.npz", tokens=shown.numpy())


if __name__ == "__main__":
    main()
