"""Lesions regions of a CIFAR-10 network in PyTorch, by code that shares nothing with the program."""
import numpy
import torch

from onnx_torch import OnnxModule

torch.set_num_threads(1)
BATCH = 64


class LesionedLayer:
    """A layer of a network: answers with sets of its regions at 0."""

    def __init__(self, model, tensor, grid):
        self.network = OnnxModule(model, tensor)
        self.grid = grid
        self.kept = {}

    def activations(self, images):
        with torch.no_grad():
            return torch.cat([self.network.value(part) for part in torch.from_numpy(images).split(BATCH)])

    def region_of_unit(self, shape):
        """`[channels x height x width]` numbers of regions."""
        channels, height, width = shape
        rows, columns, groups = (min(cells, length) for cells, length in zip(self.grid, (height, width, channels)))
        row, column = torch.arange(height) * rows // height, torch.arange(width) * columns // width
        group = torch.arange(channels) * groups // channels
        return group[:, None, None] + groups * (column[None, None, :] + columns * row[None, :, None])

    def scores(self, activations, lesioned):
        """`[stimuli x classes]`. - `lesioned`: regions, the same for all stimuli, or a list of them a stimulus."""
        regions = self.region_of_unit(activations.shape[1:])
        count = int(regions.max()) + 1
        masks = torch.ones(len(activations), count)
        for stimulus in range(len(activations)):
            own = lesioned[stimulus] if len(lesioned) and numpy.ndim(lesioned[0]) else lesioned
            masks[stimulus, torch.as_tensor(numpy.asarray(own, dtype=int))] = 0
        with torch.no_grad():
            # The image is only looked at where something passes the layer on its side.
            return torch.cat([
                self.network(None, part * mask[:, regions])
                for part, mask in zip(activations.split(BATCH), masks.split(BATCH))]).numpy()


def rings(grid):
    """`[regions]`: how far each region's cell is from the middle, as a number that is equal for equal distances."""
    rows, columns, groups = grid
    i, j, _ = numpy.meshgrid(range(rows), range(columns), range(groups), indexing="ij")
    return (((2 * i + 1 - rows) * columns) ** 2 + ((2 * j + 1 - columns) * rows) ** 2).ravel()


def as_central(regions, grid, random):
    """As many regions, each as far from the middle as one of those given, drawn without replacement."""
    distances = rings(grid)
    drawn = []
    for distance in numpy.unique(distances[regions]):
        members = numpy.flatnonzero(distances == distance)
        drawn.extend(random.choice(members, size=int((distances[regions] == distance).sum()), replace=False))
    return numpy.array(drawn, dtype=int)
