"""Scores that say how often a relation is right, fitted on the development data."""

from typing import Callable, Dict, List, Tuple

import numpy

# Slope and intercept over a logit.
Line = Tuple[float, float]
# Scores come rounded to four places: what lies outside is not told from these.
LEAST = 5e-5
# How strongly slopes are drawn to 1 and the intercept of a label to that of all: as by so much weight of evidence.
PRIOR = 2.0


def fit_lines(found: Dict[str, List[Tuple[float, bool]]], rounds: int = 50) -> Dict[str, Line]:
    """Platt scaling (Platt, 1999) of each label: its logit is stretched and shifted, so that of the relations with a
    score of 0.8 eight in ten are right. All labels share the slope, and each has an intercept of its own that is
    drawn to the one of all, so that rare labels do not follow a few lucky relations. The order of the
    relations of one label stays as it is.

    found: For each label the score of each possible relation, and whether it is right.
    rounds (int): The most steps of Newton's method.
    RETURNS (Dict[str, Line]): Slope and intercept of each label; none if no relation is right or none is wrong.
    """
    labels = sorted(label for label, scored in found.items() if scored)
    scores = numpy.array([score for label in labels for score, _ in found[label]], dtype="f8")
    right = numpy.array([is_right for label in labels for _, is_right in found[label]], dtype="f8")
    if not len(right) or right.min() == right.max():
        return {}
    of_label = numpy.repeat(numpy.arange(len(labels)), [len(found[label]) for label in labels])
    logits = logit(scores)
    shared, own = numpy.array([1.0, 0.0]), numpy.zeros(len(labels))

    def stretched(shared: numpy.ndarray, own: numpy.ndarray) -> numpy.ndarray:
        return shared[0] * logits + shared[1] + own[of_label]

    def loss(shared: numpy.ndarray, own: numpy.ndarray) -> float:
        x = stretched(shared, own)
        prior = PRIOR / 2 * ((shared[0] - 1) ** 2 + (own**2).sum())
        return float((numpy.logaddexp(0, x) - right * x).sum() + prior)

    for _ in range(rounds):
        # All labels together, given their own shifts.
        p = sigmoid(stretched(shared, own))
        weight = numpy.maximum(p * (1 - p), 1e-9)
        gradient = numpy.array([(p - right) @ logits + PRIOR * (shared[0] - 1), (p - right).sum()])
        hessian = numpy.array([[weight @ logits**2 + PRIOR, weight @ logits], [weight @ logits, weight.sum()]])
        last, shared = shared, _descend(lambda moved: loss(moved, own), shared, numpy.linalg.solve(hessian, gradient))
        change = abs(shared - last).max()
        # Each label, given what they share.
        p = sigmoid(stretched(shared, own))
        gradients = numpy.bincount(of_label, p - right, len(labels)) + PRIOR * own
        step = gradients / (numpy.bincount(of_label, p * (1 - p), len(labels)) + PRIOR)
        last, own = own, _descend(lambda moved: loss(shared, moved), own, step)
        if max(change, abs(own - last).max()) < 1e-6:
            break
    slope, intercept = shared
    return {label: (round(float(slope), 4), round(float(intercept + own[i]), 4)) for i, label in enumerate(labels)}


def _descend(loss: Callable[[numpy.ndarray], float], at: numpy.ndarray, step: numpy.ndarray) -> numpy.ndarray:
    """Go by a step of Newton's method, or by as much of it as makes the loss smaller: where most scores are close to 0 or 1
    and wrong, a whole step leads far away."""
    before = loss(at)
    for halvings in range(40):
        moved = at - step / 2**halvings
        if loss(moved) <= before:
            return moved
    return at


def calibrated(scores: numpy.ndarray, line: Line) -> numpy.ndarray:
    """The scores of one label, stretched and shifted."""
    slope, intercept = line
    return sigmoid(slope * logit(scores) + intercept)


def logit(p: numpy.ndarray) -> numpy.ndarray:
    p = numpy.clip(p, LEAST, 1 - LEAST)
    return numpy.log(p / (1 - p))


def sigmoid(x: numpy.ndarray) -> numpy.ndarray:
    return 1.0 / (1.0 + numpy.exp(-numpy.clip(x, -30.0, 30.0)))
