import numpy
import pytest

from communique.document import Document, Entity, Relation
from communique.evaluation.reliability import reliability
from communique.pipeline.calibration import calibrated, fit_lines, logit, sigmoid


def drawn(slope, intercept, n, seed):
    """Relations whose score is off by a stretch and a shift."""
    rng = numpy.random.default_rng(seed)
    logits = rng.normal(-1, 2, n)
    right = rng.random(n) < sigmoid(slope * logits + intercept)
    return list(zip(sigmoid(logits).tolist(), right.tolist()))


def test_scores_become_the_share_that_is_right():
    found = {"A": drawn(0.5, -1.0, 4000, 1), "B": drawn(0.5, 0.5, 4000, 2)}
    lines = fit_lines(found)
    for label, intercept in (("A", -1.0), ("B", 0.5)):
        assert lines[label] == pytest.approx((0.5, intercept), abs=0.12)
        scores, right = map(numpy.array, zip(*found[label]))
        high = calibrated(scores, lines[label]) > 0.5
        assert right[high].mean() == pytest.approx(calibrated(scores, lines[label])[high].mean(), abs=0.04)


def test_a_rare_label_stays_near_the_others():
    found = {"A": drawn(1.0, -1.0, 4000, 3), "RARE": [(0.5, True)] * 2}
    lines = fit_lines(found)
    assert lines["A"][1] < lines["RARE"][1] < lines["A"][1] + 1


def test_nothing_to_fit():
    assert fit_lines({"A": []}) == {} == fit_lines({"A": [(0.3, False)]}) == fit_lines({"A": [(0.3, True)]})


def test_separable_scores_have_a_finite_line():
    slope, intercept = fit_lines({"A": [(0.9, True)] * 30 + [(0.1, False)] * 30})["A"]
    assert 1 < slope < 5 and numpy.isfinite(intercept)


def test_scores_of_a_model_that_is_much_too_sure():
    """It has learned a few documents by heart: nearly all scores are close to 0 or 1, and one high score in five is right."""
    rng = numpy.random.default_rng(4)
    found = {}
    for label in "AB":
        logits = numpy.concatenate([rng.normal(-14, 3, 20000), rng.normal(9, 2, 300)])
        right = numpy.concatenate([rng.random(20000) < 0.002, rng.random(300) < 0.2])
        found[label] = list(zip(numpy.round(sigmoid(logits), 4).tolist(), right.tolist()))
    lines = fit_lines(found)
    for label, scored in found.items():
        scores, right = map(numpy.array, zip(*scored))
        assert calibrated(scores, lines[label])[20000:].mean() == pytest.approx(right[20000:].mean(), abs=0.05)


def test_extreme_scores():
    assert calibrated(numpy.array([0.0, 1.0]), (1.0, 0.0)) == pytest.approx([0, 1], abs=1e-4)
    assert numpy.isfinite(logit(numpy.array([0.0, 1.0]))).all()


def document(relations):
    entities = [Entity(start=2 * i, end=2 * i + 1, text="x", label="COUNTRY", cluster=i) for i in range(4)]
    return Document(id="d", text="x x x x", entities=entities, relations=relations)


def relation(head, tail, score=None):
    return Relation(head=head, tail=tail, label="CRITICISED", factuality="asserted", score=score)


def test_reliability():
    gold = document([relation(0, 1), relation(1, 2)])
    predicted = document([relation(0, 1, 0.82), relation(1, 2, 0.88), relation(2, 3, 0.85), relation(3, 0, 1.0)])
    figures = reliability([gold], [predicted])
    assert [(b["low"], b["n"]) for b in figures["bins"]] == [(0.8, 3), (0.9, 1)]
    assert figures["bins"][0]["right"] == pytest.approx(2 / 3)
    assert figures["error"] == pytest.approx((3 * (0.85 - 2 / 3) + 1.0) / 4)
    assert reliability([gold], [gold_without_scores()]) == {"bins": [], "error": None}


def gold_without_scores():
    return document([])
