"""Token vectors that also hold the meaning of the bare word."""

from typing import List

from spacy.ml.staticvectors import StaticVectors
from spacy.tokens import Doc
from spacy.util import registry
from thinc.api import Model, chain, ragged2list
from thinc.types import Floats2d

from .joined_tok2vec import build_joined_tok2vec


@registry.architectures("communique.LexicalTok2Vec.v1")
def build_lexical_tok2vec(
    tok2vec: Model[List[Doc], List[Floats2d]], width: int
) -> Model[List[Doc], List[Floats2d]]:
    """Concatenate the vectors of a tok2vec with the static vectors of the vocabulary, mapped to a width. A relation hangs on
    what a verb means, and a small network in context blurs that; static vectors tell that `slammed` is
    like `condemned` also where it was never seen.

    tok2vec (Model[List[Doc], List[Floats2d]]): For example a listener to a shared tok2vec.
    width (int): Width of the part that is added.
    """
    static: Model[List[Doc], List[Floats2d]] = chain(StaticVectors(width), ragged2list())
    return build_joined_tok2vec(tok2vec, static)
