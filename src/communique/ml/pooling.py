"""Vectors of groups of rows: of the tokens of a span, and of the pairs that a mention is in."""

from typing import Callable, Tuple

import numpy
from thinc.api import Ops
from thinc.types import Floats2d, Ints1d, Ints2d


def span_rows(spans: Ints2d, pad: int) -> Tuple[Ints1d, Ints1d]:
    """The tokens of all spans one after the other, and the number of each; an empty span has the row `pad`."""
    lengths = spans[:, 1] - spans[:, 0]
    empty = lengths <= 0
    lengths = numpy.where(empty, 1, lengths)
    starts = numpy.where(empty, pad, spans[:, 0])
    offsets = numpy.cumsum(lengths) - lengths
    rows = numpy.arange(lengths.sum()) - numpy.repeat(offsets - starts, lengths)
    return rows.astype("i"), lengths.astype("i")


def pool_spans(
    ops: Ops, padded: Floats2d, rows: Ints1d, lengths: Ints1d, mean: bool
) -> Tuple[Floats2d, Callable[[Floats2d, Floats2d], None]]:
    """Maximum over the rows of each span, and behind it their mean if asked for: (spans, width or 2 width). The
    callback adds to a gradient of `padded`."""
    rows, lengths = ops.asarray(rows), ops.asarray(lengths)
    gathered = padded[rows]
    width = padded.shape[1]
    maxes, which = ops.reduce_max(gathered, lengths)
    pooled = ops.xp.hstack([maxes, ops.reduce_mean(gathered, lengths)]) if mean else maxes

    def backprop(d_pooled: Floats2d, d_padded: Floats2d) -> None:
        d_gathered = ops.backprop_reduce_max(ops.as_contig(d_pooled[:, :width]), which, lengths)
        if mean:
            d_gathered += ops.backprop_reduce_mean(ops.as_contig(d_pooled[:, width:]), lengths)
        ops.scatter_add(d_padded, rows, d_gathered)

    return pooled, backprop


def span_maxima(ops: Ops, padded: Floats2d, spans: Ints2d) -> Floats2d:
    """What `pool_spans` gives without a mean and without a way back: (spans, width). The maximum over a span is that over two
    overlapping powers of two of rows, and these are computed once for all spans that share them (Bender and
    Farach-Colton, 2000).

    padded (Floats2d): The rows, and behind them one for empty spans.
    spans (Ints2d): First row and the one behind the last, on the CPU.
    """
    lengths = spans[:, 1] - spans[:, 0]
    empty = lengths <= 0
    starts = numpy.where(empty, len(padded) - 1, spans[:, 0])
    ends = numpy.where(empty, len(padded), spans[:, 1])
    levels = numpy.frexp(numpy.maximum(lengths, 1))[1] - 1
    maxima = ops.alloc2f(len(spans), padded.shape[1])
    of_power = padded
    for level in range(int(levels.max(initial=0)) + 1):
        if level:
            half = 2 ** (level - 1)
            of_power = ops.xp.maximum(of_power[:-half], of_power[half:])
        chosen = numpy.flatnonzero(levels == level)
        first = ops.asarray(starts[chosen], dtype="i")
        last = ops.asarray(ends[chosen] - 2**level, dtype="i")
        maxima[ops.asarray(chosen, dtype="i")] = ops.xp.maximum(of_power[first], of_power[last])
    return maxima


def pool_by_owner(
    ops: Ops, X: Floats2d, owners: Ints1d, n_owners: int
) -> Tuple[Floats2d, Callable[[Floats2d], Floats2d]]:
    """Maximum over the rows of each owner: (rows, width) to (owners, width), zero for an owner of none.

    owners (Ints1d): The owner of each row, on the CPU.
    """
    counts = numpy.bincount(owners, minlength=n_owners)
    having = ops.asarray(numpy.flatnonzero(counts), dtype="i")
    lengths = ops.asarray(counts[counts > 0], dtype="i")
    order = ops.asarray(numpy.argsort(owners, kind="stable"), dtype="i")
    maxes, which = ops.reduce_max(X[order], lengths)
    pooled = ops.alloc2f(n_owners, X.shape[1])
    pooled[having] = maxes

    def backprop(d_pooled: Floats2d) -> Floats2d:
        dX = ops.alloc2f(*X.shape)
        dX[order] = ops.backprop_reduce_max(ops.as_contig(d_pooled[having]), which, lengths)
        return dX

    return pooled, backprop
