"""Hand-computed figures, for the scorer of training and for the evaluation."""

import numpy
import pytest
from spacy.tokens import Doc, Span
from spacy.training import Example

from communique.document import Document, Entity, Relation
from communique.evaluation.metrics import evaluate_documents, interval, paired_difference
from communique.evaluation.mistakes import list_mistakes
from communique.pipeline.relation_scorer import score_relations

from .conftest import blank

NLP = blank([])
WORDS = ["Ann", "met", "Ben", "of", "Chad"]


def relation(head, label, tail, factuality="asserted"):
    return {"head": head, "tail": tail, "label": label, "factuality": factuality, "score": 1.0, "date": None}


ANN, BEN, CHAD = (0, 1), (2, 3), (4, 5)
LABELS = {ANN: "PERSON", BEN: "OFFICIAL", CHAD: "COUNTRY"}


def example(gold, predicted, labels=LABELS):
    docs = []
    for relations, names in ((predicted, labels), (gold, LABELS)):
        doc = Doc(NLP.vocab, words=WORDS)
        doc.set_ents([Span(doc, *span, label) for span, label in names.items()])
        doc._.relations = tuple(relations)
        docs.append(doc)
    return Example(*docs)


def prf(gold, predicted, **kwargs):
    scores = score_relations([example(gold, predicted, **kwargs)])
    return scores["rels_p"], scores["rels_r"], scores["rels_f"], scores["rels_fact_f"]


def test_a_gold_relation_that_was_never_proposed_is_missed():
    gold = [relation(ANN, "MET_WITH", BEN), relation(BEN, "OFFICIAL_OF", CHAD)]
    assert prf(gold, gold[:1]) == pytest.approx((1.0, 0.5, 2 / 3, 2 / 3), abs=1e-4)
    assert prf(gold, []) == (0.0, 0.0, 0.0, 0.0)


def test_a_wrong_direction_is_wrong():
    assert prf([relation(ANN, "CRITICISED", CHAD)], [relation(CHAD, "CRITICISED", ANN)])[2] == 0.0


def test_a_symmetric_pair_has_no_direction():
    assert prf([relation(ANN, "MET_WITH", BEN)], [relation(BEN, "MET_WITH", ANN)])[2] == pytest.approx(1.0)


def test_a_wrong_entity_label_is_wrong():
    gold = [relation(ANN, "MET_WITH", BEN)]
    assert prf(gold, gold, labels={**LABELS, ANN: "OFFICIAL"})[2] == 0.0


def test_factuality_counts_apart():
    scores = prf([relation(ANN, "CRITICISED", CHAD)], [relation(ANN, "CRITICISED", CHAD, "negated")])
    assert scores[2] == pytest.approx(1.0) and scores[3] == 0.0


def test_no_gold_relations_annotated_gives_no_figure():
    eg = example([], [])
    eg.reference._.relations = None
    assert score_relations([eg])["rels_f"] is None


def document(relations, labels=("PERSON", "OFFICIAL", "COUNTRY")):
    text = " ".join(WORDS)
    entities = [
        Entity(s, e, text[s:e], label) for (s, e), label in zip(((0, 3), (8, 11), (15, 19)), labels)
    ]
    return Document("d", text, {"sents": [[0, len(text)]]}, entities, relations)


GOLD = [Relation(0, 1, "MET_WITH"), Relation(1, 2, "OFFICIAL_OF"), Relation(0, 2, "CRITICISED", "negated")]


def test_evaluation_by_hand():
    predicted = document(
        [Relation(1, 0, "MET_WITH"), Relation(0, 2, "CRITICISED"), Relation(0, 2, "AIDED")],
        labels=("PERSON", "OFFICIAL", "LOC"),
    )
    on_gold = document([Relation(0, 2, "CRITICISED")])
    figures = evaluate_documents([document(GOLD)], [predicted], [on_gold], samples=10, seed=0)
    assert (figures["ents"]["p"], figures["ents"]["r"]) == pytest.approx((2 / 3, 2 / 3))
    # The tail's label is wrong in two of the three.
    assert (figures["rels"]["p"], figures["rels"]["r"]) == pytest.approx((1 / 3, 1 / 3))
    assert figures["rels"]["labels"]["MET_WITH"]["f"] == 1.0
    missed = figures["rels"]["labels"]["OFFICIAL_OF"]
    assert (missed["r"], missed["f"], missed["gold"], missed["predicted"]) == (0.0, 0.0, 1, 0)
    assert figures["rels_gold"]["f"] == pytest.approx(0.5)
    assert figures["rels_fact"]["f"] == pytest.approx(1 / 3)


def test_interval_holds_the_figure_and_is_seeded():
    counts = numpy.array([[5, 1, 0], [0, 3, 2], [4, 0, 1], [2, 2, 2]])
    low, high = interval(counts, 500, 0)
    assert low < 22 / (22 + 6 + 5) < high
    assert interval(counts, 500, 0) == (low, high)


def test_a_paired_difference_is_surer_than_its_parts():
    better = numpy.array([[5, 1, 0], [1, 3, 2], [4, 0, 1], [2, 2, 2]])
    worse = better + numpy.array([[-1, 1, 1]])
    figure = paired_difference(better, worse, 500, 0)
    assert figure["difference"] == pytest.approx(24 / 35 - 16 / 35)
    low, high = figure["interval"]
    assert 0 < low < figure["difference"] < high
    assert high - low < numpy.subtract(*interval(better, 500, 0)[::-1])
    assert paired_difference(worse, better, 500, 0)["difference"] == -figure["difference"]


def test_mistakes_stand_in_their_sentence():
    predicted = document([Relation(0, 2, "CRITICISED"), Relation(2, 0, "AIDED")])
    lines = list(list_mistakes([document(GOLD)], [predicted]))
    assert lines[0] == "d: Ann met Ben of Chad"
    assert [line.strip() for line in lines[1:-1]] == [
        "~ [Ann] CRITICISED [Chad] is negated, not asserted",
        "+ [Chad] AIDED [Ann] asserted",
        "- [Ann] MET_WITH [Ben] asserted",
        "- [Ben] OFFICIAL_OF [Chad] asserted",
    ]
