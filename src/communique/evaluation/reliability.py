"""Whether scores can be taken at their word."""

from typing import Any, Dict, List

import numpy

from ..document import Document
from .metrics import relation_keys

BINS = 10


def reliability(gold: List[Document], predicted: List[Document]) -> Dict[str, Any]:
    """Relations on predicted entities by their score, and how many of each group are right.

    RETURNS (Dict[str, Any]): `bins`, each with the bounds of its scores (`low`, `high`), the number of relations (`n`), their
        mean `score` and the share that is `right`; and `error`, the mean distance of the last two over all relations,
        known as expected calibration error (Naeini et al., 2015); None if there is no relation.
    """
    scores, right = [], []
    for gold_document, document in zip(gold, predicted):
        keys = relation_keys(gold_document)
        for key, relation in zip(relation_keys(document), document.relations):
            scores.append(relation.score)
            right.append(key in keys)
    score, is_right = numpy.array(scores, dtype="f8"), numpy.array(right, dtype=bool)
    number = numpy.minimum((score * BINS).astype(int), BINS - 1)
    bins = []
    for i in range(BINS):
        rows = number == i
        if rows.any():
            bins.append(
                {
                    "low": i / BINS,
                    "high": (i + 1) / BINS,
                    "n": int(rows.sum()),
                    "score": float(score[rows].mean()),
                    "right": float(is_right[rows].mean()),
                }
            )
    error = sum(b["n"] * abs(b["score"] - b["right"]) for b in bins) / len(score) if len(score) else None
    return {"bins": bins, "error": error}
