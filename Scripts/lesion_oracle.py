"""Measures values of lesioned networks again, from a scan's files and the network's, with onnx and onnxruntime alone.

Nothing of the scanner is used: regions follow from the layout, the grid and the table of Docs/method.md, coalitions from the
seed and the description of the design there, and the network is cut here. Every pass runs one stimulus at a time.
"""
import csv
import json
import math
import os

import numpy
import onnx
import onnxruntime
from onnx import helper

onnxruntime.set_default_logger_severity(3)


# Random numbers: Philox4x32-10 (Salmon et al., SC 2011), keyed by the seed, counted by (purpose, block, index).

def philox(counter, key):
    x, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * x[0], 0xCD9E8D57 * x[2]
        x = [b >> 32 ^ x[1] ^ k[0], b & 0xFFFFFFFF, a >> 32 ^ x[3] ^ k[1], a & 0xFFFFFFFF]
        k = [k[0] + 0x9E3779B9 & 0xFFFFFFFF, k[1] + 0xBB67AE85 & 0xFFFFFFFF]
    return x


class Stream:
    DERIVED_SEED, NAIVE = 1, 2

    def __init__(self, seed, purpose, index):
        self.key, self.words, self.block = (seed & 0xFFFFFFFF, seed >> 32), [], 0
        self.purpose, self.index = purpose, (index & 0xFFFFFFFF, index >> 32)

    def word(self):
        if not self.words:
            self.words = philox((self.purpose, self.block) + self.index, self.key)
            self.block += 1
        return self.words.pop(0)

    def below(self, bound):
        """Uniform on 0..<bound: Lemire 2019."""
        product = self.word() * bound
        while product & 0xFFFFFFFF < 2**32 % bound:
            product = self.word() * bound
        return product >> 32

    def subset(self, count, size):
        """Floyd's method on the smaller of the subset and what it leaves."""
        drawn, chosen = min(size, count - size), set()
        for last in range(count - drawn, count):
            candidate = self.below(last + 1)
            chosen.add(last if candidate in chosen else candidate)
        return chosen if drawn == size else set(range(count)) - chosen


def coalition(design, seed, layer, stimulus, row):
    """The regions that a row of a design leaves intact."""
    players = design["regions"]
    if row < 2:
        return set(range(players)) if row == 0 else set()
    if design["design"] == "all_coalitions":
        return {player for player in range(players) if row - 1 >> player & 1}
    if design["design"] == "single_lesions":
        return set(range(players)) - {row - 2}
    assert design["design"] == "single_regions", design["design"]
    low = Stream(seed, Stream.DERIVED_SEED, layer << 32 | stimulus)
    words = low.word(), low.word()
    pair = (row - 2) // 2
    stream, player = Stream(words[1] << 32 | words[0], Stream.NAIVE, pair), pair % players
    others = stream.subset(players - 1, stream.below(players))
    intact = {other if other < player else other + 1 for other in others}
    return intact | {player} if row % 2 else intact


# Regions.

def axes(layout, shape):
    """Which axes of a stimulus's activation are height, width and channels."""
    names = layout.split(",")[1:]
    long = [axis for axis, length in enumerate(shape) if length > 1]
    if len(names) == 1:
        return [], [], [0]
    channels = [axis for axis, name in enumerate(names) if name == "C"]
    channels = channels or [axis for axis, name in enumerate(names) if name == "head"]
    if not channels and len(long) <= 1:
        channels = [len(names) - 1]
    others = [axis for axis in range(len(names)) if axis not in channels]
    width = [axis for axis in others if names[axis] in ("W", "head", "direction")]
    if not width and len([axis for axis in others if shape[axis] > 1]) > 1:
        width = others[-1:]
    return [axis for axis in others if axis not in width], width, channels


def region_numbers(layout, shape, grid):
    """The region of each unit, by ⌊place · cells / length⌋ along height, width and channels."""
    places = numpy.indices(shape)
    number = numpy.zeros(shape, int)
    for group, cells in zip(axes(layout, shape), grid):
        place, length = numpy.zeros(shape, int), 1
        for axis in group:
            place = place * shape[axis] + places[axis]
            length *= shape[axis]
        number = number * cells + place * cells // length
    return number


# Networks.

def subgraphs(node):
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def reads(node):
    """All tensors that a node reads, those that its subgraphs capture too."""
    names = [name for name in node.input if name]
    for graph in subgraphs(node):
        made = {name for inner in graph.node for name in inner.output}
        made |= {value.name for value in graph.input} | {value.name for value in graph.initializer}
        captured = [name for inner in graph.node for name in reads(inner)] + [value.name for value in graph.output]
        names += [name for name in captured if name not in made]
    return names


def session(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def reading(model, outputs):
    """The same model with other outputs, of whatever types they have."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in outputs)
    return copy


def sorted_nodes(graph):
    """In an order in which each node comes after what it reads."""
    known = {value.name for value in graph.input} | {value.name for value in graph.initializer}
    known |= {value.values.name for value in graph.sparse_initializer}
    waiting, done = [(node, reads(node)) for node in graph.node], []
    while waiting:
        later = []
        for node, names in waiting:
            if all(name in known for name in names):
                known.update(node.output)
                done.append(node)
            else:
                later.append((node, names))
        if len(later) == len(waiting):
            raise ValueError("the graph has a cycle")
        waiting = later
    return done


def with_branches_inlined(model, feed):
    """The model with each If of its main graph replaced by the branch that a stimulus takes."""
    model = reading(model, [value.name for value in model.graph.output])
    while True:
        place, node = next(((p, n) for p, n in enumerate(model.graph.node) if n.op_type == "If"), (None, None))
        if node is None:
            return model
        taken = bool(numpy.all(session(reading(model, [node.input[0]])).run(None, fed(model, feed))[0]))
        branch = next(a.g for a in node.attribute if a.name == ("then_branch" if taken else "else_branch"))
        del model.graph.node[place]
        for number, inner in enumerate(branch.node):
            model.graph.node.insert(place + number, inner)
        for number, (inside, outside) in enumerate(zip(branch.output, node.output)):
            model.graph.node.insert(
                place + len(branch.node) + number, helper.make_node("Identity", [inside.name], [outside]))
        model.graph.initializer.extend(branch.initializer)


def needed(model, read):
    """The tensors that one is made from."""
    found = {read}
    for node in reversed(sorted_nodes(model.graph)):
        if found.intersection(node.output):
            found.update(reads(node))
    return found


def ways_around(model, tensor, read):
    """The tensors that follow from one and lead to what is read, and whether something leads around them; in order."""
    nodes = [(set(reads(node)), list(node.output)) for node in sorted_nodes(model.graph)]
    leads, follows = needed(model, read), {tensor}
    for inputs, outputs in nodes:
        if follows.intersection(inputs):
            follows.update(outputs)
    ways = {}
    for name in (name for _, outputs in nodes for name in outputs if name in follows & leads - {tensor, read}):
        reached = {tensor}
        for inputs, outputs in nodes:
            if reached.intersection(inputs):
                reached.update(set(outputs) - {name})
        ways[name] = read in reached
    return ways


def fed(model, feed):
    wanted = {value.name for value in model.graph.input} - {value.name for value in model.graph.initializer}
    return {name: array for name, array in feed.items() if name in wanted}


class Network:
    """A network that is cut at some of its tensors, which it is given."""

    def __init__(self, model, tensors, read, feed):
        known = {name for node in model.graph.node for name in node.output}
        if not {*tensors, read} <= known:
            model = with_branches_inlined(model, feed)
        constant = {value.name for value in model.graph.initializer}
        constant |= {value.values.name for value in model.graph.sparse_initializer}
        wanted, before_read = {read}, []
        for node in reversed(sorted_nodes(model.graph)):
            if wanted.intersection(node.output).difference(tensors):
                wanted.update(reads(node))
                before_read.insert(0, node)
        changed, after = set(tensors), []
        for node in before_read:
            if changed.intersection(reads(node)):
                changed.update(node.output)
                after.append(renamed(node, tensors))
        if read not in changed:
            raise ValueError(f"{read} doesn't depend on {' and '.join(tensors)}")
        used = {name for node in after for name in reads(node)}
        beside = sorted(used - changed - constant)
        self.model, self.feeds, self.inputs = model, {}, list(tensors) + beside
        # An input that is read past the cut needs no run.
        self.passed = {value.name for value in model.graph.input}.intersection(self.inputs)
        self.made = [name for name in self.inputs if name not in self.passed]
        self.before = session(reading(model, self.made))
        arrays = self.activations(feed)
        rest = onnx.ModelProto()
        rest.CopyFrom(model)
        for field in ("node", "input", "output", "value_info"):
            del getattr(rest.graph, field)[:]
        rest.graph.node.extend(after)
        rest.graph.input.extend(
            helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), [None] * array.ndim)
            for name, array in zip(self.inputs, arrays))
        rest.graph.output.append(onnx.ValueInfoProto(name=read))
        kept = [value for value in rest.graph.initializer if value.name in used]
        del rest.graph.initializer[:]
        rest.graph.initializer.extend(kept)
        self.rest = session(rest)

    def activations(self, feed):
        arrays = dict(zip(self.made, self.before.run(None, fed(self.model, feed)))) if self.made else {}
        return [arrays[name] if name in arrays else feed[name] for name in self.inputs]

    def answer(self, arrays):
        """What is read, of what the tensors that it is cut at have, and what is read beside them."""
        return self.rest.run(None, dict(zip(self.inputs, arrays)))[0]


def renamed(node, given):
    """The node, with other names for those of its outputs that are given."""
    if not set(node.output).intersection(given):
        return node
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.output[:] = [name + "_made" if name in given else name for name in node.output]
    return copy


class FrozenNetwork:
    """A network that is cut at a tensor, and that has a later one, or some of its units, as it is without lesions.

    The later tensor is made by one part of the network and read by another, and is put together between the two."""

    def __init__(self, model, tensor, frozen, is_frozen, read, feed):
        """is_frozen: of each unit of the frozen tensor; all where nothing of it depends on the other."""
        self.is_frozen = is_frozen
        self.until, self.rest = Network(model, [tensor], frozen, feed), Network(model, [tensor, frozen], read, feed)

    def activations(self, feed):
        rest = self.rest.activations(feed)
        return [rest[0], self.until.activations(feed)[1:], rest[1], rest[2:]]

    def answer(self, arrays):
        lesioned, beside, intact, others = arrays
        made = self.until.answer([lesioned] + beside)
        between = numpy.where(numpy.resize(self.is_frozen, made.shape), intact, made)
        return self.rest.answer([lesioned, between] + others)


class Scan:
    """What a scan with the naive, exact or affine estimator, zero lesions and logits says, and what this program says."""

    def __init__(self, folder, model, feeds):
        """feeds: by input, an array for each stimulus, as the model takes it alone."""
        load = lambda name: json.load(open(os.path.join(folder, name)))
        self.folder, self.model, self.feeds = folder, onnx.load(model), feeds
        self.summary, self.design = load("scan.json"), load("acquisition/design.json")
        assert (self.design["lesion"], self.design["value"]) == ("zero", "logit")

    def layers(self):
        return self.summary["layers"]

    def regions(self, layer):
        """The region of each unit of a layer, -1 for those that stay intact."""
        return region_numbers(layer["layout"], layer["shape"], layer["grid"])

    def network(self, layer, feed):
        return Network(self.model, [layer["tensor"]], self.summary["model"]["read_tensor"], feed)

    def stored(self, number):
        """The values of a layer. [stimuli x rows]"""
        return numpy.load(os.path.join(self.folder, "acquisition", self.design["layers"][number]["file"]))

    def compare(self, number, rows, random, change=0):
        """The largest difference of values of a layer at random rows of its design, as a share of their range, or of a
        thousandth of the largest where they hardly differ; how many values were compared; and the same difference between
        this program's own values before and after each activation is changed by about so much of it."""
        layer, design = self.summary["layers"][number], self.design["layers"][number]
        stored, network, worst, largest, moved, values = self.stored(number), None, 0.0, 0.0, 0.0, []
        regions = self.checked_regions(layer)
        for stimulus, feed in self.shown():
            network = network or self.network(layer, feed)
            arrays = network.activations(feed)
            chosen = [0, 1] + sorted(random.choice(
                numpy.arange(2, design["design_rows"]), min(rows, design["design_rows"] - 2), replace=False).tolist())
            for row in chosen:
                lesioned = self.lesioned(arrays[0], regions, number, stimulus, row)
                value = self.value(network, [lesioned] + arrays[1:], stimulus)
                values.append(value)
                if change:
                    noise = (1 + change * random.standard_normal(lesioned.shape)).astype(lesioned.dtype)
                    moved = max(moved, abs(self.value(network, [lesioned * noise] + arrays[1:], stimulus) - value))
                largest = max(largest, abs(value))
                worst = max(worst, abs(value - float(stored[stimulus, row])))
        scale = max(max(values) - min(values), largest / 1000, 1e-30)
        return worst / scale, len(values), moved / scale

    def values(self, number):
        """This program's values of all coalitions of a layer that the exact estimator measured. [stimuli x coalitions]"""
        layer, design = self.summary["layers"][number], self.design["layers"][number]
        assert design["design"] == "all_coalitions"
        network, values, regions = None, [], self.checked_regions(layer)
        for stimulus, feed in self.shown():
            network = network or self.network(layer, feed)
            arrays = network.activations(feed)
            values.append([
                self.value(network, [self.lesioned(arrays[0], regions, number, stimulus, row)] + arrays[1:], stimulus)
                for row in range(design["design_rows"])])
        return numpy.array(values)

    def shown(self):
        """The stimuli that were scanned: the number, and what the model is fed."""
        for stimulus, place in enumerate(self.summary["stimuli"]["places"]):
            yield stimulus, {name: arrays[place] for name, arrays in self.feeds.items()}

    def checked_regions(self, layer):
        regions = self.regions(layer)
        assert regions.max() + 1 == layer["regions"]
        return regions

    def lesioned(self, activation, regions, number, stimulus, row):
        """A layer's activation with the regions lesioned that a row of its design lesions."""
        intact = coalition(self.design["layers"][number], int(self.design["seed"]), number, stimulus, row)
        # Of a network with a batch baked in, all rows are this stimulus, and the first is read.
        mask = numpy.resize((regions < 0) | numpy.isin(regions, list(intact)), activation.shape)
        return numpy.where(mask, activation, numpy.zeros((), activation.dtype))

    def value(self, network, arrays, stimulus):
        reader, target = self.summary["model"], self.design["targets"][stimulus]
        output = network.answer(arrays)
        output = numpy.resize(numpy.asarray(output, numpy.float64), reader["output_shape"] or [1])
        if reader["class_axis"] is None:
            return output.reshape(-1)[target] if output.size > 1 else output.reshape(-1)[0]
        scores, places = numpy.take(output, target, axis=reader["class_axis"]), reader["positions"]
        assert len(places) <= 1, places
        return scores.reshape(-1)[places[0]] if places else scores.mean()


class PatchScan(Scan):
    """A scan of patches: the last entries of the first axis, where a class's token and others stand in front."""

    def __init__(self, folder, model, feeds, patches):
        """patches: rows and columns."""
        super().__init__(folder, model, feeds)
        self.patches = list(patches)

    def regions(self, layer):
        assert layer["grid"] == self.patches + [1], layer["grid"]
        length, count = layer["shape"][0], math.prod(self.patches)
        number = numpy.arange(length) - (length - count)
        return numpy.broadcast_to(numpy.maximum(number, -1)[:, None], layer["shape"])


class DirectScan(Scan):
    """A scan with --freeze: the direct effect, around a tensor that is frozen in some of its units or all."""

    def __init__(self, folder, model, feeds, frozen_layer, frozen_regions=None):
        """frozen_layer: tensor, shape, layout and grid of what is frozen; frozen_regions: numbers, all by default."""
        super().__init__(folder, model, feeds)
        numbers = self.regions(frozen_layer)
        self.is_frozen = numbers >= 0 if frozen_regions is None else numpy.isin(numbers, frozen_regions)
        frozen = self.summary["frozen"]
        assert (frozen["tensor"], frozen["units"]) == (frozen_layer["tensor"], int(self.is_frozen.sum()))

    def network(self, layer, feed):
        return FrozenNetwork(
            self.model, layer["tensor"], self.summary["frozen"]["tensor"], self.is_frozen, self.summary["model"]["read_tensor"], feed)


def shapley(values):
    """Shapley values by the definition, of values of all coalitions in the order of the design. [stimuli x coalitions]"""
    games = numpy.concatenate([values[:, 1:], values[:, :1]], 1)  # now coalition c is at c, as a binary number
    players = (games.shape[1] - 1).bit_length()
    coalitions = numpy.arange(games.shape[1])
    sizes = numpy.array([int(c).bit_count() for c in coalitions])
    zeta = []
    for player in range(players):
        without = coalitions[coalitions >> player & 1 == 0]
        weights = [1 / (players * math.comb(players - 1, size)) for size in sizes[without]]
        zeta.append((games[:, without | 1 << player] - games[:, without]) @ weights)
    return numpy.stack(zeta, 1)


class Ways:
    """A scan with --mediator of one layer: the total effect, the direct one, and the mediated one that is left."""

    def __init__(self, folder, model, feeds, tensor, frozen_layer, frozen_regions=None):
        self.folder = folder
        self.total = Scan(os.path.join(folder, "total"), model, feeds)
        self.direct = DirectScan(os.path.join(folder, "direct"), model, feeds, frozen_layer, frozen_regions)
        self.numbers = [
            next(place for place, layer in enumerate(scan.layers()) if layer["tensor"] == tensor) for scan in (self.total, self.direct)]

    def compare(self):
        """The largest difference of values of all coalitions, as a share of the range of total and direct ones together; that
        of the mean ζ of the three effects, as a share of the largest; how many values; and what share of the total effects
        is mediated, Σ|ζ_M| / Σ|ζ|."""
        scans = self.total, self.direct
        own = [scan.values(number) for scan, number in zip(scans, self.numbers)]
        stored = [scan.stored(number)[:, :values.shape[1]] for scan, number, values in zip(scans, self.numbers, own)]
        scale = max(numpy.ptp(own), abs(numpy.array(own)).max() / 1000, 1e-30)
        total, direct = (shapley(values).mean(0) for values in own)
        effects = numpy.stack([total, direct, total - direct])
        said = self.said()
        assert said.shape == effects.shape, said.shape
        return (
            float(max(abs(a - b).max() for a, b in zip(own, stored)) / scale),
            float(abs(effects - said).max() / max(abs(effects).max(), 1e-30)), sum(values.size for values in own),
            float(abs(effects[2]).sum() / max(abs(total).sum(), 1e-30)))

    def said(self):
        """The mean ζ of the total, the direct and the mediated effect, as mediated.tsv has them. [3 x regions]"""
        layer = self.total.layers()[self.numbers[0]]
        with open(os.path.join(self.folder, "mediated.tsv"), newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t")
                    if (row["quantity"], row["tensor"]) == ("zeta", layer["tensor"])]
        # By place, where the file has the largest difference first.
        rows.sort(key=lambda row: numpy.ravel_multi_index([int(place) for place in row["region"].split("_")[1:]], layer["grid"]))
        return numpy.array([[float(row[name]) for row in rows] for name in ("mean_first", "mean_second", "effect")])
