"""Measures a rank's rate by layer, provider and setting, and prints Docs/rate.md. Scripts/benchmark-rate runs it.

Everything is measured in turns, and each number is the median of ratios of turns that lie side by side: what else the machine does
meets all alike.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy
import onnxruntime

BATCH = 16
# Batches of a process's turn on a layer.
TURN = 60
# Seconds of a turn of one session.
STINT = 0.15
# What is noise, as a share.
NOISE = 0.02


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def median(values: list[float]) -> float:
    return statistics.median(values)


@dataclass
class Row:
    """A line of `nnfmri-benchmark passes`: milliseconds of a batch."""

    tensor: str
    bare: float
    rank: float


class Benchmark:
    def __init__(self, program: Path, model: Path, data: Path) -> None:
        self.program, self.model, self.data = program, model, data

    def start(self, command: str, options: list[str], core: int, environment: dict[str, str]) -> subprocess.Popen[str]:
        def pin() -> None:
            os.sched_setaffinity(0, {core})

        return subprocess.Popen(
            [str(self.program), command, "--model", str(self.model), "--data", str(self.data), *options], text=True,
            stdout=subprocess.PIPE, env=os.environ | environment, preexec_fn=pin)

    @staticmethod
    def finish(process: subprocess.Popen[str]) -> list[list[str]]:
        """The cells of a table's lines, its head left out."""
        output = process.communicate()[0]
        if process.returncode != 0:
            sys.exit(f"benchmark-rate: {' '.join(map(str, process.args))} ended with {process.returncode}")
        return [line.split() for line in output.splitlines() if line.split() and line.split()[0].isdigit()]

    def passes(
        self, layers: list[str], rounds: int, provider: str | None, cores: list[int], environment: dict[str, str] | None = None
    ) -> list[list[Row]]:
        """Runs one process a core at the same time. By core, by layer."""
        options = ["--batch", str(BATCH), "--rounds", str(rounds)]
        for layer in layers:
            options += ["--layer", layer]
        if provider:
            options += ["--provider", provider]
        running = [self.start("passes", options, core, environment or {}) for core in cores]
        return [[Row(cells[1], float(cells[3]), float(cells[4])) for cells in self.finish(process)] for process in running]

    def gradients(self, layers: list[str], provider: str | None) -> list[tuple[str, str, str]]:
        """By layer: the milliseconds of a gradient pass, its ratio to a plain one, and where it ran."""
        options = ["--layers", ",".join(layers)] + (["--provider", provider] if provider else [])
        rows = self.finish(self.start("gradients", options, 0, {}))
        # A layer without gradients has a sentence in place of numbers.
        return [tuple(cells[4:7]) if len(cells) == 8 else ("–", "–", "–") for cells in rows]  # type: ignore[misc]

    def suffix(self, layer: str, folder: Path) -> tuple[Path, dict[str, numpy.ndarray]]:
        """The suffix of a layer, and what it reads of one batch."""
        folder.mkdir()
        self.finish(self.start("suffix", ["--layer", layer, "--batch", str(BATCH), "--out", str(folder)], 0, {}))
        return folder / "suffix.onnx", dict(numpy.load(folder / "inputs.npz"))


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


# MARK: rates


def rates(benchmark: Benchmark, layers: list[str], providers: list[str], rounds: int) -> tuple[str, float, list[float]]:
    """The table of rates; over layers, the processor's ratio to the bare runtime, and what two ranks do of one."""
    one: dict[tuple[str, str], list[Row]] = defaultdict(list)
    both: dict[tuple[str, str], list[float]] = defaultdict(list)
    cores = sorted(os.sched_getaffinity(0))[:2]
    for turn in range(rounds):
        say(f"rates: turn {turn + 1} of {rounds}")
        for provider in providers:
            name = None if provider == "cpu" else provider
            alone = benchmark.passes(layers, TURN, name, cores[:1])[0]
            pair = benchmark.passes(layers, TURN, name, cores) if len(cores) > 1 else []
            for place, row in enumerate(alone):
                one[provider, row.tensor].append(row)
                if pair:
                    both[provider, row.tensor].append(sum(row.rank / other[place].rank for other in pair))
    rows = []
    for layer in layers:
        for provider in providers:
            seen = one[provider, layer]
            rows.append([
                layer, provider, f"{1000 * BATCH / median([row.rank for row in seen]):.0f}",
                f"{median([row.bare / row.rank for row in seen]):.3f}",
                f"{median(both[provider, layer]):.2f}" if both[provider, layer] else "–",
            ])
    whole = median([
        sum(one["cpu", layer][turn].bare for layer in layers) / sum(one["cpu", layer][turn].rank for layer in layers)
        for turn in range(rounds)])
    pairs = [median(both["cpu", layer]) for layer in layers if both["cpu", layer]]
    head = ["layer", "provider", "passes a second", "of the bare runtime's", "two ranks, of one"]
    return table(head, rows), whole, pairs


# MARK: settings


@dataclass
class Setting:
    """A way to run a suffix in the bare runtime."""

    name: str
    meaning: str
    run: Callable[[], object]
    uses_all_cores: bool = False


def options(threads: int = 1) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def load(model: Path, chosen: onnxruntime.SessionOptions) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(model), chosen, providers=["CPUExecutionProvider"])


def settings(model: Path, feeds: dict[str, numpy.ndarray], folder: Path) -> list[Setting]:
    """The first is what a rank does: one thread, outputs in place, the rest as the runtime has it."""

    def bound(session: onnxruntime.InferenceSession) -> Callable[[], object]:
        binding = session.io_binding()
        inputs = {name: onnxruntime.OrtValue.ortvalue_from_numpy(value) for name, value in feeds.items()}
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, value)
        for output, value in zip(session.get_outputs(), session.run(None, feeds), strict=True):
            binding.bind_ortvalue_output(output.name, onnxruntime.OrtValue.ortvalue_from_numpy(value))
        return lambda: session.run_with_iobinding(binding)

    def changed(change: Callable[[onnxruntime.SessionOptions], object], threads: int = 1) -> Callable[[], object]:
        chosen = options(threads)
        change(chosen)
        return bound(load(model, chosen))

    plain = load(model, options())
    stored = folder / "optimised.onnx"
    writing = options()
    writing.optimized_model_filepath = str(stored)
    load(model, writing)

    def without_optimising() -> Callable[[], object]:
        chosen = options()
        chosen.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        return bound(load(stored, chosen))

    cores = len(os.sched_getaffinity(0))
    return [
        Setting("a rank's", "one thread, outputs in memory that is there", bound(load(model, options()))),
        Setting("no binding", "the runtime makes its outputs anew in each pass", lambda: plain.run(None, feeds)),
        Setting("written optimised", "the model as the runtime optimised and wrote it", without_optimising()),
        Setting("no arena", "memory from malloc in each pass", changed(lambda o: setattr(o, "enable_cpu_mem_arena", False))),
        Setting("no memory pattern", "the arena without a plan of a pass", changed(lambda o: setattr(o, "enable_mem_pattern", False))),
        Setting(
            "no denormals", "tiny numbers are zero",
            changed(lambda o: o.add_session_config_entry("session.set_denormal_as_zero", "1"))),
        Setting(
            f"{cores} threads", "the runtime's default, one a core", changed(lambda o: None, cores), uses_all_cores=True),
        Setting(
            f"{cores} threads, asleep", "the same, that don't spin while they wait",
            changed(lambda o: o.add_session_config_entry("session.intra_op.allow_spinning", "0"), cores), uses_all_cores=True),
    ]


def compared(all_settings: list[Setting], rounds: int) -> dict[str, float]:
    """By setting: its rate over that of the first. Of those with one thread, in processor time on one core."""
    chance = random.Random(1)
    cores = os.sched_getaffinity(0)
    ratios: dict[str, list[float]] = defaultdict(list)

    def rate(setting: Setting) -> float:
        clock = time.perf_counter if setting.uses_all_cores else time.process_time
        os.sched_setaffinity(0, cores if setting.uses_all_cores else {min(cores)})
        setting.run()
        count, start, end = 0, clock(), clock() + STINT
        while clock() < end:
            setting.run()
            count += 1
        return count / (clock() - start)

    for _ in range(rounds):
        others = all_settings[1:]
        chance.shuffle(others)
        for setting in others:
            first = rate(all_settings[0])
            ratios[setting.name].append(2 * rate(setting) / (first + rate(all_settings[0])))
    os.sched_setaffinity(0, cores)
    return {name: median(values) for name, values in ratios.items()}


# MARK: profile


def profile(model: Path, feeds: dict[str, numpy.ndarray], folder: Path) -> tuple[dict[str, float], float]:
    """By type of operator, its share of a pass by the runtime's own profile; and the share of time outside of operators."""
    chosen = options()
    chosen.enable_profiling = True
    chosen.profile_file_prefix = str(folder / "profile")
    session = load(model, chosen)
    for _ in range(200):
        session.run(None, feeds)
    events = json.loads(Path(session.end_profiling()).read_text())
    spent: dict[str, float] = defaultdict(float)
    whole = 0.0
    for event in events:
        if event["name"].endswith("_kernel_time"):
            spent[event["args"]["op_name"]] += event["dur"]
        elif event["name"] == "model_run":
            whole += event["dur"]
    shares = {name: value / whole for name, value in sorted(spent.items(), key=lambda item: -item[1])}
    return shares, 1 - sum(shares.values())


# MARK: the page


def machine() -> str:
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    siblings = Path("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list")
    threads = len(siblings.read_text().replace("-", ",").split(",")) if siblings.exists() else 1
    return f"{len(os.sched_getaffinity(0))} cores of {names[0] if names else platform.machine()}, {threads} thread(s) each"


def large_pages(benchmark: Benchmark, layers: list[str], rounds: int) -> list[float]:
    """By layer: a rank's rate with large pages for all that malloc gives, over that without."""
    tuned = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    core = sorted(os.sched_getaffinity(0))[:1]
    ratios: list[list[float]] = [[] for _ in layers]
    for _ in range(rounds):
        usual = benchmark.passes(layers, TURN, None, core)[0]
        large = benchmark.passes(layers, TURN, None, core, tuned)[0]
        for place, (one, other) in enumerate(zip(usual, large, strict=True)):
            # Each against the bare runtime of its own turn would hide what both gain, so times are compared as they are.
            ratios[place].append(one.rank / other.rank)
    return [median(values) for values in ratios]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("benchmark", "model", "data", "folder"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    benchmark = Benchmark(arguments.benchmark, arguments.model, arguments.data)
    load_before = os.getloadavg()[0]
    # The library and the plugin that Python has, for the program too.
    os.environ["NNFMRI_ONNXRUNTIME"] = str(next(Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so*")))

    tensors = [row.tensor for row in benchmark.passes([], 1, None, [0])[0]]
    layers = [tensors[round(place * (len(tensors) - 1) / 4)] for place in range(5)]
    three = [layers[0], layers[2], layers[4]]
    providers = ["cpu"]
    trial = benchmark.start("passes", ["--provider", "openvino", "--rounds", "1", "--layer", layers[-1]], 0, {})
    trial.communicate()
    if trial.returncode == 0:
        providers.append("openvino")

    rate_table, whole, pairs = rates(benchmark, layers, providers, arguments.rounds)

    say("gradient passes")
    gradient_rows = []
    for provider in providers:
        found = benchmark.gradients(three, None if provider == "cpu" else provider)
        gradient_rows += [[layer, provider, *cells] for layer, cells in zip(three, found, strict=True)]

    setting_rows: dict[str, list[str]] = {}
    gains: list[str] = []
    profile_rows, meanings = [], {}
    for number, layer in enumerate(three):
        say(f"settings of the runtime, {layer}")
        folder = arguments.folder / f"layer_{number}"
        model, feeds = benchmark.suffix(layer, folder)
        all_settings = settings(model, feeds, folder)
        for name, ratio in compared(all_settings, arguments.rounds).items():
            setting_rows.setdefault(name, []).append(f"{ratio:.3f}")
            if ratio > 1 + NOISE and not next(s.uses_all_cores for s in all_settings if s.name == name):
                gains.append(f"{name} on {layer} ({ratio:.3f})")
        meanings |= {setting.name: setting.meaning for setting in all_settings}
        shares, rest = profile(model, feeds, folder)
        most = ", ".join(f"{name} {100 * share:.1f} %" for name, share in list(shares.items())[:5])
        profile_rows.append([layer, most, f"{100 * rest:.1f} %"])
    say("large pages")
    pages = large_pages(benchmark, three, arguments.rounds)
    setting_rows["large pages"] = [f"{ratio:.3f}" for ratio in pages]
    meanings["large pages"] = "a rank with `GLIBC_TUNABLES=glibc.malloc.hugetlb=1`"
    gains += [f"large pages on {layer} ({ratio:.3f})" for layer, ratio in zip(three, pages, strict=True) if ratio > 1 + NOISE]

    print(f"""# A rank's rate

Written by `Scripts/benchmark-rate`. {arguments.name}, batches of {BATCH}, ONNX Runtime {onnxruntime.__version__}, on {machine()}; the load of the
machine was {load_before:.1f} before and {os.getloadavg()[0]:.1f} at the end. All is measured in turns, {arguments.rounds} times; ratios are medians of those
of turns side by side, so they hold where rates don't.

## By layer and provider

A pass: a coalition is drawn, its activations painted, the suffix run, the value read. The bare runtime runs the same suffix on the processor's
kernels, with nothing else, on one thread as a rank does. *Two ranks*: their rates together, each on a core of its own, over that of one alone.

{rate_table}

Over the five layers a rank on the processor does {whole:.3f} of what the bare runtime does\
{f", and two ranks {min(pairs):.2f} to {max(pairs):.2f} of one" if pairs else ""}. The bars are 1.0 and 1.95.

## Gradient passes

A pass with the way back against one without, of the same suffix, in processor time (`nnfmri-benchmark gradients`). *Runs on*: a provider whose
derivatives are others than the processor's isn't used for them.

{table(["layer", "provider", "ms", "of a plain pass", "runs on"], gradient_rows)}

## Where a pass's time goes

By the runtime's own profile of the suffix, which slows it: shares of a pass by type of operator, and what lies between operators.

{table(["layer", "operators", "the rest"], profile_rows)}

## What settings would give

The rate over that of a rank's settings: one thread, outputs written into memory that is there (IO binding), arena and memory pattern as
the runtime has them. Processor time; settings with more threads by wall time, and their gain is to be held against that of as many ranks.

{table(["setting", "", *three], [[name, meanings[name], *cells] for name, cells in setting_rows.items()])}

{f"More than {100 * NOISE:.0f} % faster than a rank's settings: {'; '.join(gains)}." if gains else
 f"None is more than {100 * NOISE:.0f} % faster than a rank's settings, so none was taken."}""")


main()
