"""Several token-to-vector models side by side."""

from typing import List

from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model
from thinc.types import Floats2d

Tok2VecModel = Model[List[Doc], List[Floats2d]]


@registry.architectures("communique.JoinedTok2Vec.v1")
def build_joined_tok2vec(first: Tok2VecModel, second: Tok2VecModel) -> Tok2VecModel:
    """Concatenate the vectors of two tok2vec models, for example of a listener to a transformer that does not know case, and of
    a listener to a small network that sees the form of words.

    Unlike `thinc.concatenate` it does not add the gradients of the inputs: docs have none, and a listener to a shared
    transformer returns nothing there, unless it is the last.

    first (Model[List[Doc], List[Floats2d]]): Gives the left columns.
    second (Model[List[Doc], List[Floats2d]]): Gives the right columns.
    """
    return Model("joined_tok2vec", _forward, init=_init, layers=[first, second], dims={"nO": None})


def _init(model: Tok2VecModel, X=None, Y=None) -> None:
    for layer in model.layers:
        layer.initialize(X=X)
    # A listener to a transformer does not know its width before there is an output.
    if all(layer.has_dim("nO") for layer in model.layers):
        model.set_dim("nO", sum(layer.get_dim("nO") for layer in model.layers))


def _forward(model: Tok2VecModel, docs: List[Doc], is_train: bool):
    outputs, callbacks = zip(*(layer(docs, is_train) for layer in model.layers))
    ops = model.ops
    joined = [ops.xp.hstack(parts) for parts in zip(*outputs)]

    def backprop(d_joined: List[Floats2d]) -> List[Doc]:
        start = [0] * len(docs)
        for vectors, callback in zip(outputs, callbacks):
            end = [s + Y.shape[1] for s, Y in zip(start, vectors)]
            callback([ops.as_contig(dY[:, s:e]) for dY, s, e in zip(d_joined, start, end)])
            start = end
        return []

    return joined, backprop
