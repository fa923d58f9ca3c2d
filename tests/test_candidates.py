import numpy
import pytest
from spacy.tokens import Doc, Span

from communique.pipeline.candidates import build_typed_pairs

from .conftest import blank

NLP = blank([])


def doc_with(words, ents, sent_starts=(0,)):
    doc = Doc(NLP.vocab, words=words, sent_starts=[i in sent_starts for i in range(len(words))])
    doc.set_ents([Span(doc, start, end, label) for start, end, label in ents])
    return doc


def pairs(doc, labels, max_distance=50, **kwargs):
    (c,) = build_typed_pairs(max_distance, **kwargs)([doc], labels)
    return {
        (tuple(c.mentions[h]), tuple(c.mentions[t])): [label for label, ok in zip(labels, row) if ok]
        for (h, t), row in zip(c.pairs, c.possible)
    }


def test_only_pairs_that_a_relation_allows():
    doc = doc_with(["Ann", "signed", "pact", "May"], [(0, 1, "PERSON"), (2, 3, "TREATY"), (3, 4, "DATE")])
    assert pairs(doc, ["SIGNED", "MET_WITH"]) == {((0, 1), (2, 3)): ["SIGNED"]}


def test_pairs_stay_in_their_sentence():
    ents = [(0, 1, "COUNTRY"), (2, 3, "COUNTRY"), (4, 5, "COUNTRY")]
    doc = doc_with(["A", "x", "B", "y", "C"], ents, sent_starts=(0, 3))
    assert set(pairs(doc, ["CRITICISED"])) == {((0, 1), (2, 3)), ((2, 3), (0, 1))}


def test_distance_is_bounded():
    doc = doc_with(["A", "x", "x", "B"], [(0, 1, "COUNTRY"), (3, 4, "COUNTRY")])
    assert len(pairs(doc, ["CRITICISED"], max_distance=2)) == 2
    assert len(pairs(doc, ["CRITICISED"], max_distance=1)) == 0


def test_a_symmetric_label_is_possible_once():
    doc = doc_with(["A", "met", "B"], [(0, 1, "COUNTRY"), (2, 3, "COUNTRY")])
    labels = ["CRITICISED", "MET_WITH"]
    (c,) = build_typed_pairs(50)([doc], labels)
    c = c.one_way(numpy.array([False, True]))
    assert c.pairs.tolist() == [[0, 1], [1, 0]]
    assert c.possible.tolist() == [[True, True], [True, False]]
    only = c.one_way(numpy.array([True, True]))
    assert only.pairs.tolist() == [[0, 1]]


def test_own_labels_and_limits():
    doc = doc_with(["A", "B"], [(0, 1, "DOG"), (1, 2, "CAT")])
    assert set(pairs(doc, ["CHASES"], types={"CHASES": (["DOG"], ["CAT"])})) == {((0, 1), (1, 2))}
    assert len(pairs(doc, ["CHASES"], types={})) == 2  # no limit, no bound
    assert len(pairs(doc, ["CHASES"])) == 2  # the scheme does not know it


def test_no_entities_and_no_pairs():
    for ents in ([], [(0, 1, "COUNTRY")]):
        assert pairs(doc_with(["A", "B"], ents), ["CRITICISED"]) == {}


def test_a_doc_without_sentences_is_refused():
    doc = Doc(NLP.vocab, words=["A", "B"])
    doc.set_ents([Span(doc, 0, 1, "COUNTRY"), Span(doc, 1, 2, "COUNTRY")])
    with pytest.raises(ValueError, match="sentencizer"):
        pairs(doc, ["CRITICISED"])


def test_pairs_grow_linearly():
    def n_pairs(n):
        ents = [(i, i + 1, "COUNTRY") for i in range(n)]
        return len(pairs(doc_with(["A"] * n, ents), ["CRITICISED"], max_distance=20))

    a, b, c = n_pairs(200), n_pairs(400), n_pairs(800)
    assert c - b == 2 * (b - a)
