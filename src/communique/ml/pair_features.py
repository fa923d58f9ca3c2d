"""Embedded properties of candidate pairs."""

import numpy
from thinc.api import HashEmbed, Model
from thinc.types import Floats2d, Ints2d


def PairFeatures(width: int, columns: int, rows: int, seed: int) -> Model[Ints2d, Floats2d]:
    """The sum of one embedding for each column: uint64 (pairs, columns) to (pairs, width).

    width (int): Width of the embeddings.
    columns (int): Number of properties.
    rows (int): Rows of each embedding table.
    seed (int): Hashing seed of the first table; the next ones count on.
    """
    embeds = [HashEmbed(nO=width, nV=rows, column=column, seed=seed + column) for column in range(columns)]
    return Model("pair_features", _forward, init=_init, layers=embeds)


def _init(model: Model[Ints2d, Floats2d], X=None, Y=None) -> None:
    for layer in model.layers:
        layer.initialize()


def _forward(model: Model[Ints2d, Floats2d], ids: numpy.ndarray, is_train: bool):
    ids = model.ops.asarray(ids)
    outputs = [layer(ids, is_train) for layer in model.layers]

    def backprop(dY: Floats2d) -> None:
        for _, callback in outputs:
            # HashEmbed applies its dropout to the gradient in place.
            callback(dY.copy())

    return sum(Y for Y, _ in outputs), backprop
