"""Measures values of lesioned networks again, from a scan's files and the network's, with onnx and onnxruntime alone.

Nothing of the scanner is used: regions follow from the layout, the grid and the table of Docs/method.md, coalitions from the
seed and the description of the design there, and the network is cut here. Every pass runs one stimulus at a time.
"""
import json
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
    waiting, done = list(graph.node), []
    while waiting:
        ready = [node for node in waiting if all(name in known for name in reads(node))]
        if not ready:
            raise ValueError("the graph has a cycle")
        for node in ready:
            known.update(node.output)
        done += ready
        waiting = [node for node in waiting if node not in ready]
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


def fed(model, feed):
    wanted = {value.name for value in model.graph.input} - {value.name for value in model.graph.initializer}
    return {name: array for name, array in feed.items() if name in wanted}


class Network:
    """A network that is cut at one of its tensors."""

    def __init__(self, model, tensor, read, feed):
        tensors = {name for node in model.graph.node for name in node.output}
        if not {tensor, read} <= tensors:
            model = with_branches_inlined(model, feed)
        constant = {value.name for value in model.graph.initializer}
        constant |= {value.values.name for value in model.graph.sparse_initializer}
        nodes = sorted_nodes(model.graph)
        wanted, needed = {read}, []
        for node in reversed(nodes):
            if wanted.intersection(node.output):
                wanted.update(reads(node))
                needed.insert(0, node)
        changed, after = {tensor}, []
        for node in needed:
            if changed.intersection(reads(node)) and tensor not in node.output:
                changed.update(node.output)
                after.append(node)
        if read not in changed:
            raise ValueError(f"{read} doesn't depend on {tensor}")
        used = {name for node in after for name in reads(node)}
        beside = sorted(used - changed - constant)
        self.model, self.feeds, self.inputs = model, {}, [tensor] + beside
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

    def compare(self, number, rows, random, change=0):
        """The largest difference of values of a layer at random rows of its design, as a share of their range, or of a
        thousandth of the largest where they hardly differ; how many values were compared; and the same difference between
        this program's own values before and after each activation is changed by about so much of it."""
        layer, design = self.summary["layers"][number], self.design["layers"][number]
        stored = numpy.load(os.path.join(self.folder, "acquisition", design["file"]))
        reader, network, worst, largest, moved, values = self.summary["model"], None, 0.0, 0.0, 0.0, []
        regions = self.regions(layer)
        assert regions.max() + 1 == layer["regions"]
        for stimulus, place in enumerate(self.summary["stimuli"]["places"]):
            feed = {name: arrays[place] for name, arrays in self.feeds.items()}
            network = network or Network(self.model, layer["tensor"], reader["read_tensor"], feed)
            arrays = network.activations(feed)
            chosen = [0, 1] + sorted(random.choice(
                numpy.arange(2, design["design_rows"]), min(rows, design["design_rows"] - 2), replace=False).tolist())
            for row in chosen:
                intact = coalition(design, int(self.design["seed"]), number, stimulus, row)
                # Of a network with a batch baked in, all rows are this stimulus, and the first is read.
                mask = numpy.resize((regions < 0) | numpy.isin(regions, list(intact)), arrays[0].shape)
                lesioned = numpy.where(mask, arrays[0], numpy.zeros((), arrays[0].dtype))
                target = self.design["targets"][stimulus]
                value = self.value(network, [lesioned] + arrays[1:], target)
                values.append(value)
                if change:
                    noise = (1 + change * random.standard_normal(lesioned.shape)).astype(lesioned.dtype)
                    moved = max(moved, abs(self.value(network, [lesioned * noise] + arrays[1:], target) - value))
                largest = max(largest, abs(value))
                worst = max(worst, abs(value - float(stored[stimulus, row])))
        scale = max(max(values) - min(values), largest / 1000, 1e-30)
        return worst / scale, len(values), moved / scale

    def value(self, network, arrays, target):
        reader = self.summary["model"]
        output = network.rest.run(None, dict(zip(network.inputs, arrays)))[0]
        output = numpy.resize(numpy.asarray(output, numpy.float64), reader["output_shape"] or [1])
        if reader["class_axis"] is None:
            return output.reshape(-1)[target] if output.size > 1 else output.reshape(-1)[0]
        scores, places = numpy.take(output, target, axis=reader["class_axis"]), reader["positions"]
        assert len(places) <= 1, places
        return scores.reshape(-1)[places[0]] if places else scores.mean()
