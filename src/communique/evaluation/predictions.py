"""What a pipeline says about gold documents, by itself and when it is given the entities."""

from typing import List

from spacy.language import Language
from spacy.util import minibatch

from ..docs import from_doc, to_doc
from ..document import Document


def predict(nlp: Language, gold: List[Document]) -> List[Document]:
    """The documents as the pipeline sees them, from their text alone."""
    docs = nlp.pipe(document.text for document in gold)
    return [from_doc(doc, document.id, document.meta) for doc, document in zip(docs, gold)]


def predict_on_gold(nlp: Language, gold: List[Document]) -> List[Document]:
    """The same with gold entities in the place of predicted ones. What the pipeline predicts about sentences stays."""
    found = []
    for batch in minibatch(gold, nlp.batch_size):
        docs = [nlp.make_doc(document.text) for document in batch]
        for name, component in nlp.pipeline:
            if "doc.ents" in nlp.get_pipe_meta(name).assigns:
                for doc, document in zip(docs, batch):
                    reference = to_doc(document, nlp)
                    doc.set_ents([doc.char_span(e.start_char, e.end_char, label=e.label) for e in reference.ents])
            else:
                docs = list(component.pipe(docs)) if hasattr(component, "pipe") else list(map(component, docs))
        found.extend(from_doc(doc, document.id, document.meta) for doc, document in zip(docs, batch))
    return found
