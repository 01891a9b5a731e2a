"""The championship of estimators: plays games, remembers what was played, and writes the tables of Docs/validation.md.

Run by Scripts/benchmark-estimators and Scripts/benchmark-gradients. Values come from nnfmri-benchmark's game server, so all estimators see the same ones.
What is slow is kept as files: the values of our designs by the digest of their coalitions, and the answers of the public
estimators. Ours, gradient passes among them, are computed anew each time.
"""

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import typing
import warnings

import numpy as np

BUDGETS = (4, 8, 16, 32, 64)
GRADIENT_BUDGETS = (1, 2, *BUDGETS)
# Designs by which the intervals of small budgets are tried.
COVERAGE_SEEDS = 4
TRUTH_SAMPLES = 512
TRUTH_SEED = 1_000_003
OURS = ("cubic", "regression", "permutation", "leverage")
TIME_LIMIT = 180
# How far apart two errors of the same game may be, of which one is rounded to two digits.
SAME_GAME = 0.06
RESNET_LAYERS = (
    ("early", "/layer1/layer1.1/Relu_1_output_0"),
    ("middle", "/layer2/layer2.1/Relu_1_output_0"),
    ("late", "/layer3/layer3.1/Relu_1_output_0"),
)
PREPROCESSING = ("--mean", "0.485", "0.456", "0.406", "--std", "0.229", "0.224", "0.225")


@dataclasses.dataclass(frozen=True)
class Game:
    """A layer and a stimulus, or a phantom's whose ζ are exact."""

    name: str
    model: str
    data: str
    tensor: str
    stimulus: int
    options: tuple = ()
    truth: str = ""


class Server:
    """A game of nnfmri-benchmark over a pipe."""

    def __init__(self, program, game, store):
        command = [program, "game", "--model", game.model, "--data", game.data, "--tensor", game.tensor]
        command += ["--stimulus", str(game.stimulus), *game.options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.players = int(self._line())
        self.store = store
        self.gradients = {}
        self.width = (self.players + 63) // 64 * 8

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("The game server ended: see its message above.")
        return line.decode().strip()

    def _ask(self, line, payload=b""):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        self.process.stdin.write(payload)
        self.process.stdin.flush()

    def _measure(self, bits):
        count = len(bits) // self.width
        self._ask(f"values {count}", bits)
        return np.frombuffer(self.process.stdout.read(4 * count), np.float32)

    def __call__(self, coalitions):
        """`[coalitions]` values of `[coalitions x players]` zeros and ones."""
        rows = np.atleast_2d(np.asarray(coalitions)).astype(bool)
        packed = np.zeros((len(rows), self.width), np.uint8)
        packed[:, : (self.players + 7) // 8] = np.packbits(rows, axis=1, bitorder="little")
        return np.concatenate([self._measure(packed[at : at + 4096].tobytes()) for at in range(0, len(rows), 4096)])

    def estimate(self, estimator, evaluations, seed):
        """One of our estimators. Its values are measured once and kept."""
        self._ask(f"design {estimator} {evaluations} {seed}")
        count = int(self._line())
        bits = self.process.stdout.read(count * self.width)
        file = self.store / f"{hashlib.sha256(bits).hexdigest()[:32]}.f32"
        if not file.exists():
            step = 4096 * self.width
            values = np.concatenate([self._measure(bits[at : at + step]) for at in range(0, len(bits), step)])
            write(file, values.tobytes())
        self._ask(f"estimate {estimator} {evaluations} {seed}", file.read_bytes())
        return json.loads(self._line())

    def gradient(self, passes, seed):
        """ζ from gradient passes, anew each time."""
        if (passes, seed) not in self.gradients:
            self._ask(f"gradient {passes} {seed}")
            self.gradients[passes, seed] = json.loads(self._line())
        return self.gradients[passes, seed]

    def takes_gradients(self):
        """Whether a scan would: what the layer's probes say."""
        self._ask("verdict")
        return self._line() != "values"

    def cost(self):
        """Processor seconds of a plain and of a gradient pass, measured in turns now."""
        self._ask("cost")
        return [float(word) for word in self._line().split()]


def write(file, content):
    """A file that is whole or not there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_bytes(content)
    os.replace(part, file)


def public_estimators(players, seed):
    """Name -> a function of (game, evaluations) that gives ζ, as the libraries come, with the options they recommend."""
    if not hasattr(typing, "override"):  # Python 3.11; shapiq 1.8 is written for 3.12.
        import typing_extensions

        typing.override = typing_extensions.override
    import shapiq.approximator as shapiq

    def of_shapiq(make):
        def estimate(game, evaluations):
            values = make().approximate(evaluations, game)
            return np.array([values[(player,)] for player in range(players)])

        return estimate

    def captum(game, evaluations):
        import torch
        from captum.attr import ShapleyValueSampling

        torch.manual_seed(seed)
        forward = lambda batch: torch.from_numpy(game(batch.numpy()).astype(np.float64))
        attribution = ShapleyValueSampling(forward).attribute(
            torch.ones(1, players), baselines=torch.zeros(1, players), n_samples=max(1, (evaluations - 2) // players),
            perturbations_per_eval=64,
        )
        return attribution[0].double().numpy()

    def msapy(game, evaluations):
        import typeguard

        # Its checks of types at run time stumble over types of the other libraries.
        typeguard.typechecked = lambda function: function
        from msapy import msa

        def value(lesioned):
            coalition = np.ones(players)
            coalition[list(lesioned)] = 0
            return float(game(coalition)[0])

        with contextlib.redirect_stdout(sys.stderr):  # Where it shows its progress.
            table = msa.interface(
                elements=list(range(players)), n_permutations=max(2, evaluations // players), objective_function=value,
                n_parallel_games=1, rng=np.random.default_rng(seed))
        means = table.mean()
        return np.array([float(means[player]) for player in range(players)])

    return {
        "KernelSHAP, paired": of_shapiq(lambda: shapiq.KernelSHAP(players, pairing_trick=True, random_state=seed)),
        "LeverageSHAP": of_shapiq(lambda: shapiq.LeverageSHAP(players, random_state=seed)),
        "OddSHAP": of_shapiq(lambda: shapiq.OddSHAP(players, random_state=seed)),
        "RegressionMSR": of_shapiq(lambda: shapiq.RegressionMSR(players, "SV", random_state=seed)),
        "ProxySHAP": of_shapiq(
            lambda: shapiq.ProxySHAP(players, max_order=1, index="SV", adjustment=True, random_state=seed)),
        "PermutationSamplingSV": of_shapiq(lambda: shapiq.PermutationSamplingSV(players, random_state=seed)),
        "captum ShapleyValueSampling": captum,
        "msapy": msapy,
    }


class TooSlow(Exception):
    pass


def limited(work):
    """Runs `work` for at most TIME_LIMIT seconds of this process's time."""

    def end(*_):
        raise TooSlow

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, TIME_LIMIT)
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def play_public(server, folder, seeds, budgets):
    """The public estimators' answers on a game: read, or played and kept."""
    answers = {}
    for samples in budgets:
        for seed in seeds:
            for name, estimate in public_estimators(server.players, seed).items():
                file = folder / f"{name.replace(', ', '-').replace(' ', '-')}-{samples}-{seed}.json"
                if not file.exists():
                    record = play_one(server, estimate, samples * server.players)
                    write(file, json.dumps(record).encode())
                    print(f"{folder.name}: {name} at {samples}n took {record.get('seconds', TIME_LIMIT):.1f} s", file=sys.stderr)
                answers[name, samples, seed] = json.loads(file.read_text())
    return answers


def play_one(server, estimate, evaluations):
    asked = 0
    measuring = 0.0

    def game(coalitions):
        nonlocal asked, measuring
        start = time.monotonic()
        # A request that the limit cut in two would leave the server's answer for the next one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF})
        try:
            values = server(coalitions)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})
        asked += len(values)
        measuring += time.monotonic() - start
        return values.astype(np.float64)

    start = time.monotonic()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zeta = limited(lambda: estimate(game, evaluations))
    except TooSlow:
        return {"failure": f"took more than {TIME_LIMIT} s"}
    except (ValueError, RuntimeError, IndexError) as error:
        return {"failure": f"{type(error).__name__}: {error}"}
    return {
        "zeta": [float(z) for z in zeta], "asked": asked,
        "seconds": time.monotonic() - start - measuring,
    }


def games(arguments):
    """The games to play: a trained network's layers, and phantoms."""
    result = []
    if arguments.model:
        for image in arguments.images:
            for name, tensor in RESNET_LAYERS:
                result.append(
                    Game(f"ResNet-20 {name}, image {image}", arguments.model, arguments.data, tensor, image, PREPROCESSING))
    if arguments.deep:
        image = arguments.images[0]
        for name, tensor in RESNET_LAYERS:
            deep = tensor.replace("layer1.1", "layer1.4").replace("layer2.1", "layer2.4").replace("layer3.1", "layer3.4")
            result.append(
                Game(f"ResNet-56 {name}, image {image}", arguments.deep, arguments.data, deep, image, PREPROCESSING))
    folder = arguments.made / "transformer"
    for name, block in (("early", 0), ("late", 2)):
        result.append(
            Game(f"transformer {name}", str(folder / "model.onnx"), str(folder / "stimuli.npz"),
                 f"/blocks.{block}/Add_3_output_0", 0, ("--grid", "16x1x16", "--position", "last")))
    folder = arguments.made / "glyphs"
    for tensor in ("block1", "block2"):
        result.append(Game(f"glyphs {tensor}", str(folder / "model.onnx"), str(folder / "stimuli.bin"), tensor, 0))
    for shape in ("conv", "dense"):
        folder = arguments.made / shape
        grid = json.loads((folder / "truth.json").read_text())["grid"]
        result.append(
            Game(f"analytic {shape}", str(folder / "model.onnx"), str(folder / "stimuli.npz"), "scanned", 0,
                 ("--grid", "x".join(map(str, grid))), str(folder / "truth.json")))
    return result


def truth(server, game):
    """ζ and its standard errors: exact, or unbiased from a long run of permutations with a seed of its own."""
    if game.truth:
        zeta = np.array(json.loads(pathlib.Path(game.truth).read_text())["stimuli"][game.stimulus]["shapley"])
        return zeta, np.zeros(len(zeta))
    run = server.estimate("permutation", TRUTH_SAMPLES * server.players, TRUTH_SEED)
    return np.array(run["zeta"]), np.array(run["standardError"])


def relative_error(zeta, true):
    """Σ(ζ̂ − ζ)²/Σζ², less what the truth's own errors add to both on average."""
    noise = (true[1] ** 2).sum()
    return (((np.asarray(zeta) - true[0]) ** 2).sum() - noise) / ((true[0] ** 2).sum() - noise)


def play(game, arguments):
    """(estimator, evaluations a region) -> relative error, a mean over seeds; what failed is left out and told."""
    folder = pathlib.Path(arguments.store) / game.name.replace(", ", "-").replace(" ", "-")
    server = Server(arguments.program, game, folder)
    true = truth(server, game)
    noise = (true[1] ** 2).sum() / (true[0] ** 2).sum()
    seeds = range(arguments.seeds)
    found, failures = {}, []
    for samples in arguments.budgets:
        for estimator in OURS:
            runs = [server.estimate(estimator, samples * server.players, seed) for seed in seeds]
            found[estimator, samples] = np.mean([relative_error(run["zeta"], true) for run in runs])
    answers = play_public(server, folder, seeds, arguments.budgets)
    server.close()
    for name, samples in dict.fromkeys((name, samples) for name, samples, _ in answers):
        runs = [answers[name, samples, seed] for seed in seeds]
        failed = [run["failure"] for run in runs if "failure" in run]
        if failed:
            failures.append(f"{name} on {game.name} at {samples}n: {failed[0]}")
        else:
            found[name, samples] = np.mean([relative_error(run["zeta"], true) for run in runs])
    return found, failures, noise


def held(run, true):
    """The share of regions whose 95 % interval holds ζ, the truth's own error counted."""
    error = np.hypot(run["standardError"], true[1])
    return np.mean(np.abs(np.array(run["zeta"]) - true[0]) <= 1.96 * error)


def number(value):
    return f"{value:.2g}" if abs(value) >= 0.001 or value == 0 else f"{value:.1e}"


# Below this an error is that of rounding. A ratio to rounding says nothing, so such duels have none.
EXACT = 1e-9
# A smaller ratio counts as this one in means, lest a game that is nearly exact carries them.
LEAST_RATIO = 0.01


class Duel:
    """Our most accurate estimator against the best public estimator of one game and budget."""

    def __init__(self, found, noise, samples):
        public = {name: error for (name, budget), error in found.items() if budget == samples and name not in OURS}
        self.best = min(public, key=public.get)
        self.theirs = public[self.best]
        self.ours = max(found[OURS[0], samples], noise / 10)
        self.is_exact = bool(self.ours < EXACT), bool(self.theirs < EXACT)
        self.ratio = None if any(self.is_exact) else self.ours / self.theirs

    @property
    def outcome(self):
        """-1 for a victory of ours, 0 for a draw, 1 for a defeat."""
        if any(self.is_exact):
            return self.is_exact[1] - self.is_exact[0]
        return -1 if self.ratio < 1 else 1

    def __str__(self):
        if self.ratio is None:
            return {-1: "ours exact", 0: "both exact", 1: "theirs exact"}[self.outcome]
        return f"{self.ratio:.2f}" if self.ratio >= LEAST_RATIO else f"< {LEAST_RATIO}"


def table(header, rows):
    return ["| " + " | ".join(cells) + " |" for cells in [header, ["---"] * len(header), *rows]]


def geometric_mean(ratios):
    return f"{np.exp(np.mean(np.log(ratios))):.2f}"


def tables(results, arguments):
    """The championship as Markdown."""
    duels = {
        (game, samples): Duel(found, noise, samples)
        for game, (found, _, noise) in results.items() for samples in arguments.budgets}
    lines = table(
        ["game", "evaluations", *OURS[:2], "best public", "which", "ratio"],
        [[game, f"{samples}n", number(duel.ours), number(results[game][0][OURS[1], samples]), number(duel.theirs),
          duel.best, str(duel)] for (game, samples), duel in duels.items()])
    ratios = {key: max(LEAST_RATIO, duel.ratio) for key, duel in duels.items() if duel.ratio}
    groups = {"all": ratios.keys()}
    groups |= {kind: [key for key in ratios if kind in key[0]] for kind in ("ResNet-20", "ResNet-56", "transformer", "glyphs", "analytic")}
    groups |= {f"{samples}n": [key for key in ratios if key[1] == samples] for samples in arguments.budgets}
    groups |= {game: [key for key in ratios if key[0] == game] for game in results}
    lines += ["", *table(
        ["", "geometric mean of the ratio"],
        [[name, geometric_mean([ratios[key] for key in keys])] for name, keys in groups.items() if keys])]
    worst = max(ratios, key=ratios.get)
    count = lambda outcome: sum(duel.outcome == outcome for duel in duels.values())
    lines += [
        "", f"Of {len(duels)} duels {OURS[0]} wins {count(-1)}, loses {count(1)} and draws {count(0)}, both being exact. Errors below "
        f"{EXACT:.0e} are those of rounding: there is no ratio then. In means a ratio counts as {LEAST_RATIO} at least.",
        f"The largest ratio is {ratios[worst]:.2f}, on {worst[0]} at {worst[1]}n; {sum(ratio > 0.9 for ratio in ratios.values())} of "
        f"{len(ratios)} are above 0.9.", "The bars are 0.4 for the mean and 0.9 for each game.", "",
        f"Means over seeds 0 to {arguments.seeds - 1}." if arguments.seeds > 1 else "One seed, 0.",
        f"Relative squared errors of all; the first {len(OURS)} are ours.", ""]
    names = list(dict.fromkeys(name for found, _, _ in results.values() for name, _ in found))
    lines += table(
        ["game", "evaluations", *names],
        [[game, f"{samples}n", *(number(found[name, samples]) if (name, samples) in found else "–" for name in names)]
         for game, (found, _, _) in results.items() for samples in arguments.budgets])
    failures = [failure for _, failed, _ in results.values() for failure in failed]
    if failures:
        lines += ["", "Left out: " + "; ".join(failures) + "."]
    noise = [noise for *_, noise in results.values() if noise]
    if noise:
        lines += ["", "The squared errors of the truths that aren't exact, which are taken off, are "
                  f"{number(min(noise))} to {number(max(noise))} of Σζ²."]
    return "\n".join(lines)


def mixture(one, other):
    """Two estimates, weighed by their inverse squared errors."""
    a, b = (np.sum(np.square(run["standardError"])) for run in (one, other))
    weight = b / (a + b) if a + b > 0 else 0.5
    return {"zeta": weight * np.array(one["zeta"]) + (1 - weight) * np.array(other["zeta"])}


class PlayedGradients(typing.NamedTuple):
    designs: dict[tuple[str, int], list[float]]  # Estimator and budget: the relative error under each seed.
    held: dict[int, float]  # Budget: the share of gradient's intervals that hold ζ.
    plain: float  # Seconds of a pass.
    gradient: float
    noise: float  # The truth's own relative error.
    is_taken: bool  # Whether a scan takes gradients.

    @property
    def errors(self):
        """Estimator and budget: the mean error."""
        return {key: np.mean(errors) for key, errors in self.designs.items()}


def play_gradients(game, arguments):
    """Plays gradients, values, and both mixed.

    A budget of Kn is the time of K·n plain passes; gradient passes are bought by their cost measured in this run.
    """
    folder = pathlib.Path(arguments.store) / game.name.replace(", ", "-").replace(" ", "-")
    server = Server(arguments.program, game, folder)
    true = truth(server, game)
    plain, gradient = server.cost()
    is_taken = server.takes_gradients()
    designs, coverage = {}, {}
    seeds = range(arguments.seeds)

    def values(estimator, samples, seed):
        return server.estimate(estimator, int(samples * server.players), seed)

    def gradients(samples, seed):
        return server.gradient(max(8, int(samples * server.players * plain / gradient) // 2 * 2), seed)

    for samples in GRADIENT_BUDGETS:
        runs = {"gradient": [gradients(samples, seed) for seed in seeds]}
        if samples >= 4:
            runs |= {name: [values(name, samples, seed) for seed in seeds] for name in OURS[:2]}
        if samples >= 8:
            runs["mixed"] = [
                mixture(gradients(samples / 2, seed), values(OURS[0], samples / 2, 1000 + seed)) for seed in seeds]
        for name, answers in runs.items():
            designs[name, samples] = [relative_error(run["zeta"], true) for run in answers]
        coverage[samples] = np.mean(
            [held(gradients(samples, seed), true) for seed in range(max(arguments.seeds, COVERAGE_SEEDS if samples <= 4 else 1))])
    server.close()
    return PlayedGradients(designs, coverage, plain, gradient, (true[1] ** 2).sum() / (true[0] ** 2).sum(), is_taken)


def page_errors(page):
    """(game, budget) -> {estimator: error}, from the championship's own table of all; how many seeds it is of."""
    lines = page.read_text().splitlines()
    try:
        start = next(place for place, line in enumerate(lines) if line.startswith("| game | evaluations | cubic | regression | permutation"))
    except StopIteration:
        raise SystemExit(f"{page} has no championship yet: run Scripts/benchmark-estimators without --gradients first.")
    seeds = next((re.search(r"Means over seeds 0 to (\d+)\.", line) for line in lines[:start] if line.startswith("Means over seeds")), None)
    names = [cell.strip() for cell in lines[start].strip("|").split("|")]
    result = {}
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        result[cells[0], int(cells[1][:-1])] = {
            name: float(cell) for name, cell in zip(names[2:], cells[2:]) if cell != "–"}
    return result, 1 + int(seeds[1]) if seeds else 1


def is_same_game(game, designs, errors, seeds):
    """Whether our estimators err as they did in the page's game of the name, under its seeds, to what it rounds.

    A network that is trained anew isn't the same on each kind of processor.
    """
    pairs = [(np.mean(designs[name, samples][:seeds]), theirs[name]) for (own, samples), theirs in errors.items() if own == game
             for name in OURS if (name, samples) in designs and name in theirs]
    return all(abs(ours - theirs) <= SAME_GAME * abs(theirs) + EXACT for ours, theirs in pairs)


def gradient_tables(results, public):
    rows, ratios, against_values = [], {}, []
    for game, played in results.items():
        means, noise = played.errors, played.noise
        for samples in GRADIENT_BUDGETS:
            errors = {name: means[name, samples] for name in (*OURS[:2], "gradient", "mixed") if (name, samples) in means}
            rivals = public.get((game, samples), {})
            best = min(rivals, key=rivals.get) if rivals else ""
            ours = min(errors.get("gradient", np.inf), errors.get("mixed", np.inf), errors.get("cubic", np.inf))
            if best and rivals[best] > EXACT and ours > EXACT:
                ratios[game, samples] = max(LEAST_RATIO, max(ours, noise / 10) / rivals[best])
            cells = [number(max(errors[name], noise / 10)) if name in errors else "" for name in (*OURS[:2], "gradient", "mixed")]
            rows.append([game, f"{samples}n", f"{played.gradient / played.plain:.2f}", "gradients" if played.is_taken else "values", *cells,
                         f"{played.held[samples]:.3f}",
                         f"{number(rivals[best])} ({best})" if best else "",
                         f"{ratios[game, samples]:.2f}" if (game, samples) in ratios else ""])
        if played.is_taken and ("regression", 4) in means:
            against_values.append((game, means["gradient", 1] / means["regression", 4]))
    lines = table(["game", "budget", "cost of a gradient pass", "a scan takes", *OURS[:2], "gradient", "mixed", "held", "best public", "ratio"], rows)
    lines += ["", *table(["", "geometric mean of the ratio"], [
        [name, geometric_mean([ratios[key] for key in keys])] for name, keys in (
            {"all": list(ratios)} | {game: [key for key in ratios if key[0] == game] for game in results}).items() if keys])]
    if ratios:
        worst = max(ratios, key=ratios.get)
        lines += ["", f"The largest ratio is {ratios[worst]:.2f}, on {worst[0]} at {worst[1]}n."]
    lines += ["Error at 1n by gradients over that of our regression at 4n: "
              + "; ".join(f"{game} {ratio:.2f}" for game, ratio in against_values) + "."]
    return "\n".join(lines)


def plot(results, public, path):
    """Error against the seconds of passes, a panel a game."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "nn-fmri"
    import matplotlib.pyplot as pyplot

    shown = {name: game for name, game in results.items() if any(key[0] == name for key in public)}
    columns = 3
    figure, axes = pyplot.subplots(-(-len(shown) // columns), columns, figsize=(11, 2.7 * -(-len(shown) // columns)), squeeze=False)
    for panel in axes.flat[len(shown):]:
        panel.axis("off")
    for panel, (game, played) in zip(axes.flat, shown.items()):
        players, plain = 256, played.plain
        rivals = sorted({name for (other, _), errors in public.items() if other == game for name in errors})
        for name in rivals:
            points = [(samples * players * plain, errors[name]) for (other, samples), errors in sorted(public.items())
                      if other == game and name in errors]
            panel.loglog(*zip(*points), color="0.7", linewidth=0.8, marker=".", markersize=3,
                         label="public estimators" if name == rivals[0] else None)
        for name, style in (("cubic", "C0"), ("gradient", "C1"), ("mixed", "C2")):
            points = [(samples * players * plain, max(error, played.noise / 10)) for (own, samples), error in sorted(
                played.errors.items(), key=lambda item: item[0][1]) if own == name]
            panel.loglog(*zip(*points), style, marker="o", markersize=3, linewidth=1.2, label=name)
        panel.set_title(game, fontsize=9)
        panel.tick_params(labelsize=7)
    axes[0][0].legend(fontsize=7)
    for panel in axes[-1]:
        panel.set_xlabel("seconds of passes", fontsize=8)
    for row in axes:
        row[0].set_ylabel("relative squared error", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True, help="nnfmri-benchmark")
    parser.add_argument("--store", required=True, help="folder of what was played")
    parser.add_argument("--made", type=pathlib.Path, required=True, help="folder with glyphs, conv, dense and transformer")
    parser.add_argument("--model", help="the ResNet-20; without it only phantoms are played")
    parser.add_argument("--data", help="its images")
    parser.add_argument("--images", type=int, nargs="+", default=[12, 101])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--budgets", type=int, nargs="+", default=BUDGETS)
    parser.add_argument("--deep", help="the ResNet-56, under the first of the images")
    parser.add_argument("--gradients", type=pathlib.Path, metavar="PAGE", help="play gradients against what PAGE has of the others")
    parser.add_argument("--plot", help="with --gradients: where the plot goes")
    arguments = parser.parse_args()
    if arguments.gradients:
        errors, seeds = page_errors(arguments.gradients)
        results = {}
        for game in games(arguments):
            results[game.name] = play_gradients(game, arguments)
            print(f"{game.name}: played", file=sys.stderr)
        others = [] if seeds > arguments.seeds else [
            game for game, played in results.items() if not is_same_game(game, played.designs, errors, seeds)]
        public = {(game, samples): {name: error for name, error in theirs.items() if name not in OURS}
                  for (game, samples), theirs in errors.items() if game not in others}
        print(gradient_tables(results, public))
        print(f"\nErrors of ours are means over seeds 0 to {arguments.seeds - 1}, public ones over as many as [{arguments.gradients.name}]"
              f"({arguments.gradients.name}) has: {seeds}.")
        if others:
            print(f"\nWithout public errors: {'; '.join(others)}. Our estimators err otherwise there than in "
                  f"[{arguments.gradients.name}]({arguments.gradients.name}), so it is another network, trained on another kind of processor.")
        if arguments.plot:
            plot(results, public, arguments.plot)
        return
    results = {game.name: play(game, arguments) for game in games(arguments)}
    print(tables(results, arguments))


if __name__ == "__main__":
    main()
