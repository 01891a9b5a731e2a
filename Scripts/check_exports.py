"""Opens what a scan wrote with the tools that it is written for, and compares it with the scan's JSON.

    check_exports.py FOLDER...

JSON files are held against the schemas in Docs/schemas, maps/ against bids-validator, every volume against impact.json,
tables against pandas, signals against pyedflib and mne; a map is plotted by nilearn, and the example of Docs/files.md is run. Ends with 1 at the first
difference.
"""
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import jsonschema
import matplotlib

matplotlib.use("Agg")
import mne
import networkx
import nibabel
import nilearn.image
import nilearn.plotting
import numpy
import pandas
import pyedflib
import scipy.stats

ROOT = pathlib.Path(__file__).resolve().parent.parent
LARGEST_Z = 38.4


def read(path):
    return json.loads(path.read_text())


def check_schemas(folder):
    names = {
        "impact.json": "impact", "density.json": "density", "scan.json": "scan", "acquisition/design.json": "design",
        "consistency.json": "consistency", "contrast.json": "contrast", "comparison.json": "comparison",
        "comparison_times.json": "comparison_times",
        "acquisition/measurements.json": "measurements", "truth.json": "truth", "maps/**/*.json": "map",
        "connections.json": "connections", "connections/tracts.json": "tracts", "stimuli/stimuli.json": "stimuli",
        "acquisition/answers.json": "answers", "groups/groups.json": "groups",
        "acquisition/pruning.json": "pruning", "lesions.json": "lesions",
    }
    seen = set()
    for pattern, name in names.items():
        schema = read(ROOT / f"Docs/schemas/{name}.schema.json")
        jsonschema.Draft202012Validator.check_schema(schema)
        for path in folder.glob(pattern):
            if path.name == "dataset_description.json":
                continue
            jsonschema.validate(read(path), schema)
            seen.add(path)
    unseen = {path for path in folder.rglob("*.json")} - seen - {folder / "maps/dataset_description.json"}
    assert not unseen, f"no schema describes {sorted(map(str, unseen))}"
    return len(seen)


def check_bids(folder):
    run = subprocess.run(
        [pathlib.Path(sys.executable).parent / "bids-validator-deno", "--json", folder / "maps"],
        capture_output=True, text=True)
    issues = json.loads(run.stdout)["issues"]["issues"]
    errors = [issue for issue in issues if issue.get("severity") == "error"]
    assert run.returncode == 0 and not errors, f"{folder}/maps: {errors or run.stderr}"


def volume(folder, number, name):
    return nibabel.load(folder / f"maps/sub-network/func/sub-network_task-lesion_space-layer{number}_{name}.nii.gz")


def by_region(layer, field):
    """The field of every region as an array that is indexed like grid_i_j_k."""
    values = numpy.full(layer["grid"], numpy.nan)
    for name, region in layer["grids"].items():
        values[tuple(int(part) for part in name.split("_")[1:])] = region[field]
    return values


def check_maps(folder):
    impact = read(folder / "impact.json")
    for key, layer in impact.items():
        number = int(key.removeprefix("layer_"))
        table = folder / f"maps/sub-network/func/sub-network_task-lesion_space-layer{number}_desc-channels_stats.tsv"
        if table.exists():
            channels = pandas.read_csv(table, sep="\t")
            numpy.testing.assert_allclose(channels.effect, by_region(layer, "zeta").ravel(), rtol=1e-12)
            continue
        if max(layer["grid"]) > 32767:
            continue
        zeta, error, p = (by_region(layer, field) for field in ("zeta", "standard_error", "p_value"))
        image = volume(folder, number, "stat-effect_statmap")
        assert image.shape == tuple(layer["grid"])
        # The first row is on top, the first column on the left, and layers are stacked.
        corner = image.affine @ (0, 0, 0, 1)
        assert numpy.allclose(corner[:2], (-32 + 32 / layer["grid"][1], 32 - 32 / layer["grid"][0]))
        assert numpy.isclose(corner[2], 24 * number + 8 / layer["grid"][2])
        assert numpy.allclose(image.get_qform(), image.get_sform(), atol=1e-4)

        def same(name, expected, **tolerance):
            found = volume(folder, number, name).get_fdata()
            numpy.testing.assert_allclose(found, expected, err_msg=f"{key} {name}", **({"rtol": 1e-6} | tolerance))

        same("stat-effect_statmap", zeta)
        if layer["series"] > 1:
            maps = numpy.load(folder / f"stimuli/{key}.npy")[:, :, 0]
            stacked = volume(folder, number, "desc-stimuli_stat-effect_statmap").get_fdata()
            numpy.testing.assert_allclose(stacked.reshape(-1, len(maps)).T, maps, rtol=1e-6)
        same("stat-variance_statmap", error**2, atol=1e-37)
        same("stat-p_statmap", p, atol=1e-37)
        # What may be rounding has t = 0 and p = 1.
        t = numpy.divide(zeta, error, out=numpy.full(zeta.shape, numpy.nan), where=error > 0)
        t = numpy.where((zeta == 0) | (p == 1), 0, t)
        same("stat-t_statmap", t)
        with numpy.errstate(divide="ignore"):
            z = numpy.minimum(-scipy.stats.norm.ppf(p / 2), LARGEST_Z) * numpy.where(zeta < 0, -1, 1)
        same("stat-z_statmap", z, rtol=1e-5, atol=1e-6)
        same("desc-critical_mask", by_region(layer, "critical"))
        labels = volume(folder, number, "desc-regions_dseg").get_fdata()
        table = folder / f"maps/sub-network/func/sub-network_task-lesion_space-layer{number}_desc-regions_dseg.tsv"
        names = pandas.read_csv(table, sep="\t").set_index("index")["name"]
        for place, label in numpy.ndenumerate(labels):
            assert names[int(label)] == "grid_" + "_".join(map(str, place))
    return impact


def check_tables(folder, impact):
    regions = pandas.read_csv(folder / "regions.tsv", sep="\t")
    for key, layer in impact.items():
        own = regions[regions.layer == key].set_index("region")
        assert len(own) == len(layer["grids"])
        for name, region in layer["grids"].items():
            assert own.zeta[name] == region["zeta"] and own.critical[name] == region["critical"]


def check_contrasts(folder):
    """contrast.tsv is contrast.json in rows, and t, p, q and intervals follow from effects and errors as scipy has them."""
    if not (folder / "contrast.json").exists():
        return
    rows = pandas.read_csv(folder / "contrast.tsv", sep="\t")
    for name, contrast in read(folder / "contrast.json").items():
        for (key, layer), quantity in itertools.product(contrast["layers"].items(), ("zeta", "density")):
            if layer[quantity] is None:  # Groups whose ζ are of different quantities.
                continue
            tests = layer[quantity]["grids"]
            own = rows[(rows.contrast == name) & (rows.layer == key) & (rows.quantity == quantity)].set_index("region")
            own = own.loc[list(tests)]
            assert len(own) == len(tests)
            of = lambda field: numpy.array([test[field] for test in tests.values()], float)
            for field in ("mean_first", "mean_second", "effect", "t", "p_value", "q_value", "family_wise_p_value"):
                assert numpy.allclose(own[field], of(field), equal_nan=True)
            assert numpy.allclose(of("effect"), of("mean_first") - of("mean_second"), atol=1e-9)
            told = of("standard_error") > 0
            t = of("effect")[told] / of("standard_error")[told]
            freedom = of("degrees_of_freedom")[told]
            assert numpy.allclose(of("p_value")[told], 2 * scipy.stats.t.sf(abs(t), freedom), rtol=1e-6)
            low, high = of("confidence_interval")[told].T
            half = scipy.stats.t.isf(0.025, freedom) * of("standard_error")[told]
            assert numpy.allclose((high - low) / 2, half, rtol=1e-6)
            assert numpy.allclose(of("q_value"), scipy.stats.false_discovery_control(of("p_value")), rtol=1e-6)
            assert (of("family_wise_p_value") >= 1 / (1 + layer[quantity]["permutations"]) - 1e-12).all()


def check_connections(folder):
    path = folder / "connections.json"
    if not path.exists():
        return
    for name, link in read(path).items():
        if link["not_traced_reason"] is not None:
            continue
        mean, error = numpy.load(folder / link["matrix"])
        assert [2, *mean.shape] == link["matrix_shape"], name
        assert numpy.isclose(mean.sum(dtype=float), link["connection_strength"], rtol=1e-5), name
        strongest = numpy.sort(mean, axis=None)[::-1]
        for edge, strength in zip(link["strongest_edges"], strongest):
            assert numpy.float32(edge["strength"]) == strength, name
        if link["pathway_efficiency"] is not None:
            best = strongest[: link["critical_edges"]].sum(dtype=float) / mean.sum(dtype=float)
            assert numpy.isclose(link["critical_share"], link["pathway_efficiency"] * best, rtol=1e-5), name
    pathways = pandas.read_csv(folder / "pathways.tsv", sep="\t")
    assert (pathways.strength.diff().dropna() <= 0).all() and (pathways.p_value <= pathways.q_value).all()


def check_arrays(folder):
    design = folder / "acquisition/design.json"
    if not design.exists():
        return
    summary = read(folder / "scan.json")
    for layer in read(design)["layers"]:
        values = numpy.load(folder / "acquisition" / layer["file"], allow_pickle=False)
        width = 1 + layer["regions"] if layer["design"] == "gradients" else 1
        assert values.dtype == numpy.float32 and values.shape == (summary["stimuli"]["count"], layer["rows"] * width)
        moments = numpy.load(folder / "acquisition" / f"moments_{layer['file']}", allow_pickle=False)
        assert moments.dtype == numpy.float64 and moments.shape == (len(values), layer["regions"], 4)
    for name, layer in read(folder / "stimuli/stimuli.json").items():
        maps = numpy.load(folder / "stimuli" / layer["file"], allow_pickle=False)
        assert maps.dtype == numpy.float32 and maps.shape == (
            len(layer["reliability"]), len(layer["regions"]), len(layer["quantities"])), name
    pictures = folder / "acquisition/thumbnails.npy"
    if pictures.exists():
        pictures = numpy.load(pictures, allow_pickle=False)
        assert pictures.dtype == numpy.uint8 and pictures.ndim == 4 and pictures.shape[3] == 3


def check_signals(folder):
    """Of a stream: eeg/stream.edf, as pyedflib reads it, which accepts no error in the format, and as mne does."""
    path = folder / "eeg/stream.edf"
    if not path.exists():
        return
    content = read(folder / "consistency.json")
    rate, count, layers = content["sampling_rate_hz"], content["stimuli"], content["layers"]
    wanted = {
        name: numpy.load(folder / "acquisition" / f"stream_{name}.npy", mmap_mode="r")[:, 0].astype(float)
        for name in layers
    }
    with pyedflib.EdfReader(str(path)) as file:
        assert file.filetype == pyedflib.FILETYPE_EDFPLUS and file.getSignalLabels() == sorted(
            layers, key=lambda name: int(name.split("_")[1]))
        onsets, durations, texts = file.readAnnotations()
        for channel, name in enumerate(file.getSignalLabels()):
            header = file.getSignalHeader(channel)
            assert numpy.isclose(header["sample_frequency"], rate, rtol=1e-12)
            factor = float(header["dimension"] or 1)
            step = factor * (header["physical_max"] - header["physical_min"]) / 65535
            found = factor * file.readSignal(channel)
            assert len(found) - count < rate * file.datarecord_duration
            numpy.testing.assert_allclose(found[:count], wanted[name], atol=0.501 * step, rtol=0)
    expected = {}
    for window in next(iter(layers.values()))["windows"]:
        expected[f"window {len(expected)}"] = (window["start"] / rate, (window["end"] - window["start"]) / rate)
    found = {text: (onset, duration) for onset, duration, text in zip(onsets, durations, texts)}
    if any(text in found for text in expected):
        for text, times in expected.items():
            numpy.testing.assert_allclose(found[text], times, atol=1e-4)
    numpy.testing.assert_allclose(found["end of stream"][0], count / rate, atol=1e-4)
    for name, layer in layers.items():
        for kind, field in (("rhythm", "temporal_anomaly"), ("place", "spatial_anomaly")):
            starts = [onset for onset, text in zip(onsets, texts) if text == f"{name} {kind} anomaly"]
            times = [window["start"] / rate for window in layer["windows"] if window[field]]
            numpy.testing.assert_allclose(sorted(starts), times, atol=1e-4)
            runs = [text for text in texts if text.startswith(f"{name} {kind} ") and not text.endswith("anomaly")]
            states = [window[field.replace("anomaly", "state")] for window in layer["windows"]]
            changes = [state for before, state in zip([None, *states], states) if state and state != before]
            assert len(runs) == len(changes) and set(runs) == {f"{name} {kind} {state}" for state in changes}

    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    assert numpy.isclose(raw.info["sfreq"], rate) and raw.ch_names == list(wanted)
    assert sorted(raw.annotations.description) == sorted(texts)


def check_connectome(folder):
    """Of traced wiring: the graph as networkx reads it, and pathways as nibabel does, against the strengths and the maps."""
    path = folder / "connectome/connectome.graphml"
    if not path.exists():
        return
    graph = networkx.read_graphml(path)
    regions = pandas.read_csv(folder / "regions.tsv", sep="\t")
    assert graph.number_of_nodes() == len(regions)
    for row in regions.itertuples():
        node = graph.nodes[f"{row.layer}/{row.region}"]
        assert (node["i"], node["j"], node["k"], node["zeta"], node["critical"]) == (
            row.i, row.j, row.k, row.zeta, row.critical)
    numbers = {f"{row.layer}/{row.region}": number for _, own in regions.groupby("layer")
               for number, row in enumerate(own.itertuples())}
    edges = pandas.read_csv(folder / "connectome/edges.csv")
    assert len(edges) == graph.number_of_edges()
    edges["link"] = [a.split("/")[0] + "_to_" + b.split("/")[0].removeprefix("layer_") for a, b in
                     zip(edges.source, edges.target)]
    for link, own in edges.groupby("link"):
        strengths = numpy.load(folder / f"connections/{link}.npy")[0]
        places = [numbers[name] for name in own.source], [numbers[name] for name in own.target]
        numpy.testing.assert_allclose(own.strength, strengths[places], rtol=1e-6)
        rest = strengths.copy()
        rest[places] = 0
        assert rest.max() <= own.strength.min(), f"{link}: a connection that was left out is among the strongest"
    for row in edges.itertuples():
        assert graph.edges[row.source, row.target]["strength"] == row.strength
    tracts = folder / "tracts/pathways.tck"
    if tracts.exists():
        pathways = pandas.read_csv(folder / "pathways.tsv", sep="\t").pathway
        layers = [int(name.removeprefix("layer_")) for name in read(folder / "scan.json")["tracts"]["pathway_layers"]]
        streamlines = nibabel.streamlines.load(tracts).streamlines
        assert len(streamlines) == len(pathways)
        for pathway, points in zip(pathways, streamlines):
            for layer, region, point in zip(layers, pathway.split(" → "), points, strict=False):
                voxel = [int(part) for part in region.split("_")[1:]]
                affine = volume(folder, layer, "stat-effect_statmap").affine
                numpy.testing.assert_allclose(point, (affine @ (*voxel, 1))[:3], atol=1e-3)


def check_plot(folder, impact):
    """A thresholded slice, of the first layer that is a volume."""
    for key, layer in impact.items():
        if min(layer["grid"][:2]) > 1:
            image = volume(folder, int(key.removeprefix("layer_")), "stat-z_statmap")
            thresholded = nilearn.image.threshold_img(image, threshold=2)
            display = nilearn.plotting.plot_stat_map(thresholded, bg_img=None, display_mode="z", cut_coords=1)
            with tempfile.NamedTemporaryFile(suffix=".png") as file:
                display.savefig(file.name)
                assert pathlib.Path(file.name).stat().st_size > 1000
            display.close()
            return


def run_example(folder):
    """The Python example of Docs/files.md, on this scan."""
    example = re.search(r"```python\n(.*?)```", (ROOT / "Docs/files.md").read_text(), re.DOTALL)[1]
    with tempfile.TemporaryDirectory() as scratch:
        code = example.replace('"nnfmri-scan"', repr(str(folder.resolve())))
        assert code != example, "the example doesn't name the folder"
        said = subprocess.run(
            [sys.executable, "-c", code], check=True, cwd=scratch, env={"MPLBACKEND": "Agg", "HOME": scratch}, text=True,
            stdout=subprocess.PIPE).stdout
        effect = float(re.search(r"effect of layer_0: (\S+)", said)[1])
        # Under resample it is the effect with the first donor alone.
        if read(folder / "acquisition/design.json")["lesion"] != "resample":
            assert numpy.isclose(effect, read(folder / "impact.json")["layer_0"]["effect"], rtol=1e-5), f"the example says {effect}"
        assert list(pathlib.Path(scratch).glob("*.png")), "the example draws nothing"


def main():
    for name in sys.argv[1:]:
        folder = pathlib.Path(name)
        count = check_schemas(folder)
        check_bids(folder)
        impact = check_maps(folder)
        check_tables(folder, impact)
        check_contrasts(folder)
        check_connections(folder)
        check_arrays(folder)
        check_signals(folder)
        check_connectome(folder)
        check_plot(folder, impact)
        if any(min(layer["grid"][:2]) > 1 for layer in impact.values()):
            run_example(folder)
        print(f"{folder}: {count} JSON files, the maps of {len(impact)} layers, tables and arrays are as they should be")


main()
