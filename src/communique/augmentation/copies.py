"""What makes augmenters of spaCy out of functions on documents, and copies that go through several."""

from dataclasses import replace
from typing import Callable, Iterator, Optional

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from ..docs import from_doc, to_doc
from ..document import Document


class DocumentAugmenter:
    """An augmenter of examples that changes them as gold documents.

    change (Callable[[Document], Optional[Document]]): Returns the changed document, or None where it changes nothing.
    """

    def __init__(self, change: Callable[[Document], Optional[Document]]) -> None:
        self.change = change

    def __call__(self, nlp: Language, example: Example) -> Iterator[Example]:
        """Yield the changed example. It is the old one where nothing changes, or where the tokenizer would join a new
        mention to what stands beside it."""
        yield _example(nlp, self.change(_gold_document(example.reference)), example)


@registry.augmenters("communique.augmented_copies.v1")
def create_augmented_copies(
    *augmenters: DocumentAugmenter, copies: int
) -> Callable[[Language, Example], Iterator[Example]]:
    """Yield each example as it is, and copies that every augmenter has changed, one after the other.

    A corpus is read before training and not again unless `training.max_epochs` is -1, so that the copies of a document
    stay the same from epoch to epoch.

    *augmenters (DocumentAugmenter): What changes a copy, first to last.
    copies (int): Copies of each example.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter.
    """

    def augment_copies(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        document = _gold_document(example.reference)
        for _ in range(copies):
            copy: Optional[Document] = None
            for augmenter in augmenters:
                copy = augmenter.change(copy or document) or copy
            yield _example(nlp, copy, example)

    return augment_copies


def _gold_document(doc: Doc) -> Document:
    document = from_doc(doc)
    if doc.has_annotation("SENT_START"):
        sents = [(sent.start_char, sent.end_char) for sent in doc.sents]
        return replace(document, meta={**document.meta, "sents": sents})
    return document


def _example(nlp: Language, document: Optional[Document], example: Example) -> Example:
    """An example of a changed document, or the old one if there is none or it is no document to the tokenizer."""
    if document is None:
        return example
    try:
        reference = to_doc(document, nlp)
    except ValueError:
        return example
    if example.reference._.relations is None:
        reference._.relations = None
    return Example(nlp.make_doc(document.text), reference)
