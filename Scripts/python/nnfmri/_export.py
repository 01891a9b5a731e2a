"""Exports PyTorch modules to ONNX files that can be scanned."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

# Where a file with its weights inside gets near the 2 GB that ONNX's format holds.
_LARGEST_INSIDE = 1_500_000_000
_TOLERANCE = 1e-3


class ExportError(Exception):
    """A module can't be exported so that it can be scanned; the message says why."""


def export(
    model: Any, example: Any, path: str | PathLike[str] = "model.onnx", *, input_names: list[str] | None = None,
    output_names: list[str] | None = None,
) -> Path:
    """Exports a PyTorch module to an ONNX file with a free batch axis, and checks it.

    >>> import torch
    >>> network = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 3))
    >>> nnfmri.export(network, torch.rand(2, 1, 8, 8))
    PosixPath('model.onnx')

    Args:
        model: a `torch.nn.Module`. It is exported as in evaluation, and left in the mode that it was in.
        example: its input, or a tuple of its inputs, each with the batch as first axis.
        path: the file that is written.
        input_names, output_names: names in the file; `input`, `input_1`, ... and `output`, ... unless given.

    Raises:
        ExportError: a batch axis isn't free, or ONNX Runtime answers otherwise than the module, for one row or for three.
        MissingError: PyTorch or what its exporter needs isn't installed.
    """
    from nnfmri._environment import MissingError

    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
        import torch
    except ImportError as error:
        raise MissingError(f"{error.name} isn't installed: run pip install 'nnfmri[torch]'") from None
    path = Path(path)
    inputs = tuple(example) if isinstance(example, (tuple, list)) else (example,)
    input_names = input_names or ["input" if place == 0 else f"input_{place}" for place in range(len(inputs))]
    was_training = model.training
    model.eval()
    try:
        with torch.no_grad():
            # A batch of one could be taken for a constant.
            pair = tuple(value[:1].repeat_interleave(2, 0) if len(value) < 2 else value for value in inputs)
            answers = model(*pair)
            count = len(answers) if isinstance(answers, (tuple, list)) else 1
            output_names = output_names or ["output" if place == 0 else f"output_{place}" for place in range(count)]
            batch = torch.export.Dim("batch")
            size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
            torch.onnx.export(
                model, pair, str(path), input_names=input_names, output_names=output_names, dynamo=True, verbose=False,
                dynamic_shapes=tuple({0: batch} for _ in pair), external_data=size > _LARGEST_INSIDE)
            for rows in (1, 3):
                _check(model, path, tuple(value[[0, 1, 0][:rows]] for value in pair), torch)
    finally:
        model.train(was_training)
    return path


def _check(model: Any, path: Path, inputs: tuple[Any, ...], torch: Any) -> None:
    """Compares the file's answers to those of the module."""
    import numpy
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for described in session.get_inputs():
        if described.shape and isinstance(described.shape[0], int):
            raise ExportError(
                f"{path}: the batch axis of {described.name} was exported as {described.shape[0]}: "
                "the module computes with the size of its batch as with a number")
    feeds = {described.name: value.numpy() for described, value in zip(session.get_inputs(), inputs, strict=True)}
    answers = model(*inputs)
    tensors = [answer for answer in (answers if isinstance(answers, (tuple, list)) else [answers]) if isinstance(answer, torch.Tensor)]
    if not any(len(inputs[0]) in answer.shape for answer in tensors):
        raise ExportError(f"{path}: for a batch of {len(inputs[0])}, no output of the module has an axis as long as the batch")
    for described, answer in zip(session.get_outputs(), tensors, strict=False):
        expected = answer.numpy()
        found = session.run([described.name], feeds)[0]
        scale = float(numpy.abs(expected).max(initial=0.0))
        if found.shape != expected.shape or not numpy.allclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE * scale):
            raise ExportError(
                f"{path}: for a batch of {len(inputs[0])}, ONNX Runtime answers otherwise than the module in {described.name}: "
                "the exporter has taken something for a constant")
