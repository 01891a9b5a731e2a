"""Writes Tests/DistributedTests/attributions.json: what captum makes of the phantom's network.

Run as `.nnfmri/comparison/bin/python Scripts/attribution_oracle.py PROGRAM` in the project's folder, after Scripts/compare-methods
has installed captum. Needed only after a change to the phantom.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from captum.attr import IntegratedGradients, LayerGradCam, LayerGradientXActivation

from onnx_torch import OnnxModule, regions

GRID = (4, 4, 2)
LAYERS = ("block1", "block2", "block3")
STIMULI = 2
STEPS = 32


def main():
    result = {"grid": list(GRID), "stimuli": STIMULI, "steps": STEPS, "layers": {}}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.argv[1], "phantom", "glyphs", "--count", str(STIMULI), "--out", folder], check=True, stdout=subprocess.DEVNULL)
        # Records of CIFAR-10's layout: a label, then 3 x 32 x 32 bytes.
        records = numpy.fromfile(pathlib.Path(folder) / "stimuli.bin", numpy.uint8).reshape(-1, 3073)[:STIMULI]
        images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).astype(numpy.float32) / 255)
        for name in LAYERS:
            model = OnnxModule(f"{folder}/model.onnx", name)
            result["layers"][name] = [attributions(model, image[None]) for image in images]
    path = pathlib.Path("Tests/DistributedTests/attributions.json")
    path.write_text(json.dumps(result, indent=1) + "\n")


def attributions(model, image):
    """What each method gives the regions of one image."""
    target = int(model(image).argmax())
    product = LayerGradientXActivation(model, model.layer).attribute(image, target=target)[0].detach()
    # Grad-CAM's map has no channels: all groups of a cell together.
    cam = LayerGradCam(model, model.layer).attribute(image, target=target)[0].detach()
    integrated = IntegratedGradients(lambda layer: model(image, layer)).attribute(
        model.value(image).detach(), baselines=0, target=target, n_steps=STEPS, method="riemann_middle")[0]
    return {
        "target": target, "integrated_gradients": regions(integrated, GRID).tolist(),
        "gradient_x_activation": regions(product, GRID).tolist(), "grad_cam": regions(cam, (*GRID[:2], 1)).tolist(),
    }


if __name__ == "__main__":
    main()
