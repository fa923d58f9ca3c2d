"""From the vectors of candidate pairs to the logits of their labels, factualities and dates."""

from dataclasses import dataclass
from typing import Optional, Tuple

import numpy
from spacy.util import registry
from thinc.api import Linear, Maxout, Model, Ops, chain, zero_init
from thinc.types import Floats1d, Floats2d, Floats3d

from ..scheme import FACTUALITIES
from .pair_batch import DISTANCE_BUCKETS, PairBatch
from .pair_features import PairFeatures

N_FACTUALITIES = len(FACTUALITIES)


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


PairScorer = Model[Tuple[Floats2d, Floats2d, PairBatch], RelationScores]


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
    date_position = PairFeatures(date_width, columns=1, rows=64, seed=31)
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
