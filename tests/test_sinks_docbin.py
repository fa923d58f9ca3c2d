"""`DocBin`, read by spaCy."""

import spacy
from hypothesis import given, settings
from spacy.tokens import DocBin

from communique.docs import from_doc
from communique.document import Document, Entity, Relation
from communique.sinks import SINKS

from .test_conversion import documents
from .test_sinks import DOCUMENTS, example


NLP = spacy.blank("en")


def read(path):
    return list(DocBin().from_disk(path).get_docs(NLP.vocab))


def test_entities_relations_and_sentences(tmp_path):
    SINKS["docbin"].write(tmp_path / "x.spacy", DOCUMENTS)
    docs = read(tmp_path / "x.spacy")
    assert [doc.text for doc in docs] == [d.text for d in DOCUMENTS]
    linked = [(e.text, e.label_, e.kb_id_) for e in docs[0].ents if e.kb_id_]
    assert linked == [("Russian", "NORP", "Q159"), ("Putin", "HEAD_OF_STATE", "Q7747")]
    assert docs[0]._.relations[1]["label"] == "MET_WITH"
    assert [s.text for s in docs[0].sents][0] == "Russian President Putin met Tokayev in May."
    assert not docs[1].has_annotation("SENT_START")


def test_a_document_comes_back(tmp_path):
    document = example()
    document.relations = document.relations[:3]  # the fourth says no sentence
    SINKS["docbin"].write(tmp_path / "x.spacy", [document])
    (doc,) = read(tmp_path / "x.spacy")
    assert from_doc(doc) == document


def test_a_mention_inside_a_token_splits_it(tmp_path):
    entities = [Entity(4, 9, "Kenya", "COUNTRY", 0), Entity(12, 16, "Chad", "COUNTRY", 1)]
    document = Document("x", "pro-Kenyan. ChadUganda", {}, entities, [Relation(0, 1, "MET_WITH", sent=(0, 22), score=0.5)])
    SINKS["docbin"].write(tmp_path / "x.spacy", [document])
    (doc,) = read(tmp_path / "x.spacy")
    assert from_doc(doc) == document


@settings(max_examples=60, deadline=None, derandomize=True)
@given(document=documents())
def test_any_document_comes_back(document, tmp_path_factory):
    path = tmp_path_factory.mktemp("docbin") / "x.spacy"
    SINKS["docbin"].write(path, [document])
    found = from_doc(read(path)[0])
    assert (found.text, found.entities, found.meta) == (document.text, document.entities, document.meta)
    assert sorted((r.key, r.factuality) for r in found.relations) == sorted((r.key, r.factuality) for r in document.relations)
