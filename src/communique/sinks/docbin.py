"""spaCy's `DocBin`."""

from bisect import bisect, bisect_left
from functools import cache
from pathlib import Path
from typing import Iterable

import numpy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from ..corpus.files import blank_pipeline
from ..docs import annotate
from ..document import Document
from .sink import Sink


class DocBinSink(Sink):
    """Entities, relations and the sentences that hold a relation; id and meta as JSON in `doc._.document`. A `DocBin` is
    one compressed block: all documents of a file are in memory when it is written."""

    suffix = ".spacy"

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        nlp = _tokenizer()
        # The strings of a file are forgotten with it.
        with nlp.memory_zone():
            docs = DocBin(store_user_data=True)
            for document in documents:
                doc = nlp.make_doc(document.text)
                _split_tokens(doc, document)
                if not document.sents:
                    _start_sentences(doc, document)
                annotate(doc, document)
                docs.add(doc)
            docs.to_disk(path)


@cache
def _tokenizer() -> Language:
    return blank_pipeline()


def _split_tokens(doc: Doc, document: Document) -> None:
    """Cut the tokens that a mention or a sentence ends in, which are there if another tokenizer made the document."""
    bounds = {bound for e in document.entities for bound in (e.start, e.end)}
    bounds.update(start for start, _ in document.sents)
    bounds.update(r.sent[0] for r in document.relations if r.sent)
    inside = sorted(bounds - {t.idx for t in doc} - {t.idx + len(t) for t in doc})
    if not inside:
        return
    with doc.retokenize() as retokenizer:
        for token in doc:
            here = inside[bisect(inside, token.idx) : bisect(inside, token.idx + len(token))]
            if here:
                cuts = [bound - token.idx for bound in here]
                pieces = [token.text[a:b] for a, b in zip([0, *cuts], [*cuts, len(token)])]
                retokenizer.split(token, pieces, heads=[(token, i) for i in range(len(pieces))])


def _start_sentences(doc: Doc, document: Document) -> None:
    """A predicted document says the sentences of its relations alone; where others start stays unset."""
    sents = {r.sent for r in document.relations if r.sent}
    if not sents:
        return
    offsets = [token.idx for token in doc]
    spans = [(bisect_left(offsets, start), bisect_left(offsets, end)) for start, end in sents]
    # 1 is yes, -1 no, 0 unset. All at once, because spaCy looks through the whole Doc when one token is set.
    starts = numpy.zeros(len(doc), dtype="int64")
    for start, end in spans:
        starts[start:end] = -1
    for start, end in spans:
        following = next((i for i in range(end, len(doc)) if not doc[i].is_space), start)
        starts[[start, following]] = 1
    doc.from_array(["SENT_START"], starts.view("uint64").reshape(-1, 1))
