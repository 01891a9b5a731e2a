"""Runs the program."""

from __future__ import annotations

import contextlib
import json
import numbers
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, overload

from nnfmri._environment import environment, launcher, program
from nnfmri._export import stored
from nnfmri._scan import Scan, open

if TYPE_CHECKING:
    import tqdm

StrPath = str | PathLike[str]

# Options whose values are joined by something else than commas, and those that are given once for each of their values.
_JOINTS = {"grid": "x", "resize": "x", "crop": "x", "reference": "-"}
_REPEATED = {"output", "layout", "provider_option"}
# Options that are files of an array, and those that are files of lines.
_ARRAYS = {"regions", "lesion", "pairs"}
_LINES = {"region_names", "class_names", "clusters"}
# What has no form with --no-: False leaves it out.
_WITHOUT_NEGATIVE = {"allow_nonfinite", "keep_scores", "resume"}
_NO_SCAN = {
    "mediator": "makes two scans: scan with freeze and without, and take total.contrast(direct)",
    "part": "makes no whole scan: measure parts by nnfmri-mpi scan --part, and open what nnfmri-mpi merge makes of them",
    "help": "scans nothing: run nnfmri-mpi help scan",
    "version": "scans nothing: run nnfmri-mpi --version",
}
_OWN = {"model": "the first argument", "data": "the second argument"}


class ScanError(Exception):
    """The program ended with an error. The message is its own last sentence.

    `code` is its exit code (75: ended early, and `resume=True` goes on), `output` all that it wrote to standard error.
    """

    def __init__(self, code: int, output: str) -> None:
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        said = [line for line in lines if line.startswith(("nnfmri-mpi: ", "Error: "))]
        sentence = (said or lines or ["the program said nothing"])[-1]
        super().__init__(f"{sentence.removeprefix('nnfmri-mpi: ').removeprefix('Error: ')} (exit code {code})")
        self.code = code
        self.output = output


@overload
def scan(
    model: Any, stimuli: Any, /, *, output: str | None = None, labels: Any = None, ranks: int = 2, out: StrPath = "nnfmri-scan",
    progress: bool = True, resume: bool = False, mpirun: Sequence[str] = (), **options: Any,
) -> Scan: ...


@overload
def scan(
    model: Any, stimuli: Any, /, *, output: list[str] | tuple[str, ...], labels: Any = None, ranks: int = 2,
    out: StrPath = "nnfmri-scan", progress: bool = True, resume: bool = False, mpirun: Sequence[str] = (), **options: Any,
) -> dict[str, Scan]: ...


def scan(
    model: Any, stimuli: Any, /, *, output: str | Sequence[str] | None = None, labels: Any = None, ranks: int = 2,
    out: StrPath = "nnfmri-scan", progress: bool = True, resume: bool = False, mpirun: Sequence[str] = (), **options: Any,
) -> Scan | dict[str, Scan]:
    """Scans a network, and returns the finished scan.

    >>> model, stimuli = nnfmri.phantom("glyphs", out="glyphs", count=4)
    >>> scan = nnfmri.scan(model, stimuli, ranks=1, out="of-glyphs", progress=False, layers="block2", samples=4, tracts=False)
    >>> len(scan.regions)
    256

    Args:
        model: an ONNX file; or a PyTorch module or an `onnx.ModelProto`, which is written to `OUT.onnx` first, a module by
            `nnfmri.export`.
        stimuli: a file or folder of any kind that the program reads; or an array or tensor whose first axis is the stimulus, for a
            network with one input; or a DataFrame of pandas, whose columns keep their names; or a mapping of the inputs' names to
            arrays, of a PyTorch module the names of its parameters, or any in their order. What is no file is written to `OUT.stimuli.npy`, `.npz` or `.csv`.
        output: the name of the output that is read, where there are several; of a list of them each is scanned, and a dictionary of
            the scans by these names is returned.
        labels: a file of labels, or a sequence of class numbers, one a stimulus.
        ranks: how many processes share the work. Any number gives the same numbers; more than there are cores is slower.
        out: the folder of results.
        progress: whether a bar is shown.
        resume: go on with the scan in `out` that ended early.
        mpirun: further arguments of mpirun, such as `["-bind-to", "core"]` or `["-hosts", "a,b"]`.
        **options: the program's own (`nnfmri-mpi help scan`) with `_` for `-`: `layers=["relu", "relu_1"]`, `grid=(8, 8, 4)`,
            `stimuli=64` (how many are used), `per_stimulus=0.9`, `mean=[0.485, 0.456, 0.406]`, `tracts=False`, `provider="openvino"`,
            `provider_option={"device_type": "CPU"}`. Files of `regions`, `lesion` and `pairs` may be given as arrays or mappings of
            names to arrays, those of `clusters` (what each stimulus is a repeated measure of), `class_names` and `region_names` as lists, the latter two as
            mappings of numbers from 0 on, too; they are written beside `out`.

    Raises:
        ScanError: the program refused or failed; its message says what to do.
        MissingError: ONNX Runtime or MPICH isn't there.
        KeyboardInterrupt: after an interrupt, once the program has kept what it measured; `resume=True` goes on.
    """
    if output is not None and not output:
        raise ValueError("output names none: leave it out for the one that looks most like scores")
    out = Path(out)
    for name, place in _OWN.items():
        if name in options:
            raise TypeError(f"{name} is {place} of nnfmri.scan")
    for name, reason in _NO_SCAN.items():
        if name in options:
            raise TypeError(f"{name} {reason}")
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    with _Beside(out) as beside:
        check_stimuli(stimuli)
        if not isinstance(model, (str, PathLike)):
            model = stored(model, stimuli, beside.file(".onnx"))
        arguments = ["scan", "--model", str(model), "--data", str(_stored(stimuli, beside, ".stimuli"))]
        if labels is not None:
            arguments += ["--labels", str(_stored(labels, beside, ".labels"))]
        arguments += ["--out", str(out), "--progress", "json", "--color", "never"]
        if resume:
            arguments.append("--resume")
        arguments += option_arguments({"output": output} | _with_files(options, beside))
        with _Bar(progress) as bar:
            run(arguments, ranks=ranks, mpirun=mpirun, on_line=bar.take)
    if output is None or isinstance(output, str):
        return open(out)
    return {name: open(out / folder) for name, folder in _output_folders(output).items()}


def phantom(kind: str = "glyphs", *, out: StrPath = "nnfmri-phantom-files", **options: Any) -> tuple[Path, Path]:
    """Writes a built-in network whose critical regions are known, and stimuli for it.

    >>> nnfmri.phantom("glyphs", out="glyphs", count=4)
    (PosixPath('glyphs/model.onnx'), PosixPath('glyphs/stimuli.bin'))

    Returns the model and the stimuli. `kind` and the options are those of `nnfmri-mpi help phantom`.
    """
    run(["phantom", kind, "--out", str(out), *option_arguments(options)])
    return Path(out) / "model.onnx", next(Path(out).glob("stimuli.*"))


def run(
    arguments: Sequence[str], *, ranks: int = 1, mpirun: Sequence[str] = (), on_line: Callable[[str], None] | None = None,
) -> str:
    """Runs the program with these arguments; `on_line` gets what it writes to standard error, line by line.

    Returns its standard output. Raises ScanError where it ends with another code than 0.
    """
    if isinstance(ranks, bool) or not isinstance(ranks, numbers.Integral):
        raise TypeError(f"ranks={ranks!r} is no whole number")
    if ranks < 1:
        raise ValueError(f"ranks={ranks} is below 1")
    if isinstance(mpirun, str):
        mpirun = shlex.split(mpirun)
    command = [str(program()), *arguments]
    if ranks > 1 or mpirun:
        command = [launcher(), *mpirun, "-n", str(ranks), *command]
    lines: list[str] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # A group of its own, so that an interrupt reaches the program once, through its launcher.
        process = subprocess.Popen(
            command, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, text=True,
            encoding="utf-8", errors="replace", start_new_session=True)
        assert process.stderr is not None
        try:
            _read(process.stderr, lines, on_line)
        except KeyboardInterrupt:
            # It ends with a checkpoint; a second interrupt doesn't wait for that.
            process.send_signal(signal.SIGINT)
            try:
                _read(process.stderr, lines, None)
                process.wait()
            except KeyboardInterrupt:
                process.kill()
            raise
        finally:
            process.stderr.close()
        code = process.wait()
        output.seek(0)
        text = output.read()
    if code != 0:
        raise ScanError(code, "\n".join(lines))
    return text


def option_arguments(options: Mapping[str, Any]) -> list[str]:
    """Options of the command line.

    >>> from nnfmri._run import option_arguments
    >>> option_arguments({"grid": (8, 8, 4), "layers": ["relu", "relu_1"], "tracts": False, "per_stimulus": 0.9})
    ['--grid=8x8x4', '--layers=relu,relu_1', '--no-tracts', '--per-stimulus=0.9']
    >>> option_arguments({"allow_nonfinite": True, "keep_scores": False, "samples": None, "mean": (-0.1, 0.2)})
    ['--allow-nonfinite', '--mean=-0.1,0.2']
    >>> option_arguments({"provider_option": {"device_type": "CPU"}, "reference": (0, 100)})
    ['--provider-option=device_type=CPU', '--reference=0-100']
    """
    arguments: list[str] = []
    for name, value in options.items():
        option = name.replace("_", "-")
        value = _plain(value)
        if value is None:
            continue
        if value is True:
            arguments.append(f"--{option}")
        elif value is False:
            if name not in _WITHOUT_NEGATIVE:
                arguments.append(f"--no-{option}")
        elif isinstance(value, (str, PathLike)) or not isinstance(value, Iterable):
            arguments.append(f"--{option}={value}")
        elif name in _REPEATED:
            for each in [f"{key}={one}" for key, one in value.items()] if isinstance(value, Mapping) else value:
                arguments.append(f"--{option}={each}")
        else:
            # With the option's name in one, so that a number below 0 is no option.
            arguments.append(f"--{option}={_JOINTS.get(name, ',').join(str(_plain(each)) for each in value)}")
    return arguments


def _plain(value: Any) -> Any:
    """Numbers and lists of numbers in place of what numpy or PyTorch has them in."""
    return value.tolist() if hasattr(value, "tolist") else value


def _output_folders(outputs: Sequence[str]) -> dict[str, str]:
    """The folders inside `out` of the scans of several outputs, by their names, as the program calls them; of one, `out` itself.

    >>> from nnfmri._run import _output_folders
    >>> _output_folders(["boxes", "head/scores", "head:scores"])
    {'boxes': 'boxes', 'head/scores': 'head_scores', 'head:scores': 'head_scores_2'}
    """
    if len(outputs) == 1:
        return {outputs[0]: "."}
    folders: dict[str, str] = {}
    for name in outputs:
        plain = folder = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in name)
        while folder in folders.values():
            folder = f"{plain}_{len(folders)}"
        folders[name] = folder
    return folders


class _Beside:
    """Files that are written beside a scan's folder. Those that they replace come back where no scan began: an earlier one in that
    folder was made of them."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._scan = self._recorded()
        self._former: list[tuple[Path, Path]] = []

    def _recorded(self) -> bytes | None:
        """What the folder's scan says of itself, from its beginning on."""
        with contextlib.suppress(OSError):
            return (self._out / "scan.json").read_bytes()
        return None

    def file(self, ending: str) -> Path:
        """The path of one that is about to be written."""
        path = self._out.with_name(self._out.name + ending)
        # An ONNX file may have its weights in a second one.
        for each in (path, path.with_name(path.name + ".data")):
            if each.exists():
                former = each.with_name(each.name + ".former")
                self._former.append((each, each.replace(former)))
        return path

    def __enter__(self) -> _Beside:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        # A scan that goes on was made of the same.
        is_former = error is not None and self._scan is not None and self._recorded() == self._scan
        for path, former in self._former:
            if is_former:
                former.replace(path)
            else:
                former.unlink()


def _with_files(options: Mapping[str, Any], beside: _Beside) -> dict[str, Any]:
    """The options with files in place of what was given as arrays and lists."""
    result = dict(options)
    for name, value in options.items():
        if value is None or isinstance(value, (str, PathLike)):
            continue
        if name in _ARRAYS:
            result[name] = _stored(value, beside, f".{name}")
        elif name in _LINES:
            lines = _names(name, value)
            result[name] = beside.file(f".{name}.txt")
            result[name].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return result


def _names(option: str, value: Any) -> list[str]:
    """Names in order: a list, or a mapping of numbers from 0 on, as `id2label` of a Hugging Face configuration."""
    if isinstance(value, Mapping):
        numbered = {int(key): name for key, name in value.items() if str(key).isdecimal()}
        if sorted(numbered) != list(range(len(value))):
            raise ValueError(f"{option} is a mapping whose keys aren't 0 to {len(value) - 1}: give a list of names in order")
        value = [numbered[number] for number in range(len(numbered))]
    names = [str(_plain(name)) for name in value]
    broken = next((name for name in names if "\n" in name or "\r" in name), None)
    if broken is not None:
        raise ValueError(f"{option} has a name of several lines: {broken!r}")
    return names


def _read(stream: IO[str], lines: list[str], on_line: Callable[[str], None] | None) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))
        if on_line is not None:
            on_line(lines[-1])


class _Bar:
    """A progress bar of a scan's phases, one after the other."""

    def __init__(self, shows: bool) -> None:
        self._bar: tqdm.tqdm[Any] | None = None
        self._phase = ""
        if shows:
            self._bar = _bar_class()(unit=" passes", dynamic_ncols=True)

    def take(self, line: str) -> None:
        """Shows a line of the program: a state of its progress, or a note."""
        if self._bar is None:
            return
        state = None
        if line.startswith("{"):
            with contextlib.suppress(ValueError):
                state = json.loads(line)
        if not isinstance(state, dict) or "phase" not in state:
            self._bar.write(line, file=sys.stderr)
            return
        if state["phase"] != self._phase:
            self._phase = state["phase"]
            self._bar.reset(total=state["total"])
            self._bar.set_description(self._phase, refresh=False)
        self._bar.n = state["completed"]
        self._bar.refresh()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar_class() -> Any:
    """tqdm's bar for notebooks where those can show it, else the one for terminals."""
    import importlib.util

    import tqdm.auto
    import tqdm.std

    return tqdm.auto.tqdm if importlib.util.find_spec("ipywidgets") else tqdm.std.tqdm


def _stored(data: Any, beside: _Beside, ending: str) -> Path:
    """The file that `data` is, or that it is written to, with the ending of its kind."""
    if isinstance(data, (str, PathLike)):
        return Path(data)
    import numpy

    if hasattr(data, "to_csv") and hasattr(data, "columns"):
        path = beside.file(f"{ending}.csv")
        truths = [name for name, kind in data.dtypes.items() if str(kind) in ("bool", "boolean")]
        # Truth values are 0 and 1 for a network.
        data.astype({name: "Int64" for name in truths}).to_csv(path, index=False, na_rep="nan")
    elif isinstance(data, Mapping):
        arrays = {name: array(value) for name, value in data.items()}
        path = beside.file(f"{ending}.npz")
        numpy.savez(path, **arrays)
    else:
        values = array(data)
        path = beside.file(f"{ending}.npy")
        numpy.save(path, values)
    return path


def check_stimuli(stimuli: Any) -> None:
    """Raises TypeError for what hands out stimuli one by one, PyTorch's datasets and their loaders."""
    if "torch" not in sys.modules:
        return
    data = sys.modules["torch"].utils.data
    for kind, call in (
            (data.Dataset, "torch.stack([item[0] for item in dataset])"), (data.DataLoader, "torch.cat([batch[0] for batch in loader])")):
        if isinstance(stimuli, kind):
            raise TypeError(f"stimuli are a {type(stimuli).__name__}: give what it holds as one tensor, such as {call}")


def array(data: Any) -> Any:
    """An array of a tensor, a sequence, an array or a table of numbers."""
    import numpy

    if hasattr(data, "to_csv") and hasattr(data, "columns"):
        return data.to_numpy(dtype=float, na_value=numpy.nan)
    return numpy.asarray(data.detach().cpu() if hasattr(data, "detach") else data)
