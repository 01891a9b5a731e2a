"""Holds what was expected of CIFAR-10 against what was measured, and writes Docs/cifar10.md. Run by Scripts/study-cifar10."""
import argparse
import json
import pathlib
import re

import numpy
from scipy import stats

import study_figures as figures
from scan_reading import Scan, bootstrap, jackknife, student, table, wilson
from study_lesions import LesionedLayer, as_central

PAGE = pathlib.Path("Docs/cifar10.md")
TITLES = {"resnet20": "ResNet-20", "resnet32": "ResNet-32", "resnet56": "ResNet-56"}
RANDOM_SETS = 20
HELD_OUT = 512


class Claim:
    """An expectation with what was measured of it. - `instead`: what was seen where it doesn't hold."""

    def __init__(self, name, expected, measured, verdict, figure, text="", instead=""):
        self.name, self.expected, self.measured, self.verdict = name, expected, measured, verdict
        self.figure, self.text, self.instead = figure, text, instead

    @property
    def row(self):
        return [self.name, self.expected, self.measured, f"**{self.verdict}**"]

    @property
    def section(self):
        seen = f"*Seen instead:* {self.instead}\n\n" if self.verdict == "fail" and self.instead else ""
        return f"### {self.name}\n\n{seen}{self.text}\n\n{self.figure}\n"


def verdict(passes):
    return "pass" if passes else "fail"


def number(value, digits=2):
    return f"{value:.{digits}f}"


def spread(triple, digits=2, factor=1, unit=""):
    value, low, high = (factor * part for part in triple)
    return f"{value:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


class Study:
    def __init__(self, arguments):
        self.kept, self.models = pathlib.Path(arguments.kept), pathlib.Path(arguments.models)
        self.stimuli = arguments.stimuli
        self.networks = [name for name in TITLES if (self.kept / f"{name}-b.time").exists()]
        self.a = {name: Scan(self.kept / f"{name}-a") for name in self.networks}
        self.b = {name: Scan(self.kept / f"{name}-b") for name in self.networks}
        counts = {name: scan.measured["plan"]["stimulusCount"] for name, scan in self.a.items()}
        self.most = max(counts.values())
        # Where networks were scanned under different numbers of images, the numbers in their order.
        self.images = " and ".join(dict.fromkeys(str(count) for count in counts.values()))
        self.random = numpy.random.default_rng(0)

    def took(self, name):
        return json.loads((self.kept / f"{name}.time").read_text())

    def thirds(self, layers):
        """The layers of the first and of the last third."""
        count = max(1, len(layers) // 3)
        return layers[:count], layers[-count:]

    def layers_of(self, measure):
        """By network: a measure of every layer of the first image set. - `measure`: (scan, layer) -> (value, low, high)."""
        return {TITLES[name]: [measure(scan, layer) for layer in scan.layers] for name, scan in self.a.items()}

    # The claims, in the order of the plan.

    def spatial_variance(self):
        def variation(scan, layer, stimuli=slice(None)):
            rows, columns, groups = scan.grid(layer)
            cells = scan.activity(layer)[stimuli].reshape(-1, rows * columns, groups)
            return (cells.std(1) / cells.mean(1)).mean(1)

        points = self.layers_of(lambda scan, layer: student(variation(scan, layer)))
        found = {}
        for name, scan in self.a.items():
            early, late = self.thirds(scan.layers)
            mean = lambda layers: numpy.mean([variation(scan, layer) for layer in layers], axis=0)
            found[name] = student(mean(early) - mean(late)), mean(early).mean(), mean(late).mean()
        figures.by_layer(
            "spatial-variance", "How unevenly activity lies over the cells of an image", "sd / mean over cells", points)
        return Claim(
            "Activity varies most over space in early layers", "early > late",
            "; ".join(f"{TITLES[name]}: {early:.2f} early, {late:.2f} late, difference {spread(difference)}"
                      for name, (difference, early, late) in found.items()),
            verdict(all(difference[1] > 0 for difference, *_ in found.values())),
            figures.shown("spatial-variance", "sd over mean of the cells' activity, by layer"),
            "Of each image: the standard deviation of mean |a| over the cells of a layer as a share of its mean, in each group of channels, and the mean "
            "of the groups. Early and late are the first and the last third of the scanned layers. Bands are 95 % intervals over images.",
            "; ".join(f"in {name} it is {min(own)[0]:.2f} to {max(own)[0]:.2f} by layer, least in {self.a_layer(name, own, min)} and most in "
                      f"{self.a_layer(name, own)}" for name, own in points.items()) + ".")

    def concentration(self):
        def share(a, b, layer):
            """Of the second set's effect, what the first set's top tenth of the regions hold."""
            order = numpy.argsort(-a.regions(layer, "zeta"))
            top = order[:max(1, round(0.1 * len(order)))]
            zeta = b.zeta(layer)
            statistic = lambda stimuli: zeta[stimuli][:, top].sum() / zeta[stimuli].sum()
            return bootstrap(statistic, len(zeta))

        points = {TITLES[name]: [share(self.a[name], self.b[name], layer) for layer in self.a[name].layers] for name in self.networks}
        rows = []
        for name in self.networks:
            early, late = self.thirds(points[TITLES[name]])
            rows.append((name, numpy.mean([p[0] for p in early]), numpy.mean([p[0] for p in late]),
                         numpy.mean([p[1] for p in late]), numpy.mean([p[2] for p in early])))
        figures.by_layer(
            "concentration", "What the best tenth of the regions holds of the effect on other images", "share of the effect", points,
            low=0.1)
        return Claim(
            "Importance is concentrated in few regions in deep layers", "deep > early",
            "; ".join(f"{TITLES[name]}: the top tenth holds {100 * late:.0f} % in deep, {100 * early:.0f} % in early layers"
                      for name, early, late, *_ in rows),
            verdict(all(low > high for *_, low, high in rows)),
            figures.shown("concentration", "share of the effect that the top tenth of the regions holds, by layer"),
            "Regions are ranked by the first image set, and what the top tenth of them holds of the sum of ζ is measured on the second, so "
            "that noise can't look like concentration. Evenly spread it would be 10 %, the dashed line. It passes where the interval of the last "
            "third lies above that of the first.",
            "; ".join(
                f"in {name} most concentrated is {self.a_layer(name, own)}, where the top tenth holds {spread(max(own), 0, 100, ' %')}, and least "
                f"{self.a_layer(name, own, min)} with {spread(min(own), 0, 100, ' %')}" for name, own in points.items()) + ".")

    def output_structure(self):
        def moran(map):
            """Moran's I of a map with its neighbours above, below, left and right."""
            centred = map - map.mean()
            products = (centred[1:] * centred[:-1]).sum() + (centred[:, 1:] * centred[:, :-1]).sum()
            pairs = centred[1:].size + centred[:, 1:].size
            return products / pairs / (centred ** 2).mean()

        def structure(scan, layer):
            rows, columns, groups = scan.grid(layer)
            zeta = scan.zeta(layer).reshape(-1, rows, columns, groups).sum(3)
            return jackknife(lambda stimuli: moran(zeta[stimuli].mean(0)), len(zeta))

        points = self.layers_of(structure)
        last = {name: points[TITLES[name]][-1] for name in self.networks}
        first = {name: points[TITLES[name]][0] for name in self.networks}
        figures.by_layer("structure", "How alike neighbouring cells are in ζ", "Moran's I", points, low=0)
        return Claim(
            "There is little spatial structure near the output", "Moran's I of the last layer below 0.2",
            "; ".join(f"{TITLES[name]}: {spread(last[name])}, first layer {number(first[name][0])}" for name in self.networks),
            verdict(all(high < 0.2 for *_, high in last.values())),
            figures.shown("structure", "Moran's I of the mean map of ζ, by layer"),
            "Moran's I of the mean ζ of all images over the cells, channels added up: 0 where neighbours are strangers, 1 where they are "
            "alike. The last scanned layer still has 8 x 8 places; behind it the mean over places takes them away.",
            "; ".join(f"in {name} neighbours are alike in every layer, by {number(min(own)[0])} ({self.a_layer(name, own, min)}) to "
                      f"{number(max(own)[0])} ({self.a_layer(name, own)})" for name, own in points.items()) + ".")

    def active(self):
        def coverage(scan, layer):
            activity = scan.activity(layer)
            units = numpy.ones(activity.shape[1])
            share = lambda mean: (mean >= 0.05 * (mean * units).sum() / units.sum()).mean()
            return bootstrap(lambda stimuli: share(activity[stimuli].mean(0)), len(activity), draws=300)

        points = self.layers_of(coverage)
        least = {name: min(points[TITLES[name]], key=lambda point: point[0]) for name in self.networks}
        figures.by_layer("active", "Regions that are active", "share of regions", points, low=0.8)
        return Claim(
            "Over 80 % of the regions are active", "> 80 % in every layer",
            "; ".join(f"{TITLES[name]}: least layer {spread(least[name], 1, 100, ' %')}" for name in self.networks),
            verdict(all(low > 0.8 for _, low, _ in least.values())),
            figures.shown("active", "share of active regions, by layer"),
            "A region is active if its mean |a| is at least 5 % of the layer's.")

    def scores(self):
        values = {
            TITLES[name]: numpy.concatenate([scan.regions(layer, "zeta_score").astype(float) for layer in scan.layers])
            for name, scan in self.a.items()}
        # Layers with a negative effect have no scores.
        values = {name: own[numpy.isfinite(own)] for name, own in values.items()}
        within = {name: wilson(((own >= -2) & (own <= 8)).sum(), len(own)) for name, own in values.items()}
        figures.histogram("scores", "ζ scores of all regions", "share of the layer's effect, %", values, low=-2, high=8)
        return Claim(
            "ζ scores lie between about −2 and 8 %", "nearly all, say 99 %",
            "; ".join(f"{name}: {spread(within[name], 1, 100, ' %')} within, from {own.min():.1f} to {own.max():.1f} %"
                      for name, own in values.items()),
            verdict(all(low > 0.99 for _, low, _ in within.values())),
            figures.shown("scores", "histogram of ζ scores"),
            "The scores of the first image set. With 256 regions a layer the mean score is 100 / 256 = 0.4 % by definition, so the upper end "
            "of the expected range is that of a coarser grid.")

    def critical(self):
        def share(scan, layer):
            flags = scan.regions(layer, "critical")
            return wilson(flags.sum(), len(flags))

        points = self.layers_of(share)
        within = {name: [0.1 <= value <= 0.2 for value, *_ in own] for name, own in points.items()}
        overall = {TITLES[name]: student([share(scan, layer)[0] for layer in scan.layers]) for name, scan in self.a.items()}
        figures.by_layer("critical", f"Critical regions with {self.images} images", "share of regions", points, low=0.1, high=0.2)
        return Claim(
            "10 to 20 % of the regions are critical", "10 to 20 % in every layer",
            "; ".join(f"{name}: {sum(own)} of {len(own)} layers, mean {spread(overall[name], 1, 100, ' %')}" for name, own in within.items()),
            verdict(all(all(own) for own in within.values())),
            figures.shown("critical", "share of critical regions, by layer"),
            f"Critical: significantly above 0 at a false discovery rate of 5 % across {self.images} images, and among the largest. The share grows "
            "with the number of images, so it says as much of the scan as of the network.",
            "; ".join(f"in {name} the share is {100 * min(own)[0]:.0f} to {100 * max(own)[0]:.0f} %, largest in {self.a_layer(name, own)}"
                      for name, own in points.items()) + ".")

    def cost(self):
        took = {name: self.took(f"{name}-a") for name in self.networks}
        alone = {name: own["processor_seconds"] / 2 for name, own in took.items()}
        figures.bars(
            "cost", "Seconds of each of two processors for a scan", "s",
            {TITLES[name]: (own, own, own) for name, own in alone.items()}, high=120)
        return Claim(
            "A scan takes under 2 minutes and 100 MB", "< 120 s, < 100 MB a rank",
            "; ".join(
                f"{TITLES[name]}: {alone[name]:.0f} s of each of two processors ({own['seconds']:.0f} s on the clock at a load of {own['load']:.0f}), "
                f"{own['largest_megabytes']:.0f} MB" for name, own in took.items()),
            verdict(all(alone[name] < 120 and own["largest_megabytes"] < 100 for name, own in took.items())),
            figures.shown("cost", "processor seconds of a scan"),
            f"{self.images} images, {', '.join(str(len(scan.layers)) for scan in self.a.values())} layers of 256 regions, two ranks. Other work shared the "
            "processors, so their time is what the scan takes where nothing does. Memory is the larger rank's.",
            "; ".join(f"{TITLES[name]} takes {alone[name]:.0f} s and {own['largest_megabytes']:.0f} MB" for name, own in took.items())
            + ".")

    def detection(self):
        text = "".join(file.read_text() for file in sorted(self.kept.glob("phantom-*.txt")))
        found = [[int(part) for part in match] for match in re.findall(
            r"Phantom, layer_(\d+): (\d+) of (\d+) planted cells found, \d+ missed, (\d+) of (\d+) critical regions false", text)]
        hits, planted = sum(row[1] for row in found), sum(row[2] for row in found)
        false, critical = sum(row[3] for row in found), sum(row[4] for row in found)
        replicated = {}
        for name in self.networks:
            again = [(self.b[name].regions(layer, "significance")[self.a[name].regions(layer, "critical")]) for layer in self.a[name].layers]
            again = numpy.concatenate(again)
            replicated[TITLES[name]] = wilson(again.sum(), len(again))
        share = wilson(hits, planted)
        figures.bars(
            "detection", "Regions that are known to matter, found", "share",
            {"planted in phantoms": share} | {f"{name}: / critical again": own for name, own in replicated.items()}, low=0.9)
        return Claim(
            "Over 90 % of the impacts are detected", "> 90 % of what is known to matter",
            f"phantoms: {hits} of {planted} planted cells ({100 * share[1]:.0f} to {100 * share[2]:.0f} %), {false} of {critical} critical regions false; "
            + "; ".join(f"{name}: {spread(own, 0, 100, ' %')} of the critical regions are significant in other images"
                        for name, own in replicated.items()),
            verdict(share[1] > 0.9), figures.shown("detection", "shares of planted cells found and of critical regions found again"),
            "Of real networks nobody knows what matters, so the count is of the built-in phantom with four seeds, whose glyphs' places are known; beside it "
            "how many critical regions of the first image set are significant in the second.",
            f"the share found is {100 * share[0]:.0f} %, and an interval from {100 * share[1]:.0f} % doesn't show that it is above 90 %.")

    def consistency(self):
        page = pathlib.Path("Docs/validation.md").read_text()
        planted = re.search(r"\| planted \| \d+ \| consistency \| ([\d.]+) \| ([\d.]+) to ([\d.]+)", page)
        movie = tuple(float(part) for part in planted.groups())
        def said(quantity):
            found = re.search(rf"\| planted \| \d* ?\| {quantity} \| ([-\d.]+) ", page)
            return found.group(1) if found else "not measured"

        states, flags, raw, clean = (said(quantity) for quantity in ("agreement", "coherence", "ρ_γζ", "ρ_γζ without noise"))
        found = json.loads((self.kept / "stream/consistency.json").read_text())["consistency"]
        score = found["score"]
        stream, chance = (score["value"], *score["confidence_interval"]), score["by_chance"]
        figures.bars(
            "consistency", "How far rhythm and place agree", "consistency",
            {"planted movie": movie, "CIFAR-10 images / in the order of their file": stream, "their chance": (chance,) * 3}, low=0.8)
        return Claim(
            "Rhythm and place are consistent to over 80 %", "> 0.8 for a stream with a rhythm; CIFAR-10 has none, so chance there",
            f"planted movie {spread(movie)}; CIFAR-10 as a stream {spread(stream)}, by chance {number(chance)}",
            verdict(movie[1] > 0.8), figures.shown("consistency", "consistency of a movie and of CIFAR-10"),
            "CIFAR-10's images have no order in time, so nothing but chance should be found in them; the movie's numbers are those of "
            "[validation.md](validation.md).",
            f"in the movie states agree in {states} of the pairs of layer and window and anomaly flags by {flags}; what is missing is the "
            f"correlation of γ's power with ζ, {raw} (without noise in either picture: {clean}). The movie's fast flicker "
            "is in β as often as in γ, corrupted frames have much γ and little ζ, and the deepest layer makes γ of slow flicker; "
            "[validation.md](validation.md#streams) has the numbers.")

    def a_layer(self, title, points, most=max):
        """The name of the layer whose point is the largest, or the least."""
        scan = next(scan for name, scan in self.a.items() if TITLES[name] == title)
        return scan.short(scan.layers[points.index(most(points))])

    def monitoring(self):
        rates = {}
        for name, scan in self.a.items():
            summary = scan.summary
            seconds = summary["timings_seconds"]["observing stimuli"] / scan.measured["plan"]["stimulusCount"] * summary["ranks"]
            rates[TITLES[name]] = 1 / seconds
        figures.bars(
            "monitoring", "Images a second and rank whose regions' densities are measured", "images / s",
            {name: (rate,) * 3 for name, rate in rates.items()}, low=30)
        return Claim(
            "Monitoring keeps up with a camera", "> 30 images a second",
            "; ".join(f"{name}: {rate:.0f} a second and rank" for name, rate in rates.items()),
            verdict(all(rate > 30 for rate in rates.values())), figures.shown("monitoring", "images a second"),
            "The rate at which a scan observes stimuli: one forward pass, and the densities of all regions of all scanned layers.")

    # What lesions in PyTorch tell.

    def layer(self, network, scan, name):
        return LesionedLayer(str(self.models / f"{network}.onnx"), scan.tensor(name), scan.grid(name))

    def central(self):
        """Critical regions against random ones, and against random ones that are as central, on the second image set."""
        rows, bars = [], {}
        network = "resnet20"
        a, b = self.a[network], self.b[network]
        images, _ = b.images(self.stimuli)
        better = []
        for name in (a.layers[0], a.layers[len(a.layers) // 2], a.layers[-1]):
            layer = self.layer(network, a, name)
            activations = layer.activations(images)
            intact = layer.scores(activations, [])
            answer = intact.argmax(1)
            everyone = numpy.arange(len(answer))
            critical = numpy.flatnonzero(a.regions(name, "critical"))
            effect = (intact - layer.scores(activations, numpy.arange(len(a.regions(name, "zeta")))))[everyone, answer].mean()

            def lost(regions):
                scores = layer.scores(activations, regions)
                return (intact - scores)[everyone, answer] / effect, (scores.argmax(1) != answer).astype(float)

            own = lost(critical)
            grid = a.grid(name)
            draws = {
                "as central": [lost(as_central(critical, grid, self.random)) for _ in range(RANDOM_SETS)],
                "anywhere": [lost(self.random.choice(numpy.prod(grid), len(critical), replace=False)) for _ in range(RANDOM_SETS)]}
            mean = {kind: [numpy.mean([draw[which] for draw in sets], axis=0) for which in (0, 1)] for kind, sets in draws.items()}
            difference = student(own[0] - mean["as central"][0])
            better.append(difference[1] > 0)
            rows.append([
                f"{name}: {a.short(name)}", len(critical), spread(student(own[0])), spread(student(mean["as central"][0])),
                spread(student(mean["anywhere"][0])), spread(difference),
                f"{100 * own[1].mean():.0f} %, {100 * mean['as central'][1].mean():.0f} %, {100 * mean['anywhere'][1].mean():.0f} %"])
            bars |= {f"{name} / critical": student(own[0]), f"{name} / as central": student(mean["as central"][0])}
        figures.bars("central", "What lesions of as many regions take of the effect, other images", "share of the effect", bars)
        self.central_table = table(
            ["layer", "regions", "critical", "random, as central", "random, anywhere", "critical − as central", "flips"], rows)
        return Claim(
            "Critical regions are more than the middle of the image", "they take more than random regions as central",
            "; ".join(f"{row[0]}: {row[2]} of the effect, as central {row[3]}" for row in rows), verdict(all(better)),
            figures.shown("central", "effect of lesions of critical and of equally central regions"),
            f"ResNet-20: the first image set's critical regions are lesioned all at once under the second set, and {RANDOM_SETS} random sets of as many "
            f"regions at the same distances from the middle.\n\n{self.central_table}")

    def errors(self):
        """Lesions of what speaks most for a wrong answer."""
        scan = Scan(self.kept / "wrong")
        images, labels = scan.images(self.stimuli)
        name = scan.layers[-1]
        layer = self.layer("resnet20", scan, name)
        activations = layer.activations(images)
        rows, columns, groups = scan.grid(name)
        places = scan.zeta(name).reshape(-1, rows * columns, groups).sum(2)
        regions = lambda cells: (numpy.asarray(cells)[:, None] * groups + numpy.arange(groups)).ravel()
        right = lambda chosen: layer.scores(activations, chosen).argmax(1) == labels
        own = right([regions(numpy.argsort(place)[:4]) for place in places])
        pooled = right(regions(numpy.argsort(places.mean(0))[:4]))
        chance = numpy.mean([
            right([regions(self.random.choice(rows * columns, 4, replace=False)) for _ in places]) for _ in range(RANDOM_SETS)], axis=0)
        count = len(labels)
        blamed, shared, drawn = (wilson(chosen.sum(), count) for chosen in (own, pooled, chance))
        bars = {"its own four / most negative places": blamed, "the mean map's": shared, "four random ones": drawn}
        figures.bars("errors", "Misclassified images that are right with four places lesioned", "share", bars)
        return Claim(
            "Errors can be analysed", "lesions of what ζ blames correct more errors than random ones",
            f"of {count} misclassified images: {spread(blamed, 0, 100, ' %')} are right without their own four worst places, "
            f"{spread(shared, 0, 100, ' %')} without the mean map's, {spread(drawn, 0, 100, ' %')} without random ones",
            verdict(blamed[1] > drawn[2]),
            figures.shown("errors", "errors corrected by lesions"),
            f"ResNet-20, {scan.short(name)}, v the margin of the label over the strongest other class; a place is one of {rows * columns} cells with all its "
            "channels. The map and the lesion are of the same image: this shows that the blame is right, not that other images would be corrected.")

    def pruning(self):
        """Channels lesioned by several rankings, on images that none of them saw."""
        scan = Scan(self.kept / "channels")
        name = scan.layers[0]
        layer = self.layer("resnet20", scan, name)
        images, labels = scan.images(self.stimuli, list(range(2 * self.most, 2 * self.most + HELD_OUT)))
        activations = layer.activations(images)
        right = lambda chosen: layer.scores(activations, chosen).argmax(1) == labels
        zeta, density = scan.zeta(name), scan.activity(name).mean(0)
        channels = zeta.shape[1]
        removed = channels // 4
        least = lambda score: numpy.argsort(score)[:removed]
        chance = numpy.mean([right(self.random.choice(channels, removed, replace=False)) for _ in range(RANDOM_SETS)], axis=0)
        found = {
            "none": right([]), "least mean / magnitude of ζ": right(least(numpy.abs(zeta).mean(0))),
            "least mean ζ": right(least(zeta.mean(0))), "least activity": right(least(density)), "random": chance}
        bars = {label: wilson(own.sum(), len(own)) for label, own in found.items()}
        difference = student(found["least mean / magnitude of ζ"].astype(float) - chance)
        figures.bars("pruning", f"Accuracy with {removed} of {channels} channels lesioned, {HELD_OUT} other images", "accuracy", bars)
        return Claim(
            "Maps guide pruning", "more accuracy is left than with random channels removed",
            "; ".join(f"{label.replace(' / ', ' ')}: {spread(own, 0, 100, ' %')}" for label, own in bars.items()),
            verdict(difference[1] > 0), figures.shown("pruning", "accuracy after channels are lesioned"),
            f"ResNet-20, {scan.short(name)}, a region a channel; {removed} of {channels} channels at 0 without training anew. Against random channels the magnitude of ζ "
            f"keeps {spread(difference, 0, 100, ' points')} more.")

    # Tables beside the claims.

    def repeatability(self):
        rows = []
        for name in self.networks:
            a, b = self.a[name], self.b[name]
            for layer in a.layers:
                x, y = a.regions(layer, "zeta"), b.regions(layer, "zeta")
                first, second = a.regions(layer, "critical"), b.regions(layer, "critical")
                both = 2 * (first & second).sum() / max(1, first.sum() + second.sum())
                rows.append([
                    TITLES[name], f"{layer}: {a.short(layer)}", self.correlation(x, y), number(stats.spearmanr(x, y)[0]),
                    f"{first.sum()}, {second.sum()}", number(both)])
        return table(["network", "layer", "r of mean ζ", "ρ", "critical", "Dice of critical"], rows)

    @staticmethod
    def correlation(x, y):
        found = stats.pearsonr(x, y)
        interval = found.confidence_interval()
        return spread((found[0], interval.low, interval.high))

    def between_networks(self):
        """Mean maps over places of layers at the same relative depth."""
        if len(self.networks) < 2:
            return "Only one network was given."
        rows = []
        first = self.networks[0]
        cells = lambda scan, layer: scan.regions(layer, "zeta").reshape(-1, scan.grid(layer)[2]).sum(1)
        for other in self.networks[1:]:
            a, b = self.a[first], self.a[other]
            for place, layer in enumerate(a.layers):
                twin = b.layers[round(place / max(1, len(a.layers) - 1) * (len(b.layers) - 1))]
                if a.grid(layer)[:2] == b.grid(twin)[:2]:
                    rows.append([
                        f"{TITLES[first]} {a.short(layer)}", f"{TITLES[other]} {b.short(twin)}", self.correlation(cells(a, layer), cells(b, twin))])
        return table(["layer", "layer at the same depth", "r over the cells"], rows)

    def importance(self):
        rows = []
        for name, scan in self.a.items():
            images, _ = scan.images(self.stimuli)
            for layer in scan.layers:
                lesioned = self.layer(name, scan, layer)
                activations = lesioned.activations(images)
                intact = lesioned.scores(activations, []).argmax(1)
                count = len(scan.regions(layer, "zeta"))
                everything = lesioned.scores(activations, numpy.arange(count))
                changed = (everything.argmax(1) != intact).mean()
                probability = numpy.exp(everything - everything.max(1, keepdims=True))
                probability /= probability.sum(1, keepdims=True)
                flags = scan.regions(layer, "critical")
                rows.append([
                    TITLES[name], f"{layer}: {scan.short(layer)}", number(scan.impact[layer]["effect"], 1), f"{100 * changed:.0f} %",
                    f"{everything[0].argmax()} at {probability[0].max():.2f}", f"{100 * flags.mean():.0f} %",
                    number(scan.regions(layer, "zeta_score").astype(float).max(), 1)])
        effects, shares = [float(row[2]) for row in rows], [float(row[5].rstrip(" %")) for row in rows]
        rho = stats.spearmanr(effects, shares)
        return table(
            ["network", "layer", "effect", "answers lost", "answer with nothing left", "critical", "largest score, %"], rows), rho

    def write(self):
        claims = [
            self.spatial_variance(), self.concentration(), self.output_structure(), self.active(), self.scores(), self.critical(), self.cost(),
            self.detection(), self.consistency(), self.monitoring(), self.errors(), self.pruning(), self.central()]
        importance, rho = self.importance()
        passed = sum(claim.verdict == "pass" for claim in claims)
        names = ", ".join(TITLES[name] for name in self.networks)
        sections = "\n".join(claim.section for claim in claims)
        PAGE.write_text(f"""# CIFAR-10: what was expected, and what was measured

Written by `Scripts/study-cifar10`: {names}, scanned by default options under {self.images} images and again under as many others.
{passed} of {len(claims)} expectations hold. Intervals are of 95 %: over images (Student's, bootstrap or jackknife), of shares Wilson's. Where several
networks are named, all of them must meet it. Grey bands and dashed lines in figures are what was expected.

{table(["expectation", "as a number", "measured", "verdict"], [claim.row for claim in claims])}

A comparison with Grad-CAM, SHAP and others is in [comparison.md](comparison.md).

## The expectations

{sections}
## Between image sets

Mean ζ of the same regions under the first and the second image set.

{self.repeatability()}

## Between networks

Mean ζ over places, channels added up, of layers at the same relative depth: channels of different networks have nothing to do with
each other.

{self.between_networks()}

## Layers

*Effect*: mean of v with nothing lesioned less v with everything. *Answers lost*: images whose answer changes when the whole layer is
lesioned. *Answer with nothing left*: the class, and its probability, that the network answers then. Effect and share of critical regions
go together by Spearman's ρ = {rho[0]:.2f} (p = {rho[1]:.2f}, {len(importance.splitlines()) - 2} layers): how much a layer's loss costs doesn't tell how its regions share it.

{importance}
""")


def main():
    parser = argparse.ArgumentParser()
    for name in ("kept", "stimuli", "models"):
        parser.add_argument(f"--{name}", required=True)
    Study(parser.parse_args()).write()


if __name__ == "__main__":
    main()
