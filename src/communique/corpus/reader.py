"""A corpus for training, read once."""

from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Optional

from spacy.errors import Errors
from spacy.language import Language
from spacy.training import Corpus, Example
from spacy.util import registry

Augmenter = Callable[[Language, Example], Iterator[Example]]


@registry.readers("communique.Corpus.v1")
def create_corpus(
    path: Optional[Path],
    gold_preproc: bool = False,
    max_length: int = 0,
    limit: int = 0,
    augmenter: Optional[Augmenter] = None,
) -> Callable[[Language], Iterable[Example]]:
    """`spacy.Corpus.v1`, which remembers its examples. spaCy asks for the training corpus twice for each component that it
    initializes and once more for the training, and each time the augmenters would make their copies again.

    Not for a corpus that is streamed (`training.max_epochs = -1`): all examples stay in memory.

    path, gold_preproc, max_length, limit, augmenter: As `spacy.Corpus.v1` has them.
    RAISES: ValueError if the configuration was given no path.
    """
    if path is None:
        raise ValueError(Errors.E913)
    corpus = Corpus(path, gold_preproc=gold_preproc, max_length=max_length, limit=limit, augmenter=augmenter)
    examples: List[Example] = []

    def read(nlp: Language) -> Iterable[Example]:
        if not examples:
            examples.extend(corpus(nlp))
        return list(examples)

    return read
