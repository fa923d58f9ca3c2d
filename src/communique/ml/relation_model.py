"""The network of the relation extractor: one pass from token vectors to the scores of all candidate pairs."""

from dataclasses import dataclass
from typing import List, Optional, Tuple

import numpy
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import (
    HashEmbed,
    Linear,
    Maxout,
    Model,
    Ops,
    chain,
    list2array,
    noop,
    zero_init,
)
from thinc.types import Floats1d, Floats2d, Floats3d

from ..pipeline.candidates import Candidates
from .pair_attention import PairAttention

N_FACTUALITIES = 3
# Tokens between two spans, and mentions between them, each in a bucket.
DISTANCE_BUCKETS = numpy.array([0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 30, 45])
WINDOWS = 3  # before the pair, between its mentions, behind it


@dataclass
class RelationScores:
    """Logits, for the candidate pairs of a batch one after the other.

    relations (Floats2d): Of each label, shape (pairs, labels).
    factuality (Floats3d): Of each factuality, were the label right, shape (pairs, labels, 3).
    dates (Floats1d): Of each date that a pair could have, over the logit 0 of having none, shape (edges,).
    date_edges (Ints2d): Pair and mention of each of these, counted through the batch, shape (edges, 2).
    """

    relations: Floats2d
    factuality: Floats3d
    dates: Floats1d
    date_edges: numpy.ndarray


@dataclass
class PairBatch:
    """The candidates of several docs as one set of arrays; tokens and mentions count through the batch."""

    mentions: numpy.ndarray
    labels: numpy.ndarray
    sents: numpy.ndarray
    pairs: numpy.ndarray
    between: numpy.ndarray  # mentions between head and tail
    date_edges: numpy.ndarray

    @classmethod
    def from_candidates(cls, candidates: List[Candidates], lengths: List[int]) -> "PairBatch":
        """lengths: Tokens of each doc."""
        token = numpy.cumsum([0, *lengths])
        row = numpy.cumsum([0, *(len(c.mentions) for c in candidates)])
        pair = numpy.cumsum([0, *map(len, candidates)])
        between, edges = [], [numpy.zeros((0, 2), dtype="i")]
        for i, c in enumerate(candidates):
            between.append(numpy.abs(c.pairs[:, 0] - c.pairs[:, 1]) - 1)
            dates = numpy.flatnonzero(c.dates)
            if len(dates) and len(c.pairs):
                same = c.sents[c.pairs[:, 0], 0][:, None] == c.sents[dates, 0][None]
                same &= c.pairs[:, :1] != dates[None]
                same &= c.pairs[:, 1:] != dates[None]
                p, d = numpy.nonzero(same)
                edges.append(numpy.stack([p + pair[i], dates[d] + row[i]], axis=1).astype("i"))
        return cls(
            numpy.concatenate([c.mentions + t for c, t in zip(candidates, token)]),
            numpy.concatenate([c.labels for c in candidates]),
            numpy.concatenate([c.sents + t for c, t in zip(candidates, token)]),
            numpy.concatenate([c.pairs + r for c, r in zip(candidates, row)]),
            numpy.concatenate(between),
            numpy.concatenate(edges),
        )


PairVectors = Tuple[Floats2d, Floats2d]  # of the pairs, of the mentions
PairEncoder = Model[Tuple[Floats2d, PairBatch], PairVectors]
PairScorer = Model[Tuple[Floats2d, Floats2d, PairBatch], RelationScores]
RelationModel = Model[Tuple[List[Doc], List[Candidates]], RelationScores]


@registry.architectures("communique.RelationModel.v1")
def build_relation_model(
    tok2vec: Model[List[Doc], List[Floats2d]], encoder: PairEncoder, scorer: PairScorer
) -> RelationModel:
    """Build a relation model, given a token-to-vector model, an encoder that turns candidates into
    vectors, and a scorer that turns those into logits.

    tok2vec (Model[List[Doc], List[Floats2d]]): The tok2vec model.
    encoder (Model[Tuple[Floats2d, PairBatch], PairVectors]): The pair encoder.
    scorer (Model[Tuple[Floats2d, Floats2d, PairBatch], RelationScores]): The scorer.
    """
    tokens = chain(tok2vec, list2array())
    return Model(
        "relation_model",
        _forward,
        init=_init,
        layers=[tokens, encoder, scorer],
        refs={"tok2vec": tok2vec, "tokens": tokens, "encoder": encoder, "scorer": scorer},
    )


def _init(model: RelationModel, X=None, Y: Optional[RelationScores] = None) -> None:
    tok2vec, encoder, scorer = (model.get_ref(name) for name in ("tok2vec", "encoder", "scorer"))
    docs = None if X is None else X[0]
    model.get_ref("tokens").initialize(X=docs)
    width = tok2vec.maybe_get_dim("nO")
    if width is None and docs:  # a listener to a transformer learns its width only from an output
        width = tok2vec.predict(docs)[0].shape[1]
    if width is not None:
        encoder.set_dim("nI", width)
        scorer.set_dim("nI", width)
    if Y is not None:
        scorer.set_dim("nO", Y.relations.shape[1])
    encoder.initialize()
    scorer.set_dim("nP", encoder.get_dim("nO"))
    scorer.initialize()


def _forward(model: RelationModel, X: Tuple[List[Doc], List[Candidates]], is_train: bool):
    docs, candidates = X
    tokens, backprop_tokens = model.get_ref("tokens")(docs, is_train)
    if not any(map(len, candidates)):
        # A shared tok2vec waits for the gradient of its last listener also when that has nothing to say.
        return _no_scores(model), lambda d_scores: backprop_tokens(model.ops.alloc(tokens.shape))
    batch = PairBatch.from_candidates(candidates, [len(doc) for doc in docs])
    (pairs, mentions), backprop_vectors = model.get_ref("encoder")((tokens, batch), is_train)
    scores, backprop_scores = model.get_ref("scorer")((pairs, mentions, batch), is_train)

    def backprop(d_scores: RelationScores):
        return backprop_tokens(backprop_vectors(backprop_scores(d_scores)))

    return scores, backprop


def _no_scores(model: RelationModel) -> RelationScores:
    n_labels = model.get_ref("scorer").get_dim("nO")
    ops = model.ops
    return RelationScores(
        ops.alloc2f(0, n_labels),
        ops.alloc3f(0, n_labels, N_FACTUALITIES),
        ops.alloc1f(0),
        numpy.zeros((0, 2), dtype="i"),
    )


@registry.architectures("communique.PairEncoder.v1")
def build_pair_encoder(
    width: int, window: int, rows: int, depth: int, dropout: float, attention_heads: int
) -> PairEncoder:
    """Represent a pair by its head and tail, the tokens before, between and behind them, the labels of both and the
    distance and order, in the manner of SpERT (Eberts and Ulges, 2020), and by what it attends to around it. All of
    these are mapped to one width and added, so that what belongs to a mention is computed once a mention, not once
    a pair.

    width (int): Width of a pair's vector.
    window (int): The most tokens looked at on either side of the pair.
    rows (int): Rows of the embedding tables of labels and distances.
    depth (int): Number of hidden layers, at least one.
    dropout (float): Dropout of the hidden layers, until training sets its own.
    attention_heads (int): Heads of the attention; they share `width`.
    """
    hidden = chain(
        noop(), *[Maxout(nO=width, nI=width, nP=2, normalize=True, dropout=dropout) for _ in range(depth)]
    )
    head, tail, context = Linear(nO=width), Linear(nO=width), Linear(nO=width)
    embeds = [HashEmbed(nO=width, nV=rows, column=column, seed=20 + column) for column in range(4)]
    features = Model("pair_features", _embed_forward, layers=embeds, init=_embed_init)
    return Model(
        "pair_encoder",
        _encoder_forward,
        init=_encoder_init,
        layers=[head, tail, context, features, hidden, PairAttention(width, attention_heads, window)],
        dims={"nI": None, "nO": width},
        attrs={"window": window},
    )


def _embed_init(model: Model, X=None, Y=None) -> None:
    for layer in model.layers:
        layer.initialize()


def _embed_forward(model: Model, ids: numpy.ndarray, is_train: bool):
    """The sum of one embedding a column: uint64 (pairs, columns) to (pairs, width)."""
    ids = model.ops.asarray(ids)
    outputs = [layer(ids, is_train) for layer in model.layers]
    total = sum(Y for Y, _ in outputs)

    def backprop(dY: Floats2d):
        for _, callback in outputs:
            callback(dY)

    return total, backprop


def _encoder_init(model: PairEncoder, X=None, Y=None) -> None:
    head, tail, context, features, hidden, attention = model.layers
    nI = model.maybe_get_dim("nI")
    if nI is not None:
        head.set_dim("nI", 2 * nI)
        tail.set_dim("nI", 2 * nI)
        context.set_dim("nI", WINDOWS * nI)
        attention.set_dim("nI", nI)
        attention.set_dim("nM", 2 * nI)
    for layer in model.layers:
        layer.initialize()


def _encoder_forward(model: PairEncoder, X: Tuple[Floats2d, PairBatch], is_train: bool):
    tokens, batch = X
    ops = model.ops
    head, tail, context, features, hidden, attention = model.layers
    n_tokens, width = tokens.shape
    # The last row stands for "no token here".
    padded = ops.alloc2f(n_tokens + 1, width)
    padded[:-1] = tokens
    m_rows, m_lengths = _gather_rows(batch.mentions, n_tokens)
    mentions, backprop_mentions = _pool(ops, padded, m_rows, m_lengths, mean=True)
    # Both directions of a pair stand between the same tokens.
    windows, window_of_pair = numpy.unique(_windows(batch, model.attrs["window"]), axis=0, return_inverse=True)
    window_of_pair = ops.asarray(window_of_pair.ravel(), dtype="i")
    w_rows, w_lengths = _gather_rows(windows.reshape(-1, 2), n_tokens)
    pooled, backprop_windows = _pool(ops, padded, w_rows, w_lengths, mean=False)
    heads, backprop_head = head(mentions, is_train)
    tails, backprop_tail = tail(mentions, is_train)
    around, backprop_context = context(pooled.reshape(len(windows), WINDOWS * width), is_train)
    embedded, backprop_features = features(_feature_ids(batch), is_train)
    attended, backprop_attention = attention((tokens, mentions, batch), is_train)
    rows = ops.asarray(batch.pairs, dtype="i")
    summed = heads[rows[:, 0]] + tails[rows[:, 1]] + around[window_of_pair] + embedded + attended
    vectors, backprop_hidden = hidden(summed, is_train)

    def backprop(d_vectors: Tuple[Floats2d, Floats2d]) -> Floats2d:
        d_pairs, d_mentions = d_vectors
        d_summed = backprop_hidden(d_pairs)
        backprop_features(d_summed)
        d_heads = ops.alloc2f(*heads.shape)
        d_tails = ops.alloc2f(*tails.shape)
        ops.scatter_add(d_heads, rows[:, 0], d_summed)
        ops.scatter_add(d_tails, rows[:, 1], d_summed)
        d_tokens, d_attending = backprop_attention(d_summed)
        d_mentions = d_mentions + backprop_head(d_heads) + backprop_tail(d_tails) + d_attending
        d_padded = ops.alloc2f(*padded.shape)
        backprop_mentions(d_mentions, d_padded)
        d_around = ops.alloc2f(*around.shape)
        ops.scatter_add(d_around, window_of_pair, d_summed)
        backprop_windows(backprop_context(d_around).reshape(len(windows) * WINDOWS, width), d_padded)
        return d_padded[:-1] + d_tokens

    return (vectors, mentions), backprop


def _gather_rows(spans: numpy.ndarray, pad: int) -> Tuple[numpy.ndarray, numpy.ndarray]:
    """The tokens of all spans one after the other, and the number of each; an empty span has the row `pad`."""
    lengths = spans[:, 1] - spans[:, 0]
    empty = lengths <= 0
    lengths = numpy.where(empty, 1, lengths)
    starts = numpy.where(empty, pad, spans[:, 0])
    offsets = numpy.cumsum(lengths) - lengths
    rows = numpy.arange(lengths.sum()) - numpy.repeat(offsets - starts, lengths)
    return rows.astype("i"), lengths.astype("i")


def _pool(ops: Ops, padded: Floats2d, rows: numpy.ndarray, lengths: numpy.ndarray, mean: bool):
    """Maximum over the rows of each span, and behind it their mean if asked for: (spans, width or 2 width)."""
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


def _windows(batch: PairBatch, window: int) -> numpy.ndarray:
    """Start and end token before, between and behind each pair: shape (pairs, 3, 2)."""
    head, tail = batch.mentions[batch.pairs[:, 0]], batch.mentions[batch.pairs[:, 1]]
    start = numpy.minimum(head[:, 0], tail[:, 0])
    end = numpy.maximum(head[:, 1], tail[:, 1])
    sent = batch.sents[batch.pairs[:, 0]]
    windows = numpy.zeros((len(batch.pairs), WINDOWS, 2), dtype="i")
    windows[:, 0, 0] = numpy.maximum(sent[:, 0], start - window)
    windows[:, 0, 1] = start
    windows[:, 1, 0] = numpy.minimum(head[:, 1], tail[:, 1])
    windows[:, 1, 1] = numpy.maximum(head[:, 0], tail[:, 0])
    windows[:, 2, 0] = end
    windows[:, 2, 1] = numpy.minimum(sent[:, 1], end + window)
    return windows


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


@registry.architectures("communique.PairScorer.v1")
def build_pair_scorer(date_width: int, nO: Optional[int] = None) -> PairScorer:
    """Score a pair's labels, the factuality of each, and the dates of its sentence.

    The factuality's logits are the sum of one that all labels share and one of each label, so that a rare
    relation is negated as the frequent ones are.

    date_width (int): Hidden width of the date scorer.
    nO (Optional[int]): Number of labels; None until the component is initialized.
    """
    relations = Linear(init_W=zero_init, init_b=_rare_init)
    factuality = Linear(init_W=zero_init)
    date_pair, date_mention = Linear(nO=date_width), Linear(nO=date_width)
    date_position = Model(
        "date_position", _embed_forward, layers=[HashEmbed(nO=date_width, nV=64, column=0, seed=31)], init=_embed_init
    )
    date_output = chain(
        Maxout(nO=date_width, nI=date_width, nP=2), Linear(nO=1, nI=date_width, init_W=zero_init)
    )
    return Model(
        "pair_scorer",
        _scorer_forward,
        init=_scorer_init,
        layers=[relations, factuality, date_pair, date_mention, date_position, date_output],
        # nI: of a token, nP: of a pair, nO: labels
        dims={"nI": None, "nP": None, "nO": nO},
    )


def _rare_init(ops: Ops, shape: Tuple[int, ...]) -> Floats1d:
    """A pair seldom has any given label: start from a probability of 2%, not of a half."""
    return ops.alloc(shape) - 4.0


def _scorer_init(model: PairScorer, X=None, Y=None) -> None:
    relations, factuality, date_pair, date_mention, _, _ = model.layers
    n_labels = model.maybe_get_dim("nO")
    if n_labels is not None:
        relations.set_dim("nO", n_labels)
        factuality.set_dim("nO", N_FACTUALITIES * (n_labels + 1))
    for layer in (relations, factuality, date_pair):
        layer.set_dim("nI", model.get_dim("nP"))
    if model.has_dim("nI"):
        date_mention.set_dim("nI", 2 * model.get_dim("nI"))
    for layer in model.layers:
        layer.initialize()


def _scorer_forward(model: PairScorer, X: Tuple[Floats2d, Floats2d, PairBatch], is_train: bool):
    pairs, mentions, batch = X
    ops = model.ops
    relations, factuality, date_pair, date_mention, date_position, date_output = model.layers
    n, n_labels = pairs.shape[0], model.get_dim("nO")
    relation_logits, backprop_relations = relations(pairs, is_train)
    flat, backprop_factuality = factuality(pairs, is_train)
    flat = flat.reshape(n, n_labels + 1, N_FACTUALITIES)
    factuality_logits = flat[:, :1] + flat[:, 1:]
    scores = RelationScores(relation_logits, factuality_logits, ops.alloc1f(0), batch.date_edges)
    edges = ops.asarray(batch.date_edges, dtype="i")
    # A Maxout layer cannot take zero rows back.
    if len(edges):
        of_pairs, backprop_date_pair = date_pair(pairs, is_train)
        of_mentions, backprop_date_mention = date_mention(mentions, is_train)
        of_positions, backprop_position = date_position(_date_positions(batch), is_train)
        summed = of_pairs[edges[:, 0]] + of_mentions[edges[:, 1]] + of_positions
        date_logits, backprop_dates = date_output(summed, is_train)
        scores.dates = date_logits[:, 0]

    def backprop(d_scores: RelationScores) -> Tuple[Floats2d, Floats2d]:
        d_flat = ops.alloc3f(n, n_labels + 1, N_FACTUALITIES)
        d_flat[:, 1:] = d_scores.factuality
        d_flat[:, 0] = d_scores.factuality.sum(axis=1)
        d_pairs = backprop_relations(d_scores.relations)
        d_pairs += backprop_factuality(d_flat.reshape(n, -1))
        d_mentions = ops.alloc2f(*mentions.shape)
        if len(edges):
            d_summed = backprop_dates(d_scores.dates.reshape(-1, 1))
            backprop_position(d_summed)
            d_of_pairs, d_of_mentions = ops.alloc2f(*of_pairs.shape), ops.alloc2f(*of_mentions.shape)
            ops.scatter_add(d_of_pairs, edges[:, 0], d_summed)
            ops.scatter_add(d_of_mentions, edges[:, 1], d_summed)
            d_pairs += backprop_date_pair(d_of_pairs)
            d_mentions += backprop_date_mention(d_of_mentions)
        return d_pairs, d_mentions

    return scores, backprop


def _date_positions(batch: PairBatch) -> numpy.ndarray:
    """uint64 (edges, 1): whether the date stands before, between or behind the pair, and how far from it."""
    pairs, dates = batch.pairs[batch.date_edges[:, 0]], batch.mentions[batch.date_edges[:, 1]]
    head, tail = batch.mentions[pairs[:, 0]], batch.mentions[pairs[:, 1]]
    start, end = numpy.minimum(head[:, 0], tail[:, 0]), numpy.maximum(head[:, 1], tail[:, 1])
    before, behind = dates[:, 1] <= start, dates[:, 0] >= end
    gap = numpy.where(before, start - dates[:, 1], numpy.where(behind, dates[:, 0] - end, 0))
    place = numpy.where(before, 0, numpy.where(behind, 1, 2))
    bucket = numpy.searchsorted(DISTANCE_BUCKETS, gap, side="right")
    return (bucket * 3 + place).astype("uint64").reshape(-1, 1)
