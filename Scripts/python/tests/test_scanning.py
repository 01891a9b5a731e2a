"""What the program is asked, and what it says."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import Any

import numpy
import pytest

import nnfmri

SMALL: dict[str, Any] = {"layers": "block3", "samples": 4, "stimuli": 4, "tracts": False, "progress": False}
LONG: dict[str, Any] = {"layers": "block3", "samples": 4000, "estimator": "naive", "tracts": False, "progress": False}


def _records(folder: Path) -> tuple[numpy.ndarray, numpy.ndarray]:
    """The phantom's images, as bytes of CIFAR-10's layout, and their labels."""
    records = numpy.fromfile(folder / "files/stimuli.bin", numpy.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0]


def test_arrays_on_two_ranks_are_scanned_like_files_on_one(folder: Path, tmp_path: Path) -> None:
    images, labels = _records(folder)
    of_file = nnfmri.scan(folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "file", **SMALL)
    of_array = nnfmri.scan(
        folder / "files/model.onnx", images, labels=list(labels), ranks=2, out=tmp_path / "array", **SMALL)
    assert (of_file.info["ranks"], of_array.info["ranks"]) == (1, 2)
    for name in ("impact.json", "regions.tsv", "stimuli/layer_0.npy"):
        assert (of_file.folder / name).read_bytes() == (of_array.folder / name).read_bytes()
    assert list(of_array.stimuli.label) == list(of_file.stimuli.label) == list(labels[:4])


def test_arrays_and_lists_are_given_as_files_are(folder: Path, tmp_path: Path) -> None:
    regions = numpy.arange(8).reshape(2, 2, 2).repeat(8, 0).repeat(8, 1).repeat(8, 2)
    names = [f"part {number}" for number in range(8)]
    classes = [f"glyph {number}" for number in range(10)]
    numpy.save(tmp_path / "regions.npy", regions)
    (tmp_path / "names.txt").write_text("\n".join(names) + "\n")
    (tmp_path / "classes.txt").write_text("\n".join(classes) + "\n")
    scans = [
        nnfmri.scan(
            folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / name,
            **SMALL | {"layers": "block2"} | given)
        for name, given in [
            ("files", {key: tmp_path / file for key, file in [
                ("regions", "regions.npy"), ("region_names", "names.txt"), ("class_names", "classes.txt")]}),
            ("lists", {"regions": regions, "region_names": names, "class_names": classes}),
        ]]
    assert len(scans[0].regions) == 8
    for name in ("impact.json", "regions.tsv"):
        assert (scans[0].folder / name).read_bytes() == (scans[1].folder / name).read_bytes()


def test_every_option_of_the_program_can_be_given(folder: Path) -> None:
    from nnfmri._run import option_arguments, run

    described = set(re.findall(r"^  (?:-\w, )?--([a-z-]+)", run(["help", "scan"]), re.MULTILINE))
    assert {"layers", "provider-option", "lost-after"} <= described
    assert {option_arguments({name.replace("-", "_"): "1"})[0] for name in described} == {f"--{name}=1" for name in described}


def test_false_leaves_a_flag_out(folder: Path) -> None:
    from nnfmri._run import option_arguments, run

    said = run(["help", "scan"])
    flags = {name: bool(negative) for name, negative in re.findall(r"^  --([a-z-]+)(/--no-[a-z-]+)?(?: \[<.*| *$|   +.*)", said, re.MULTILINE)}
    assert flags["tracts"] and flags["acquisition"] and not flags["allow-nonfinite"] and not flags["keep-scores"]
    for name, has_negative in flags.items():
        if name == "version":
            continue
        for value in (False, numpy.False_):
            assert option_arguments({name.replace("-", "_"): value}) == ([f"--no-{name}"] if has_negative else [])
        assert option_arguments({name.replace("-", "_"): numpy.True_}) == [f"--{name}"]


def test_values_with_a_minus_in_front_are_values(folder: Path, tmp_path: Path) -> None:
    given = nnfmri.scan(
        folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "scan", mean=[-0.1, 0.2, 0.3],
        value="-logit[1]", allow_nonfinite=False, keep_scores=False, **SMALL)
    assert given.info["options"]["measurement"]["mean"] == "[-0.1, 0.2, 0.3]"


def test_several_outputs_are_several_scans(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    path, stimuli = tmp_path / "two.onnx", numpy.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    outputs = ["head/a", "head a", "b"]
    onnx.save(_perceptron(onnx, outputs), path)
    scans = nnfmri.scan(path, stimuli, ranks=1, out=tmp_path / "scan", output=outputs, tracts=False, progress=False)
    assert list(scans) == outputs
    assert [scan.folder.name for scan in scans.values()] == ["head_a", "head_a_1", "b"]
    assert [scan.info["model"]["output"] for scan in scans.values()] == outputs
    one = nnfmri.scan(path, stimuli, ranks=1, out=tmp_path / "one", output=["b"], tracts=False, progress=False)
    assert list(one) == ["b"] and one["b"].info["model"]["output"] == "b"
    with pytest.raises(ValueError, match="output names none"):
        nnfmri.scan(path, stimuli, ranks=1, out=tmp_path / "none", output=[], tracts=False, progress=False)


def _perceptron(onnx: Any, outputs: list[str], hidden: str = "hidden") -> Any:
    """A perceptron of five features, as a ModelProto, with several outputs of three classes."""
    numbers = numpy.random.default_rng(2)
    weights = [onnx.numpy_helper.from_array(numbers.normal(size=(5, 8)).astype("float32"), "w")]
    nodes = [onnx.helper.make_node("MatMul", ["x", "w"], ["sum"]), onnx.helper.make_node("Relu", ["sum"], [hidden])]
    for output in outputs:
        weights.append(onnx.numpy_helper.from_array(numbers.normal(size=(8, 3)).astype("float32"), f"w {output}"))
        nodes.append(onnx.helper.make_node("MatMul", [hidden, f"w {output}"], [output]))
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes, "perceptron", [onnx.helper.make_tensor_value_info("x", kind, ["n", 5])],
        [onnx.helper.make_tensor_value_info(output, kind, ["n", 3]) for output in outputs], weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def test_a_model_in_memory_is_scanned_like_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    onnx = pytest.importorskip("onnx")
    model, stimuli = _perceptron(onnx, ["logits"]), numpy.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    onnx.save(model, tmp_path / "model.onnx")
    onnx.save(
        _perceptron(onnx, ["logits"]), tmp_path / "outside.onnx", save_as_external_data=True, location="weights", size_threshold=0)
    small: dict[str, Any] = {"ranks": 1, "tracts": False, "progress": False}
    of_file = nnfmri.scan(tmp_path / "model.onnx", stimuli, out=tmp_path / "file", **small)
    before = model.SerializeToString()
    for number, largest in enumerate((10**9, 0)):
        # Too large for one file, its weights lie beside it.
        monkeypatch.setattr("nnfmri._export._LARGEST_INSIDE", largest)
        out = tmp_path / f"memory{number}"
        of_memory = nnfmri.scan(model, stimuli, out=out, **small)
        assert (of_memory.folder / "impact.json").read_bytes() == (of_file.folder / "impact.json").read_bytes()
        assert model.SerializeToString() == before and out.with_name(out.name + ".onnx").exists()
    of_outside = nnfmri.scan(onnx.load(tmp_path / "outside.onnx"), stimuli, out=tmp_path / "loaded", **small)
    assert (of_outside.folder / "impact.json").read_bytes() == (of_file.folder / "impact.json").read_bytes()
    with pytest.raises(TypeError, match="weights are in other files"):
        nnfmri.scan(onnx.load(tmp_path / "outside.onnx", load_external_data=False), stimuli, out=tmp_path / "no", **small)
    with pytest.raises(TypeError, match=r"an ONNX file, an onnx.ModelProto or a torch.nn.Module, and it is a dict"):
        nnfmri.scan({}, stimuli, out=tmp_path / "no", **small)


def test_a_layer_may_have_a_comma_in_its_name(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model, stimuli = _perceptron(onnx, ["logits"], "a, b *"), numpy.random.default_rng(1).normal(size=(6, 5)).astype("float32")
    for number, layers in enumerate([["a, b *"], ["sum", "a, b *"]]):
        scan = nnfmri.scan(
            model, stimuli, ranks=1, out=tmp_path / f"scan{number}", layers=layers, tracts=False, progress=False)
        assert list(scan.layers.tensor) == layers

def test_a_bar_names_the_phases(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nnfmri.scan(folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "scan", **SMALL | {"progress": True})
    shown = capsys.readouterr().err
    assert "measuring" in shown and "passes" in shown and '"phase"' not in shown
    assert "Rank 0 on" in shown


def test_files_of_an_earlier_scan_come_back_where_no_other_began(folder: Path, tmp_path: Path) -> None:
    images, labels = _records(folder)
    model, out = folder / "files/model.onnx", tmp_path / "scan"
    nnfmri.scan(model, images, labels=labels, ranks=1, out=out, **SMALL)
    written = ("scan.stimuli.npy", "scan.labels.npy")
    before = {name: (tmp_path / name).read_bytes() for name in written}
    others = {"labels": labels[::-1], "ranks": 1, "out": out}
    with pytest.raises(nnfmri.ScanError) as refused:
        nnfmri.scan(model, images[::-1], resume=True, **others, **SMALL)
    assert "the stimuli have changed" in str(refused.value)
    with pytest.raises(nnfmri.ScanError) as misspelt:
        nnfmri.scan(model, images[::-1], **others, **SMALL, no_such_option=1)
    assert misspelt.value.code == 64
    with pytest.raises(nnfmri.ScanError) as misshapen:
        nnfmri.scan(model, images[::-1, :, :16], **others, **SMALL)
    assert misshapen.value.code == 65
    with pytest.raises(nnfmri.ScanError):
        nnfmri.scan(model, images[::-1], **others, **SMALL | {"layers": "nowhere"})
    assert {name: (tmp_path / name).read_bytes() for name in written} == before
    # Without a trace of the others.
    assert not [path.name for path in tmp_path.iterdir() if "former" in path.name]
    again = nnfmri.scan(model, images, labels=labels, ranks=1, out=out, resume=True, **SMALL)
    assert list(again.stimuli.label) == list(labels[:4])


def test_a_refusal_is_the_programs_own_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(nnfmri.ScanError, match="nowhere.onnx") as caught:
        nnfmri.scan(tmp_path / "nowhere.onnx", folder / "files/stimuli.bin", ranks=2, out=tmp_path / "scan", progress=False)
    assert caught.value.code == 66
    with pytest.raises(nnfmri.ScanError, match="grid") as caught:
        nnfmri.scan(
            folder / "files/model.onnx", folder / "files/stimuli.bin", ranks=1, out=tmp_path / "scan", grid=(0, 8, 4), progress=False)
    assert caught.value.code == 64
    with pytest.raises(TypeError, match="second argument"):
        nnfmri.scan("m.onnx", "d.npz", data="d.npz")
    with pytest.raises(ValueError, match="below 1"):
        nnfmri.scan("m.onnx", "d.npz", ranks=0, out=tmp_path / "scan")


def test_an_interrupted_scan_goes_on(folder: Path, tmp_path: Path) -> None:
    model, stimuli, checkpoint = folder / "files/model.onnx", folder / "files/stimuli.bin", tmp_path / "scan/checkpoint.bin"

    def interrupt() -> None:
        # As soon as there is something to go on with.
        while not checkpoint.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        nnfmri.scan(model, stimuli, ranks=2, out=tmp_path / "scan", **LONG)
    assert checkpoint.exists()
    with pytest.raises(nnfmri.ScanError, match="--resume"):
        nnfmri.scan(model, stimuli, ranks=1, out=tmp_path / "scan", **LONG)
    with pytest.raises(nnfmri.ScanError) as caught:
        nnfmri.scan(model, stimuli, ranks=1, out=tmp_path / "scan", resume=True, max_time="1s", **LONG)
    assert caught.value.code == 75


def test_a_module_is_exported_and_scanned(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    torch.manual_seed(1)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 64, 3))
    images = torch.rand(6, 1, 8, 8)
    scan = nnfmri.scan(network, images, ranks=1, out=tmp_path / "scan", grid=(2, 2, 2), tracts=False, progress=False)
    assert (tmp_path / "scan.onnx").exists() and network.training
    assert list(scan.stimuli.prediction) == network(images).argmax(1).tolist()
    # Behind the layer all is linear, so ζ of a region is what its units add to the logit.
    weights = network[3].weight.detach().reshape(3, 4, 8, 8)[scan.info["stimuli"]["targets"]]
    products = (network[:2](images).detach() * weights).reshape(6, 2, 2, 2, 4, 2, 4).sum((2, 4, 6)).permute(0, 2, 3, 1)
    numpy.testing.assert_allclose(scan.zeta(0, per_stimulus=True), products, atol=1e-4)


def test_a_tables_columns_keep_their_names(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    pandas = pytest.importorskip("pandas")
    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2))
    table = pandas.DataFrame(torch.randn(5, 3).numpy(), columns=["age", "pressure, mean", "rate"])
    scan = nnfmri.scan(network, table, ranks=1, out=tmp_path / "scan", layers="input", target=1, tracts=False, progress=False)
    regions = scan.regions.set_index("region")
    assert list(regions.index) == list(table.columns)
    worth = (table * network[0].weight.detach()[1].numpy()).mean()
    numpy.testing.assert_allclose(regions.zeta, worth, atol=1e-5)


def test_a_module_is_left_as_it_was_and_a_file_where_its_successor_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    network = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    network.train()
    network[1].eval()
    path = nnfmri.export(network, torch.rand(3, 4), tmp_path / "model.onnx")
    assert [module.training for module in network] == [True, False, True, True] and network.training
    kept = path.read_bytes()

    class Random(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return x + torch.rand(len(x), 4)

    with pytest.raises(nnfmri.ExportError):
        nnfmri.export(Random(), torch.rand(2, 4), path)
    assert path.read_bytes() == kept and list(tmp_path.iterdir()) == [path]
    assert nnfmri.export(torch.nn.DataParallel(network), torch.rand(3, 4), path).read_bytes()


def test_names_are_texts_whatever_they_look_like(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    pandas = pytest.importorskip("pandas")
    network = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    table = pandas.DataFrame({"a": [0.5, 1, 2, 3], "b": [True, False, True, True], "c": [1, 2, 3, 4], "d": [2.0, 1, 0, 1]})
    names = ["01", "2", "1e3", "n/a", "x"]
    scan = nnfmri.scan(
        network, table, ranks=1, out=tmp_path / "named", progress=False, layers="relu", regions=[0, 1, 2, 3, 4], region_names=names,
        class_names={0: "cat", 1: "dog", 2: "cow"}, samples=8, tracts=False)
    assert list(scan.regions.region) == names
    changed = scan.regions
    changed["zeta"] *= 100
    assert (scan.zeta(0).to_numpy().ravel() == scan.regions.zeta.to_numpy()).all()
    assert (tmp_path / "named.class_names.txt").read_text() == "cat\ndog\ncow\n"
    clustered = nnfmri.scan(
        network, table, ranks=1, out=tmp_path / "clustered", progress=False, layers="relu", regions=[0, 1, 2, 3, 4], samples=8,
        tracts=False, clusters=pandas.Series(["07", "7", "x", "07"]))
    assert list(clustered.stimuli.cluster) == [0, 1, 2, 0] and "cluster" not in scan.stimuli
    assert (clustered.regions.zeta == scan.regions.zeta).all()
    assert (clustered.regions.standard_error != scan.regions.standard_error).any()
    for wrong in ({1: "a", 2: "b"}, ["a\nb"]):
        with pytest.raises(ValueError, match="class_names"):
            nnfmri.scan(network, table, out=tmp_path / "wrong", progress=False, class_names=wrong)
    for name in ("part", "help"):
        with pytest.raises(TypeError, match=name):
            nnfmri.scan(network, table, out=tmp_path / "wrong", progress=False, **{name: "1/2"})


def test_stimuli_of_a_module_may_hold_nan_and_be_no_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    network = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    stimuli = torch.rand(6, 4)
    broken = stimuli.clone()
    broken[0, 1] = float("nan")
    monkeypatch.chdir(tmp_path)
    scan = nnfmri.scan(network, broken, ranks=1, out="scan", progress=False, allow_nonfinite=True, samples=8, tracts=False)
    # Its files are found from elsewhere, too.
    monkeypatch.chdir("/")
    assert scan.info["stimuli"]["count"] == 5 and scan.zeta(0).size == len(scan.regions) == 5
    data = torch.utils.data.TensorDataset(stimuli)
    for given, words in ((data, "torch.stack"), (torch.utils.data.DataLoader(data), "torch.cat")):
        with pytest.raises(TypeError, match=words):
            nnfmri.scan(network, given, out=tmp_path / "wrong", progress=False)
    with pytest.raises(nnfmri.ExportError, match="float"):
        nnfmri.export(network.bfloat16(), stimuli, tmp_path / "half.onnx")


def test_a_module_that_takes_no_batches_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")

    class Fixed(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: object) -> object:
            return x.reshape(2, -1)  # type: ignore[attr-defined]

    with pytest.raises(nnfmri.ExportError, match="no output of the module has an axis as long as the batch"):
        nnfmri.export(Fixed(), torch.rand(2, 4), tmp_path / "model.onnx")


def _differences(torch: Any) -> Any:
    """A module of two inputs whose roles differ."""

    class Differences(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right, self.top = torch.nn.Linear(4, 8), torch.nn.Linear(4, 8), torch.nn.Linear(8, 3)

        def forward(self, age: Any, sex: Any, scale: float = 1.0, further: Any = None) -> Any:
            hidden = torch.relu(self.left(age) - 2 * self.right(sex))
            return self.top(hidden if further is None else hidden * further.sum(1, keepdim=True)) * scale

    torch.manual_seed(3)
    return Differences()


def test_a_module_of_several_inputs_takes_a_mapping(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    import onnxruntime

    module = _differences(torch)
    age, sex, further = (torch.randn(6, 4) for _ in range(3))
    wanted, longer = module(age, sex).detach().numpy(), module(age, sex, further=further).detach().numpy()
    small: dict[str, Any] = {"ranks": 1, "tracts": False, "progress": False}
    for number, (given, expected) in enumerate([
        ({"age": age, "sex": sex}, wanted), ({"sex": sex, "age": age}, wanted),
        ({"further": further, "sex": sex, "age": age}, longer),
        # No name of forward's parameters: in order, but for the names that nnfmri.export gives.
        ({"first": age, "second": sex}, wanted), ({"input_1": sex, "input": age}, wanted),
        ({"age": age, "gender": sex, "labels": numpy.zeros(6, int)}, wanted),
    ]):
        scan = nnfmri.scan(module, given, out=tmp_path / str(number), **small)
        session = onnxruntime.InferenceSession(tmp_path / f"{number}.onnx")
        assert {described.name for described in session.get_inputs()} == set(given) - {"labels"}
        found = session.run(None, {described.name: given[described.name].numpy() for described in session.get_inputs()})[0]
        numpy.testing.assert_allclose(found, expected, atol=1e-5)
        assert list(scan.stimuli.prediction) == expected.argmax(1).tolist()
    with pytest.raises(nnfmri.ExportError, match=r"'gender' have no names of .*age, sex, scale, further.*'age' has one"):
        nnfmri.scan(module, {"gender": sex, "age": age}, out=tmp_path / "wrong", **small)
    # A name that the file's own tensors would have.
    for name in ("output", "linear", "relu", "0.weight"):
        scan = nnfmri.scan(torch.nn.Sequential(module.left, torch.nn.ReLU(), module.top), {name: age}, out=tmp_path / name, **small)
        assert scan.layers.tensor.tolist() == ["relu_1" if name == "relu" else "relu"]
    # The same of export alone, and of arrays.
    path = nnfmri.export(module, {"sex": sex.numpy(), "age": age.double().numpy()}, tmp_path / "alone.onnx")
    assert {described.name for described in onnxruntime.InferenceSession(path).get_inputs()} == {"age", "sex"}


def test_a_module_gets_arrays_in_the_types_that_it_takes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    small: dict[str, Any] = {"ranks": 1, "tracts": False, "progress": False}
    numbers = numpy.random.default_rng(1)
    dense = torch.nn.Sequential(torch.nn.Linear(5, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2))
    values = numbers.normal(size=(10, 5))
    scan = nnfmri.scan(dense, values, out=tmp_path / "double", **small)
    assert list(scan.stimuli.prediction) == dense(torch.tensor(values).float()).argmax(1).tolist()
    scan = nnfmri.scan(dense, (values * 9).astype(int), out=tmp_path / "integers", **small)
    assert list(scan.stimuli.prediction) == dense(torch.tensor((values * 9).astype(int)).float()).argmax(1).tolist()
    dense = dense.double()
    scan = nnfmri.scan(dense, values.astype("float32"), out=tmp_path / "single", **small)
    assert list(scan.stimuli.prediction) == dense(torch.tensor(values.astype("float32")).double()).argmax(1).tolist()
    pictures = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2))
    images = numbers.integers(0, 255, (6, 3, 8, 8)).astype("uint8")
    scan = nnfmri.scan(pictures, images, out=tmp_path / "bytes", grid=(2, 2, 2), **small)
    # Bytes are pictures, which the program divides by 255.
    assert list(scan.stimuli.prediction) == pictures(torch.tensor(images) / 255).argmax(1).tolist()
    words = torch.nn.Sequential(torch.nn.Embedding(10, 4), torch.nn.Flatten(), torch.nn.Linear(12, 6), torch.nn.ReLU(), torch.nn.Linear(6, 2))
    tokens = numbers.integers(0, 10, (8, 3))
    for kind in ("int64", "int32", "int16"):
        scan = nnfmri.scan(words, tokens.astype(kind), out=tmp_path / kind, **small)
        assert list(scan.stimuli.prediction) == words(torch.tensor(tokens)).argmax(1).tolist()
    with pytest.raises(nnfmri.ExportError, match=r"fails with inputs of shapes \[2, 4\].*shapes cannot be multiplied"):
        nnfmri.scan(dense, values[:, :4], out=tmp_path / "wrong", **small)


def test_modules_that_cannot_be_exported_are_told_why(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")

    class Answers(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, kind: Any) -> None:
            super().__init__()
            self.top, self.kind = torch.nn.Linear(4, 3), kind

        def forward(self, x: Any) -> Any:
            return self.kind(self.top(x))

    class Steps(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.steps, self.top = torch.nn.LSTM(3, 5), torch.nn.Linear(5, 2)

        def forward(self, x: Any) -> Any:
            return self.top(self.steps(x)[0][-1])

    for kind, words in [
        (lambda scores: {"logits": scores, "h": scores}, r"returns a dict \('logits', 'h'\).*forward returns a tensor, or a tuple"),
        (lambda scores: (scores, {"h": scores}), "returns a tuple that holds a dict"), (lambda scores: None, "returns a NoneType"),
    ]:
        with pytest.raises(nnfmri.ExportError, match=words):
            nnfmri.export(Answers(kind), torch.rand(2, 4), tmp_path / "model.onnx")
    with pytest.raises(nnfmri.ExportError, match="no output of the module has an axis as long as the batch.*batch_first=True"):
        nnfmri.export(Steps(), torch.rand(7, 6, 3), tmp_path / "model.onnx")
    unmeasured = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5, track_running_stats=False), torch.nn.Linear(5, 2))
    with pytest.raises(nnfmri.ExportError, match="fails with one of 1, as where a normalisation is over the batch: ValueError"):
        nnfmri.export(unmeasured, torch.rand(4, 4), tmp_path / "model.onnx")
    with pytest.raises(nnfmri.ExportError, match="TorchScript"):
        nnfmri.export(torch.jit.script(torch.nn.Linear(4, 3)), torch.rand(2, 4), tmp_path / "model.onnx")
