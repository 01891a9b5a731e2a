"""Exports PyTorch modules to ONNX files that can be scanned."""

from __future__ import annotations

import inspect
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
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
        model: a `torch.nn.Module`. It is exported as in evaluation, and left in the modes that it and its parts were in. Of what
            `torch.compile` or `DataParallel` made, the module inside is exported.
        example: its input, or a tuple of its inputs, each with the batch as first axis; or a mapping of names to inputs, which are
            then the file's. Names that are parameters of `forward` go there, other names are taken in their order. Inputs of
            another type than the module computes with are converted.
        path: the file that is written, once it has passed; one that is there stays where it doesn't.
        input_names, output_names: names in the file; the mapping's, or `input`, `input_1`, ... and `output`, ... unless given.

    Raises:
        ExportError: a batch axis isn't free, or ONNX Runtime answers otherwise than the module, for one row or for three; or the
            module fails, or answers with something else than tensors.
        MissingError: PyTorch or what its exporter needs isn't installed.
    """
    from nnfmri._environment import MissingError
    from nnfmri._run import array

    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
        import torch
    except ImportError as error:
        raise MissingError(f"{error.name} isn't installed: run pip install 'nnfmri[torch]'") from None
    path = Path(path)
    if isinstance(model, torch.jit.ScriptModule):
        raise ExportError("PyTorch's exporter takes no TorchScript: give the module that it was made of")
    model = getattr(model, "_orig_mod", model)
    if isinstance(model, torch.nn.DataParallel):
        model = model.module
    if isinstance(example, Mapping):
        given = _by_parameter(model, example)
        inputs, keywords = tuple(given.values()), _keywords(model, given)
        input_names = input_names or list(given)
    else:
        inputs = tuple(example) if isinstance(example, (tuple, list)) else (example,)
        keywords = []
        input_names = input_names or _standard_names("input", len(inputs))
    positional = len(inputs) - len(keywords)

    def answer(*values: Any) -> Any:
        return model(*values[:positional], **dict(zip(keywords, values[positional:], strict=True)))

    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            # A batch of one could be taken for a constant.
            pair = tuple(
                value[:1].repeat_interleave(2, 0) if len(value) < 2 else value
                for value in (torch.as_tensor(array(value)) for value in inputs))
            pair, answers = _converted(answer, pair, model, torch)
            tensors = _tensors(answers, torch)
            _check_batch(answer, pair, tensors, path, torch)
            output_names = output_names or _standard_names("output" if "output" not in input_names else "answer", len(tensors))
            batch = torch.export.Dim("batch")
            size = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
            given_names = dict(zip(keywords, pair[positional:], strict=True))
            shapes: Any = tuple({0: batch} for _ in pair)
            if keywords:
                # Then by name, of all inputs.
                leading = list(inspect.signature(model.forward).parameters)[:positional]
                shapes = {name: {0: batch} for name in [*leading, *keywords]}
            try:
                program: Any = torch.onnx.export(
                    model, pair[:positional], None, kwargs=given_names or None, input_names=input_names,
                    output_names=output_names, dynamo=True, verbose=False, dynamic_shapes=shapes)
            except Exception as error:
                raise ExportError(f"{path}: PyTorch's exporter can't translate the module: {_first_line(error)}") from error
            _free_names(program.model.graph)
            with tempfile.TemporaryDirectory(dir=path.absolute().parent, prefix=path.name) as draft:
                program.save(str(Path(draft) / path.name), external_data=size > _LARGEST_INSIDE)
                for rows in (1, 3):
                    _check(answer, path, Path(draft) / path.name, tuple(value[[0, 1, 0][:rows]] for value in pair), torch)
                # Weights may lie in a second file.
                for file in Path(draft).iterdir():
                    file.replace(path.with_name(file.name))
    finally:
        for module, was_training in modes:
            module.training = was_training
    return path


def stored(model: Any, stimuli: Any, path: Path) -> Path:
    """The file of a module or of a model in memory: `path`, which it is written to. `stimuli` are examples of a module's inputs."""
    model = getattr(model, "model_proto", model)
    if "onnx" in sys.modules and isinstance(model, sys.modules["onnx"].ModelProto):
        return _saved(model, path)
    if "torch" in sys.modules and isinstance(model, sys.modules["torch"].nn.Module):
        return export(model, _first(stimuli), path)
    raise TypeError(
        f"a model is an ONNX file, an onnx.ModelProto or a torch.nn.Module, and it is a {type(model).__name__}: write it to an "
        "ONNX file by its own framework's exporter")


def _saved(model: Any, path: Path) -> Path:
    """Writes an `onnx.ModelProto`, which stays as it is."""
    import onnx

    tensors = model.graph.initializer
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in tensors):
        raise TypeError(
            "the model's weights are in other files, and it doesn't tell where: give the path of its file, or load it with those by "
            "onnx.load")
    if sum(len(tensor.raw_data) for tensor in tensors) > _LARGEST_INSIDE:
        # Writing empties the weights of what it is given.
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        weights = path.with_name(path.name + ".data")
        # They would be written behind what is there.
        weights.unlink(missing_ok=True)
        onnx.save_model(copy, path, save_as_external_data=True, location=weights.name)
    else:
        onnx.save_model(model, path)
    return path


def _first(stimuli: Any) -> Any:
    """Two stimuli, as examples of a module's inputs: a tensor, or a mapping of names to such."""
    if isinstance(stimuli, (str, PathLike)):
        raise TypeError("a PyTorch module needs an example: give stimuli as tensors, or export it by nnfmri.export first")
    import torch

    from nnfmri._run import array

    def example(values: Any) -> Any:
        # What isn't a number there is no matter of the module's.
        return torch.nan_to_num(torch.as_tensor(array(values[:2])))

    if isinstance(stimuli, Mapping):
        return {name: example(value) for name, value in stimuli.items() if name != "labels"}
    return example(stimuli)


def _standard_names(kind: str, count: int) -> list[str]:
    return [kind if place == 0 else f"{kind}_{place}" for place in range(count)]


def _parameters(model: Any) -> list[str]:
    """The names of what `forward` takes."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [name for name, parameter in inspect.signature(model.forward).parameters.items() if parameter.kind in kinds]


def _by_parameter(model: Any, example: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs in the order of `forward`'s parameters: by their names, or as they come where their names are none of those."""
    names, parameters = list(example), _parameters(model)
    if set(names) <= set(parameters):
        names.sort(key=parameters.index)
    elif set(names) == set(_standard_names("input", len(names))):
        names = _standard_names("input", len(names))
    else:
        for place, name in enumerate(names):
            if name in parameters and parameters.index(name) != place:
                unknown = ", ".join(repr(name) for name in names if name not in parameters)
                raise ExportError(
                    f"the inputs {unknown} have no names of forward's parameters ({', '.join(parameters)}), and {name!r} has one and "
                    "stands at another's place: name all inputs after parameters, or give them in order")
    return {name: example[name] for name in names}


def _keywords(model: Any, given: dict[str, Any]) -> list[str]:
    """The names of the last inputs that have to be given by name, since parameters before them are left out."""
    parameters, names = _parameters(model), list(given)
    if not set(names) <= set(parameters):
        return []
    by_place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    described = inspect.signature(model.forward).parameters
    leading = 0
    while leading < len(names) and names[leading] == parameters[leading] and described[names[leading]].kind == by_place:
        leading += 1
    return names[leading:]


def _free_names(graph: Any) -> None:
    """Calls what has the name of an input or an output otherwise: the exporter gives names of its own without looking at those."""
    ends = [*graph.inputs, *graph.outputs]
    taken = {value.name for value in ends}
    inner = [value for node in graph.all_nodes() for value in node.outputs]
    names = taken | {value.name for value in inner} | set(graph.initializers)
    for value in [*inner, *graph.initializers.values()]:
        old = value.name
        if old not in taken or any(value is end for end in ends):
            continue
        number = 1
        while f"{old}_{number}" in names:
            number += 1
        names.add(f"{old}_{number}")
        is_weight = old in graph.initializers and graph.initializers[old] is value
        if is_weight:
            del graph.initializers[old]
        value.name = f"{old}_{number}"
        if is_weight:
            graph.initializers[value.name] = value


def _converted(answer: Callable[..., Any], inputs: tuple[Any, ...], model: Any, torch: Any) -> tuple[tuple[Any, ...], Any]:
    """The inputs in types that the module takes, and its answer.

    Floating-point numbers in the module's own type. Whole numbers as they are; where it fails with those, bytes or all of them as
    floating-point numbers, or all as 64-bit integers.
    """
    own = next((tensor.dtype for tensor in (*model.parameters(), *model.buffers()) if tensor.is_floating_point()), torch.float32)
    inputs = tuple(value.to(own) if value.is_floating_point() else value for value in inputs)

    def choices() -> Iterator[tuple[Any, ...]]:
        def with_type(kind: Any, applies: Callable[[Any], bool]) -> tuple[Any, ...]:
            return tuple(value.to(kind) if applies(value) and not value.is_complex() else value for value in inputs)

        yield inputs
        yield with_type(own, lambda value: value.dtype in (torch.uint8, torch.int8))
        yield with_type(own, lambda value: not value.is_floating_point())
        yield with_type(torch.int64, lambda value: not value.is_floating_point())

    failures: list[Exception] = []
    tried = set()
    for chosen in choices():
        kinds = tuple(value.dtype for value in chosen)
        if kinds in tried:
            continue
        tried.add(kinds)
        try:
            return chosen, answer(*chosen)
        except Exception as error:
            failures.append(error)
    # Of several, that of floating-point numbers says more than that of a type that no module takes.
    shapes = ", ".join(str(list(value.shape)) for value in inputs)
    said = "; or ".join(dict.fromkeys(map(_first_line, failures)))
    raise ExportError(f"the module fails with inputs of shapes {shapes}: {said}") from failures[0]


def _first_line(error: BaseException) -> str:
    """What an error says first, or what caused it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['no reason given'])[0]}"


def _tensors(answers: Any, torch: Any) -> list[Any]:
    """The tensors that a module answers with."""
    several = list(answers) if isinstance(answers, (tuple, list)) else [answers]
    wrong = next((answer for answer in several if not isinstance(answer, (torch.Tensor, tuple, list))), torch.Tensor)
    if wrong is torch.Tensor:
        return several
    kind = f"a {type(wrong).__name__}"
    if isinstance(wrong, Mapping):
        kind += f" ({', '.join(map(repr, wrong))})"
    holding = "" if several[0] is answers else f"a {type(answers).__name__} that holds "
    raise ExportError(
        f"the module returns {holding}{kind}: give a module around it whose forward returns a tensor, or a tuple of tensors, such as "
        'self.module(x)["logits"]')


def _check_batch(answer: Callable[..., Any], pair: tuple[Any, ...], tensors: list[Any], path: Path, torch: Any) -> None:
    """Whether an output of the module grows with the first axis of its inputs."""
    two = len(pair[0])
    longer = tuple(torch.cat([value, value[:1]]) for value in pair)
    try:
        grown = _tensors(answer(*longer), torch)
    except Exception as error:
        raise ExportError(
            f"{path}: the module takes a batch of {two} and fails with one of {two + 1}: {_first_line(error)}") from error
    for short, long in zip(tensors, grown, strict=False):
        if not isinstance(short, torch.Tensor) or short.dim() != long.dim():
            continue
        if any(lengths == (two, two + 1) for lengths in zip(short.shape, long.shape, strict=True)):
            return
    raise ExportError(
        f"{path}: for a batch of {two}, no output of the module has an axis as long as the batch, which is the first axis of its "
        "inputs: where another axis counts stimuli, as in an LSTM without batch_first=True, give a module around it that turns the "
        "axes, such as self.module(x.transpose(0, 1))")


def _check(answer: Callable[..., Any], path: Path, draft: Path, inputs: tuple[Any, ...], torch: Any) -> None:
    """Compares the answers of the file, which is yet to become `path`, to those of the module."""
    import numpy
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    try:
        session = onnxruntime.InferenceSession(draft, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ExportError(
            f"{path}: ONNX Runtime doesn't run what PyTorch's exporter makes of the module: {_first_line(error)}. Of a module in another type "
            "than float32, give module.float()") from error
    for described in session.get_inputs():
        if described.shape and isinstance(described.shape[0], int):
            raise ExportError(
                f"{path}: the batch axis of {described.name} was exported as {described.shape[0]}: "
                "the module computes with the size of its batch as with a number")
    feeds = {described.name: value.numpy() for described, value in zip(session.get_inputs(), inputs, strict=True)}
    try:
        answers = answer(*inputs)
    except Exception as error:
        raise ExportError(
            f"{path}: the module takes larger batches and fails with one of {len(inputs[0])}, as where a normalisation is over the batch: "
            f"{_first_line(error)}") from error
    tensors = [one for one in (answers if isinstance(answers, (tuple, list)) else [answers]) if isinstance(one, torch.Tensor)]
    for described, tensor in zip(session.get_outputs(), tensors, strict=False):
        expected = tensor.numpy()
        found = session.run([described.name], feeds)[0]
        scale = float(numpy.abs(expected).max(initial=0.0))
        if found.shape != expected.shape or not numpy.allclose(found, expected, rtol=_TOLERANCE, atol=_TOLERANCE * scale):
            raise ExportError(
                f"{path}: for a batch of {len(inputs[0])}, ONNX Runtime answers otherwise than the module in {described.name}: "
                "the exporter has taken something for a constant")
