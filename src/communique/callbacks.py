"""Several callbacks where a configuration has room for one."""

from typing import Callable

from spacy.language import Language
from spacy.util import registry

Callback = Callable[[Language], Language]


@registry.callbacks("communique.sequence.v1")
def create_sequence(*callbacks: Callback) -> Callback:
    """Each of the callbacks, on what the one before it returned."""

    def call_all(nlp: Language) -> Language:
        for callback in callbacks:
            nlp = callback(nlp)
        return nlp

    return call_all
