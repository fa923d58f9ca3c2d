"""The network of the relation extractor: one pass from token vectors to the scores of all candidate pairs."""

from typing import List, Optional, Tuple

import numpy
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model, chain, list2array
from thinc.types import Floats2d

from ..pipeline.candidates import Candidates
from .pair_batch import PairBatch
from .pair_encoder import PairEncoder
from .pair_scorer import N_FACTUALITIES, PairScorer, RelationScores

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
