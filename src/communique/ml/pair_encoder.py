"""From token vectors to a vector for each candidate pair."""

from typing import Dict, Tuple

import numpy
from spacy.util import registry
from thinc.api import HashEmbed, Linear, Maxout, Model, chain, noop
from thinc.types import Floats2d, Ints1d, Ints2d

from .pair_attention import PairAttention
from .pair_batch import DISTANCE_BUCKETS, PairBatch
from .pair_features import PairFeatures
from .pooling import pool_by_owner, pool_spans, span_maxima, span_rows

PairVectors = Tuple[Floats2d, Floats2d]  # of the pairs, of the mentions
PairEncoder = Model[Tuple[Floats2d, PairBatch], PairVectors]


@registry.architectures("communique.PairEncoder.v1")
def build_pair_encoder(
    width: int,
    window: int,
    rows: int,
    depth: int,
    dropout: float,
    attention_heads: int,
) -> PairEncoder:
    """Represent a pair by its head and tail, the tokens before, between and behind them, the labels of both and the
    distance and order, in the manner of SpERT (Eberts and Ulges, 2020), and by what it attends to around it. All of
    these are mapped to one width and added, so that what belongs to a mention, or to a window that several pairs have, is
    computed once, not once a pair.

    Every token of a mention carries the label of it, in the manner of the typed markers of Zhong and Chen (2021), so that a
    pair sees what else stands around it. Behind the first hidden layer each pair also learns what the other pairs of its
    mentions look like, in the manner of the propagation in DyGIE (Luan et al., 2019): the nearest
    mention takes the relation, and who signs beside another signs with him. What went into the hidden layers is added to
    what comes out, so that a word that tells a relation by itself need not find its way through them.

    width (int): Width of a pair's vector.
    window (int): The most tokens looked at on either side of the pair.
    rows (int): Rows of the embedding tables of labels and distances.
    depth (int): Number of hidden layers, at least two.
    dropout (float): Dropout of the hidden layers, until training sets its own.
    attention_heads (int): Heads of the attention; they share `width`.
    RAISES: ValueError for a depth under two.
    """
    if depth < 2:
        raise ValueError(f"communique.PairEncoder.v1 needs a depth of two or more, not {depth}")
    hidden = [Maxout(nO=width, nI=width, nP=2, normalize=True, dropout=dropout) for _ in range(depth)]
    layers = {
        "head": Linear(nO=width),
        "tail": Linear(nO=width),
        "before": Linear(nO=width),
        "between": Linear(nO=width),
        "behind": Linear(nO=width),
        "features": PairFeatures(width, columns=4, rows=rows, seed=20),
        "attention": PairAttention(width, attention_heads, window),
        "marks": HashEmbed(nO=None, nV=64, seed=30),
        "first": hidden[0],
        "others_of_head": Linear(nO=width, nI=2 * width),
        "others_of_tail": Linear(nO=width, nI=2 * width),
        "last": chain(noop(), *hidden[1:]),
    }
    return Model(
        "pair_encoder",
        _forward,
        init=_init,
        layers=list(layers.values()),
        refs=layers,
        dims={"nI": None, "nO": width},
        attrs={"window": window},
    )


def _init(model: PairEncoder, X=None, Y=None) -> None:
    nI = model.maybe_get_dim("nI")
    if nI is not None:
        model.get_ref("head").set_dim("nI", 2 * nI)
        model.get_ref("tail").set_dim("nI", 2 * nI)
        for window in ("before", "between", "behind"):
            model.get_ref(window).set_dim("nI", nI)
        model.get_ref("attention").set_dim("nI", nI)
        model.get_ref("attention").set_dim("nM", 2 * nI)
        model.get_ref("marks").set_dim("nO", nI)
    for layer in model.layers:
        layer.initialize()


def _forward(model: PairEncoder, X: Tuple[Floats2d, PairBatch], is_train: bool):
    tokens, batch = X
    ops = model.ops
    n_tokens, width = tokens.shape
    marks, backprop_marks = model.get_ref("marks")(ops.asarray(_token_labels(batch, n_tokens)), is_train)
    tokens = tokens + marks
    # The last row stands for "no token here".
    padded = ops.alloc2f(n_tokens + 1, width)
    padded[:-1] = tokens
    mentions, backprop_mentions = pool_spans(ops, padded, *span_rows(batch.mentions, n_tokens), mean=True)
    heads, backprop_head = model.get_ref("head")(mentions, is_train)
    tails, backprop_tail = model.get_ref("tail")(mentions, is_train)
    features, backprop_features = model.get_ref("features")(_feature_ids(batch), is_train)
    attended, backprop_attention = model.get_ref("attention")((tokens, mentions, batch), is_train)
    rows = ops.asarray(batch.pairs, dtype="i")
    summed = heads[rows[:, 0]] + tails[rows[:, 1]] + features + attended
    backprop_windows = []
    for name, windows in _windows(batch, model.attrs["window"]).items():
        windows, window_of_pair = _distinct(windows)
        window_of_pair = ops.asarray(window_of_pair, dtype="i")
        if is_train:
            pooled, backprop_pooled = pool_spans(ops, padded, *span_rows(windows, n_tokens), mean=False)
        else:
            pooled, backprop_pooled = span_maxima(ops, padded, windows), None
        projected, backprop_projected = model.get_ref(name)(pooled, is_train)
        summed += projected[window_of_pair]
        backprop_windows.append((window_of_pair, projected.shape, backprop_projected, backprop_pooled))
    single, backprop_first = model.get_ref("first")(summed, is_train)
    as_head, backprop_as_head = pool_by_owner(ops, single, batch.pairs[:, 0], len(mentions))
    as_tail, backprop_as_tail = pool_by_owner(ops, single, batch.pairs[:, 1], len(mentions))
    others = ops.xp.hstack([as_head, as_tail])
    of_heads, backprop_of_heads = model.get_ref("others_of_head")(others, is_train)
    of_tails, backprop_of_tails = model.get_ref("others_of_tail")(others, is_train)
    hidden, backprop_last = model.get_ref("last")(
        single + of_heads[rows[:, 0]] + of_tails[rows[:, 1]], is_train
    )
    vectors = hidden + summed

    def by_mention(d_pairs: Floats2d, side: int) -> Floats2d:
        d_side = ops.alloc2f(len(mentions), d_pairs.shape[1])
        ops.scatter_add(d_side, rows[:, side], d_pairs)
        return d_side

    def backprop(d_vectors: PairVectors) -> Floats2d:
        d_pairs, d_mentions = d_vectors
        d_single = backprop_last(d_pairs)
        d_others = backprop_of_heads(by_mention(d_single, 0)) + backprop_of_tails(by_mention(d_single, 1))
        d_as_head, d_as_tail = ops.xp.hsplit(d_others, 2)
        d_single += backprop_as_head(d_as_head) + backprop_as_tail(d_as_tail)
        d_summed = d_pairs + backprop_first(d_single)
        backprop_features(d_summed)
        d_tokens, d_attending = backprop_attention(d_summed)
        d_mentions = d_mentions + d_attending
        d_mentions += backprop_head(by_mention(d_summed, 0)) + backprop_tail(by_mention(d_summed, 1))
        d_padded = ops.alloc2f(*padded.shape)
        backprop_mentions(d_mentions, d_padded)
        for window_of_pair, shape, backprop_projected, backprop_pooled in backprop_windows:
            d_projected = ops.alloc2f(*shape)
            ops.scatter_add(d_projected, window_of_pair, d_summed)
            backprop_pooled(backprop_projected(d_projected), d_padded)
        d_tokens += d_padded[:-1]
        # HashEmbed applies its dropout to the gradient in place.
        backprop_marks(d_tokens.copy())
        return d_tokens

    return (vectors, mentions), backprop


def _token_labels(batch: PairBatch, n_tokens: int) -> Ints1d:
    """uint64 (tokens,): the label of the mention that a token is in, else 0."""
    labels = numpy.zeros((n_tokens,), dtype="uint64")
    rows, lengths = span_rows(batch.mentions, n_tokens)
    # In training, gold mentions stand before predicted ones of the same doc; what is written last stays.
    labels[rows[::-1]] = numpy.repeat(batch.labels, lengths)[::-1]
    return labels


def _windows(batch: PairBatch, window: int) -> Dict[str, Ints2d]:
    """Start and end token before, between and behind each pair: shape (pairs, 2) each."""
    head, tail = batch.mentions[batch.pairs[:, 0]], batch.mentions[batch.pairs[:, 1]]
    start = numpy.minimum(head[:, 0], tail[:, 0])
    end = numpy.maximum(head[:, 1], tail[:, 1])
    sent = batch.sents[batch.pairs[:, 0]]
    return {
        "before": numpy.stack([numpy.maximum(sent[:, 0], start - window), start], axis=1),
        "between": numpy.stack([numpy.minimum(head[:, 1], tail[:, 1]), numpy.maximum(head[:, 0], tail[:, 0])], axis=1),
        "behind": numpy.stack([end, numpy.minimum(sent[:, 1], end + window)], axis=1),
    }


def _distinct(spans: Ints2d) -> Tuple[Ints2d, Ints1d]:
    """Each span once, and the row that it has there."""
    keys, rows = numpy.unique(spans[:, 0].astype("int64") << 32 | spans[:, 1], return_inverse=True)
    return numpy.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1), rows.ravel()


def _feature_ids(batch: PairBatch) -> numpy.ndarray:
    """uint64 (pairs, 4): label of the head, label of the tail, distance and order, mentions between and order."""
    head, tail = batch.mentions[batch.pairs[:, 0]], batch.mentions[batch.pairs[:, 1]]
    forward = head[:, 0] < tail[:, 0]
    gap = numpy.where(forward, tail[:, 0] - head[:, 1], head[:, 0] - tail[:, 1])
    distance = numpy.searchsorted(DISTANCE_BUCKETS, gap, side="right") * 2 + forward
    between = numpy.minimum(batch.between, 8) * 2 + forward
    return numpy.stack(
        [
            batch.labels[batch.pairs[:, 0]],
            batch.labels[batch.pairs[:, 1]],
            distance.astype("uint64"),
            between.astype("uint64"),
        ],
        axis=1,
    ).astype("uint64")
