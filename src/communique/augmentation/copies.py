"""The augmenter of the configuration: each document, and copies of it that have gone through others in turn."""

from typing import Callable, Iterator

from spacy.language import Language
from spacy.training import Example
from spacy.util import registry

Augmenter = Callable[[Language, Example], Iterator[Example]]


@registry.augmenters("communique.augmented_copies.v1")
def create_augmented_copies(*augmenters: Augmenter, copies: int) -> Augmenter:
    """Yield each example as it is, and copies that every augmenter has changed, one after the other.

    `spacy.Corpus.v1` is read once before training unless `training.max_epochs` is -1, so that the copies of a document
    stay the same from epoch to epoch.

    *augmenters (Callable[[Language, Example], Iterator[Example]]): What changes a copy, first to last.
    copies (int): Copies of each example.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    """

    def augment_copies(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        for _ in range(copies):
            examples = [example]
            for augmenter in augmenters:
                examples = [changed for one in examples for changed in augmenter(nlp, one)]
            yield from examples

    return augment_copies
