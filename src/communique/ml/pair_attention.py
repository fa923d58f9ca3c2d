"""What a pair of mentions looks at in its sentence."""

from dataclasses import dataclass
from typing import List, Tuple

import numpy
from thinc.api import HashEmbed, Linear, Model, Ops
from thinc.types import Floats2d, Floats3d, Floats4d, Ints1d, Ints2d, Ints3d

from .pair_batch import PairBatch

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
# Pairs of one sentence that start within so many tokens are computed together, and so many such stretches in one block.
STRETCH = 128
BLOCK = 32


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
    # There are few places: each is embedded once, and looked up for every token beside every mention.
    place_ids = ops.asarray(PLACES)
    bias_head, backprop_bias_head = model.layers[4](place_ids, is_train)
    bias_tail, backprop_bias_tail = model.layers[5](place_ids, is_train)
    blocks = [block.on(ops) for block in _blocks(batch, model.attrs["window"], len(tokens))]
    output = ops.alloc2f(len(batch.pairs), width)
    weights = []
    for block in blocks:
        K = _split(keys[block.tokens], n_heads).transpose(0, 1, 3, 2)
        V = _split(values[block.tokens], n_heads)
        # What a query gives is the sum of what its two mentions give, and that is computed once a mention.
        of_pair = 0.0
        for side, (q, bias) in enumerate(((q_head, bias_head), (q_tail, bias_tail))):
            of_mention = (_split(q[block.mentions], n_heads) * scale) @ K
            of_mention += bias[block.places].transpose(0, 3, 1, 2)
            of_pair = of_pair + _rows(of_mention)[block.pairs[side]]
        A = of_pair.reshape(*block.rows.shape, n_heads, -1)
        A += block.outside
        A -= A.max(axis=3, keepdims=True)
        A = xp.exp(A, out=A)
        A /= A.sum(axis=3, keepdims=True)
        output[block.rows[block.real]] = _join(A.transpose(0, 2, 1, 3) @ V)[block.real]
        weights.append(A)

    def backprop(d_output: Floats2d) -> Tuple[Floats2d, Floats2d]:
        d_q_head, d_q_tail = ops.alloc2f(*q_head.shape), ops.alloc2f(*q_tail.shape)
        d_keys, d_values = ops.alloc2f(*keys.shape), ops.alloc2f(*values.shape)
        d_bias_head, d_bias_tail = ops.alloc2f(*bias_head.shape), ops.alloc2f(*bias_tail.shape)
        for block, A in zip(blocks, weights):
            K = _split(keys[block.tokens], n_heads)
            V = _split(values[block.tokens], n_heads).transpose(0, 1, 3, 2)
            dY = _split(d_output[block.rows] * block.real[:, :, None], n_heads)
            d_V = A.transpose(0, 2, 3, 1) @ dY
            ops.scatter_add(d_values, block.tokens.ravel(), _join(d_V).reshape(-1, width))
            dA = (dY @ V).transpose(0, 2, 1, 3)
            dS = A * (dA - (dA * A).sum(axis=3, keepdims=True))
            dS = dS.reshape(len(dS) * dS.shape[1], -1)
            n_sents, n_mentions = block.mentions.shape
            for side, (q, d_q, d_bias) in enumerate(
                ((q_head, d_q_head, d_bias_head), (q_tail, d_q_tail, d_bias_tail))
            ):
                d_rows = ops.alloc2f(n_sents * n_mentions, dS.shape[1])
                ops.scatter_add(d_rows, block.pairs[side], dS)
                d_mention = d_rows.reshape(n_sents, n_mentions, n_heads, -1).transpose(0, 2, 1, 3)
                d_Q = _join(d_mention @ K) * scale
                ops.scatter_add(d_q, block.mentions.ravel(), d_Q.reshape(-1, width))
                d_K = _join(d_mention.transpose(0, 1, 3, 2) @ _split(q[block.mentions], n_heads)) * scale
                ops.scatter_add(d_keys, block.tokens.ravel(), d_K.reshape(-1, width))
                d_places = ops.as_contig(d_mention.transpose(0, 2, 3, 1)).reshape(-1, n_heads)
                ops.scatter_add(d_bias, block.places.ravel(), d_places)
        backprop_bias_head(d_bias_head)
        backprop_bias_tail(d_bias_tail)
        d_mentions = backprop_q_head(d_q_head) + backprop_q_tail(d_q_tail)
        return backprop_keys(d_keys) + backprop_values(d_values), d_mentions

    return output, backprop


def _split(X: Floats3d, heads: int) -> Floats4d:
    """(sentences, rows, width) to (sentences, heads, rows, width / heads)."""
    return X.reshape(*X.shape[:2], heads, -1).transpose(0, 2, 1, 3)


def _join(X: Floats4d) -> Floats3d:
    """The reverse of `_split`."""
    return X.transpose(0, 2, 1, 3).reshape(X.shape[0], X.shape[2], -1)


def _rows(X: Floats4d) -> Floats2d:
    """(sentences, heads, mentions, tokens) to (sentences * mentions, heads * tokens)."""
    n_sents, n_heads, n_mentions, n_tokens = X.shape
    return X.transpose(0, 2, 1, 3).reshape(n_sents * n_mentions, n_heads * n_tokens)


@dataclass
class Block:
    """The pairs of some sentences with about as many pairs each, padded so that they share one matrix product. Of a very
    long sentence, a stretch counts as a sentence.

    tokens (Ints2d): The tokens that each sentence's pairs look at, shape (sentences, tokens).
    mentions (Ints2d): The mentions of each sentence's pairs, shape (sentences, mentions).
    rows (Ints2d): The pairs, shape (sentences, pairs).
    real (Bools2d): Which of `rows` are no padding.
    pairs (Tuple[Ints1d, Ints1d]): Head and tail of each pair as places in the flat `mentions`.
    outside (Floats4d): -1e9 for a token outside of a pair's window, else 0, shape (sentences, pairs, 1, tokens).
    places (Ints3d): Where each token stands beside each mention, as a row of PLACES, shape (sentences, mentions, tokens).
    """

    tokens: Ints2d
    mentions: Ints2d
    rows: Ints2d
    real: Ints2d
    pairs: Tuple[Ints1d, Ints1d]
    outside: Floats4d
    places: Ints3d

    def on(self, ops: Ops) -> "Block":
        """The same block on the device of the ops."""
        return Block(
            ops.asarray(self.tokens, dtype="i"),
            ops.asarray(self.mentions, dtype="i"),
            ops.asarray(self.rows, dtype="i"),
            ops.asarray(self.real),
            (ops.asarray(self.pairs[0], dtype="i"), ops.asarray(self.pairs[1], dtype="i")),
            ops.asarray(self.outside, dtype="f"),
            ops.asarray(self.places, dtype="i"),
        )


def _blocks(batch: PairBatch, window: int, n_tokens: int) -> List[Block]:
    n_pairs = len(batch.pairs)
    if not n_pairs:
        return []
    head, tail = batch.mentions[batch.pairs[:, 0]], batch.mentions[batch.pairs[:, 1]]
    sent = batch.sents[batch.pairs[:, 0]]
    left = numpy.minimum(head[:, 0], tail[:, 0])
    start = numpy.maximum(sent[:, 0], left - window)
    end = numpy.minimum(sent[:, 1], numpy.maximum(head[:, 1], tail[:, 1]) + window)
    stretch = sent[:, 0].astype("int64") * 2**31 + (left - sent[:, 0]) // STRETCH
    _, number = numpy.unique(stretch, return_inverse=True)
    order = numpy.argsort(number, kind="stable")
    pair_counts = numpy.bincount(number)
    pair_starts = numpy.cumsum(pair_counts) - pair_counts
    low = numpy.minimum.reduceat(start[order], pair_starts)
    high = numpy.maximum.reduceat(end[order], pair_starts)
    # Each mention once a stretch.
    keys = number[:, None].astype("int64") * len(batch.mentions) + batch.pairs
    seen, mention_of_side = numpy.unique(keys, return_inverse=True)
    mention_of_side = mention_of_side.reshape(-1, 2)
    mention_counts = numpy.bincount(seen // len(batch.mentions))
    mention_starts = numpy.cumsum(mention_counts) - mention_counts
    seen %= len(batch.mentions)
    blocks = []
    by_size = numpy.lexsort((high - low, pair_counts))
    for chosen in numpy.split(by_size, numpy.arange(BLOCK, len(by_size), BLOCK)):
        places_of_pairs, real = _padded(pair_starts[chosen], pair_counts[chosen])
        rows = order[places_of_pairs]
        places_of_mentions, _ = _padded(mention_starts[chosen], mention_counts[chosen])
        mentions = seen[places_of_mentions]
        position = low[chosen, None] + numpy.arange((high - low)[chosen].max())
        outside = (position[:, None] < start[rows][:, :, None]) | (position[:, None] >= end[rows][:, :, None])
        first = numpy.arange(len(chosen)) * mentions.shape[1] - mention_starts[chosen]
        heads, tails = ((mention_of_side[rows, side] + first[:, None]).ravel() for side in range(2))
        blocks.append(
            Block(
                numpy.minimum(position, n_tokens - 1),
                mentions,
                rows,
                real,
                (heads, tails),
                numpy.where(outside, -1e9, 0.0)[:, :, None],
                _places(batch.mentions[mentions], position),
            )
        )
    return blocks


def _padded(starts: numpy.ndarray, counts: numpy.ndarray) -> Tuple[Ints2d, Ints2d]:
    """The numbers start, start + 1, ... of each count as a row, the first one again behind its end; and which are no padding."""
    offsets = numpy.arange(counts.max())[None]
    real = offsets < counts[:, None]
    return starts[:, None] + numpy.where(real, offsets, 0), real


def _places(mentions: Ints3d, position: Ints2d) -> Ints3d:
    position = position[:, None]
    distance = numpy.minimum(position - mentions[:, :, :1], 0) + numpy.maximum(position - mentions[:, :, 1:] + 1, 0)
    return BUCKET_OF_DISTANCE[numpy.clip(distance, -FARTHEST, FARTHEST) + FARTHEST]
