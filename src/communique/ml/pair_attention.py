"""What a pair of mentions looks at in its sentence."""

from typing import List, Tuple

import numpy
from thinc.api import HashEmbed, Linear, Model
from thinc.types import Floats2d

# Distance of a token from a mention, in buckets on either side.
BUCKETS = numpy.array([1, 2, 3, 4, 6, 8, 12, 20])
FARTHEST = int(BUCKETS[-1])
# The bucket of every distance from FARTHEST to the left to FARTHEST to the right; 0 is in the mention itself.
BUCKET_OF_DISTANCE = numpy.concatenate(
    [
        numpy.searchsorted(BUCKETS, numpy.arange(FARTHEST, 0, -1), side="right"),
        [0],
        len(BUCKETS) + numpy.searchsorted(BUCKETS, numpy.arange(1, FARTHEST + 1), side="right"),
    ]
)
PLACES = numpy.arange(2 * len(BUCKETS) + 1, dtype="uint64").reshape(-1, 1)
# Pairs that start within so many tokens share a matrix product.
STRETCH = 128


def PairAttention(width: int, heads: int, window: int) -> Model:
    """Dot-product attention (Vaswani et al., 2017) from each pair to the tokens around and between its mentions. The query
    is the sum of one of the head mention and one of the tail mention, and each token's weight has a bias for its
    place beside either, so that a pair finds the word that relates just these two.

    The input is (tokens Floats2d, mentions Floats2d, PairBatch), the output Floats2d (pairs, width).

    width (int): Width of queries, keys and values, over all heads.
    heads (int): Number of attention heads.
    window (int): The most tokens looked at on either side of the pair.
    """
    layers = [
        Linear(nO=width),  # query of the head mention
        Linear(nO=width),  # query of the tail mention
        Linear(nO=width),  # keys
        Linear(nO=width),  # values
        HashEmbed(nO=heads, nV=64, column=0, seed=41),  # place beside the head mention
        HashEmbed(nO=heads, nV=64, column=0, seed=42),  # place beside the tail mention
    ]
    return Model(
        "pair_attention",
        _forward,
        init=_init,
        layers=layers,
        dims={"nI": None, "nM": None, "nO": width},
        attrs={"heads": heads, "window": window},
    )


def _init(model: Model, X=None, Y=None) -> None:
    if model.has_dim("nM") and model.has_dim("nI"):
        for layer, dim in zip(model.layers[:4], ("nM", "nM", "nI", "nI")):
            layer.set_dim("nI", model.get_dim(dim))
    for layer in model.layers:
        layer.initialize()


def _forward(model: Model, X, is_train: bool):
    tokens, mentions, batch = X
    ops, xp = model.ops, model.ops.xp
    n_heads, width = model.attrs["heads"], model.get_dim("nO")
    depth = width // n_heads
    scale = depth**-0.5
    q_head, backprop_q_head = model.layers[0](mentions, is_train)
    q_tail, backprop_q_tail = model.layers[1](mentions, is_train)
    keys, backprop_keys = model.layers[2](tokens, is_train)
    values, backprop_values = model.layers[3](tokens, is_train)
    pairs = ops.asarray(batch.pairs, dtype="i")
    queries = (q_head[pairs[:, 0]] + q_tail[pairs[:, 1]]) * scale
    groups = _groups(batch, model.attrs["window"])
    # There are few places: each is embedded once, and looked up for every token of every pair.
    place_ids = ops.asarray(PLACES)
    bias_head, backprop_bias_head = model.layers[4](place_ids, is_train)
    bias_tail, backprop_bias_tail = model.layers[5](place_ids, is_train)
    places = [
        tuple(ops.asarray(_places(batch, rows, side, start, end), dtype="i") for side in range(2))
        for rows, start, end, _ in groups
    ]
    output = ops.alloc2f(len(batch.pairs), width)
    weights = []
    for (rows, start, end, outside), (of_head, of_tail) in zip(groups, places):
        n, length = len(rows), end - start
        Q = queries[rows].reshape(n, n_heads, depth).transpose(1, 0, 2)
        K = keys[start:end].reshape(length, n_heads, depth).transpose(1, 2, 0)
        V = values[start:end].reshape(length, n_heads, depth).transpose(1, 0, 2)
        S = Q @ K + (bias_head[of_head] + bias_tail[of_tail]).transpose(2, 0, 1)
        S[:, ops.asarray(outside)] = -1e9
        S = xp.exp(S - S.max(axis=2, keepdims=True))
        A = S / S.sum(axis=2, keepdims=True)
        output[rows] = (A @ V).transpose(1, 0, 2).reshape(n, width)
        weights.append(A)

    def backprop(d_output: Floats2d) -> Tuple[Floats2d, Floats2d]:
        d_queries = ops.alloc2f(*queries.shape)
        d_keys, d_values = ops.alloc2f(*keys.shape), ops.alloc2f(*values.shape)
        d_bias_head, d_bias_tail = ops.alloc2f(*bias_head.shape), ops.alloc2f(*bias_tail.shape)
        for (rows, start, end, _), (of_head, of_tail), A in zip(groups, places, weights):
            n, length = len(rows), end - start
            Q = queries[rows].reshape(n, n_heads, depth).transpose(1, 0, 2)
            K = keys[start:end].reshape(length, n_heads, depth).transpose(1, 0, 2)
            V = values[start:end].reshape(length, n_heads, depth).transpose(1, 2, 0)
            dY = d_output[rows].reshape(n, n_heads, depth).transpose(1, 0, 2)
            dA = dY @ V
            d_values[start:end] += (A.transpose(0, 2, 1) @ dY).transpose(1, 0, 2).reshape(length, width)
            dS = A * (dA - (dA * A).sum(axis=2, keepdims=True))
            d_queries[rows] = (dS @ K).transpose(1, 0, 2).reshape(n, width)
            d_keys[start:end] += (dS.transpose(0, 2, 1) @ Q).transpose(1, 0, 2).reshape(length, width)
            d_bias = ops.as_contig(dS.transpose(1, 2, 0).reshape(n * length, n_heads))
            ops.scatter_add(d_bias_head, of_head.ravel(), d_bias)
            ops.scatter_add(d_bias_tail, of_tail.ravel(), d_bias)
        backprop_bias_head(d_bias_head)
        backprop_bias_tail(d_bias_tail)
        d_q_head, d_q_tail = ops.alloc2f(*q_head.shape), ops.alloc2f(*q_tail.shape)
        ops.scatter_add(d_q_head, pairs[:, 0], d_queries * scale)
        ops.scatter_add(d_q_tail, pairs[:, 1], d_queries * scale)
        d_mentions = backprop_q_head(d_q_head) + backprop_q_tail(d_q_tail)
        return backprop_keys(d_keys) + backprop_values(d_values), d_mentions

    return output, backprop


def _groups(batch, window: int) -> List[Tuple[numpy.ndarray, int, int, numpy.ndarray]]:
    """Pairs of one stretch of a sentence: their rows, the tokens that they look at between them, and a mask
    (pairs, tokens) of those that are outside of a pair's window."""
    head, tail = batch.mentions[batch.pairs[:, 0]], batch.mentions[batch.pairs[:, 1]]
    sent = batch.sents[batch.pairs[:, 0]]
    first = numpy.minimum(head[:, 0], tail[:, 0])
    start = numpy.maximum(sent[:, 0], first - window)
    end = numpy.minimum(sent[:, 1], numpy.maximum(head[:, 1], tail[:, 1]) + window)
    stretch = sent[:, 0].astype("int64") * 2**31 + (first - sent[:, 0]) // STRETCH
    order = numpy.argsort(stretch, kind="stable")
    bounds = numpy.flatnonzero(numpy.diff(stretch[order])) + 1
    groups = []
    for rows in numpy.split(order, bounds) if len(order) else []:
        low, high = int(start[rows].min()), int(end[rows].max())
        position = numpy.arange(low, high)[None]
        groups.append((rows, low, high, (position < start[rows, None]) | (position >= end[rows, None])))
    return groups


def _places(batch, rows: numpy.ndarray, side: int, start: int, end: int) -> numpy.ndarray:
    """int (pairs, tokens): where each token stands beside the head (side 0) or the tail (side 1)."""
    position = numpy.arange(start, end)[None]
    mention = batch.mentions[batch.pairs[rows, side]]
    distance = numpy.minimum(position - mention[:, :1], 0) + numpy.maximum(position - mention[:, 1:] + 1, 0)
    return BUCKET_OF_DISTANCE[numpy.clip(distance, -FARTHEST, FARTHEST) + FARTHEST]
