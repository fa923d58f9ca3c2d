"""Precision, recall and F1 of documents against gold documents, with bootstrap intervals."""

from dataclasses import dataclass
from typing import Any, Dict, List, Sequence, Set, Tuple

import numpy

from ..document import Document
from ..scheme import SYMMETRIC

EntityKey = Tuple[int, int, str]
RelationKey = Tuple[EntityKey, EntityKey, str]


def entity_keys(document: Document) -> Set[EntityKey]:
    """Span and label of each mention."""
    return {(e.start, e.end, e.label) for e in document.entities}


def relation_keys(document: Document) -> Dict[RelationKey, str]:
    """What identifies each relation, and its factuality. Symmetric relations have no direction."""
    keys = {}
    for r in document.relations:
        ends = [
            (document.entities[i].start, document.entities[i].end, document.entities[i].label)
            for i in (r.head, r.tail)
        ]
        if r.label in SYMMETRIC:
            ends.sort()
        keys[(ends[0], ends[1], r.label)] = r.factuality
    return keys


@dataclass
class Counts:
    """Of one figure: right, wrong and missed in each document.

    per_label (Dict[str, Ints2d]): For each label, shape (documents, 3).
    """

    per_label: Dict[str, numpy.ndarray]
    n_documents: int

    @classmethod
    def of(cls, pairs: Sequence[Tuple[set, set]], label_of) -> "Counts":
        """pairs: Predicted and gold keys of each document. label_of: The label of a key."""
        per_label: Dict[str, numpy.ndarray] = {}
        for i, (predicted, gold) in enumerate(pairs):
            for column, keys in enumerate((predicted & gold, predicted - gold, gold - predicted)):
                for key in keys:
                    counts = per_label.setdefault(label_of(key), numpy.zeros((len(pairs), 3), dtype="i"))
                    counts[i, column] += 1
        return cls(per_label, len(pairs))

    def total(self) -> numpy.ndarray:
        """Ints2d (documents, 3)."""
        return sum(self.per_label.values(), numpy.zeros((self.n_documents, 3), dtype="i"))


def prf(counts: numpy.ndarray) -> Dict[str, float]:
    """counts (Ints1d): Right, wrong, missed."""
    right, wrong, missed = (int(n) for n in counts)
    return {
        "p": right / (right + wrong) if right + wrong else 0.0,
        "r": right / (right + missed) if right + missed else 0.0,
        "f": 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 0.0,
        "gold": right + missed,
        "predicted": right + wrong,
    }


def interval(counts: numpy.ndarray, samples: int, seed: int) -> Tuple[float, float]:
    """The 95% bootstrap interval of F1: documents drawn with replacement (Efron, 1979).

    counts (Ints2d): Right, wrong, missed of each document.
    """
    if not len(counts):
        return (0.0, 0.0)
    drawn = numpy.random.default_rng(seed).integers(0, len(counts), (samples, len(counts)))
    right, wrong, missed = counts[drawn].sum(axis=1).T
    f = 2 * right / numpy.maximum(2 * right + wrong + missed, 1)
    low, high = numpy.quantile(f, [0.025, 0.975])
    return (float(low), float(high))


def paired_difference(one: numpy.ndarray, other: numpy.ndarray, samples: int, seed: int) -> Dict[str, Any]:
    """How much higher the F1 of one pipeline is than that of another on the same documents, with its 95% interval: each
    bootstrap sample has the same documents for both (Koehn, 2004).

    one, other (Ints2d): Right, wrong, missed of each document.
    """
    drawn = numpy.random.default_rng(seed).integers(0, len(one), (samples, len(one)))
    f = []
    for counts in (one, other):
        right, wrong, missed = counts[drawn].sum(axis=1).T
        f.append(2 * right / numpy.maximum(2 * right + wrong + missed, 1))
    low, high = numpy.quantile(f[0] - f[1], [0.025, 0.975])
    difference = prf(one.sum(axis=0))["f"] - prf(other.sum(axis=0))["f"]
    return {"difference": difference, "interval": (float(low), float(high))}


def count_documents(
    gold: List[Document], predicted: List[Document], on_gold: List[Document]
) -> Dict[str, Counts]:
    """The counts behind each figure of documents that stand in the same order.

    predicted: What the pipeline found by itself.
    on_gold: What it found with gold entities.
    RETURNS: Counts for `ents`, `rels`, `rels_fact` and `rels_gold`.
    """
    gold_ents = [entity_keys(d) for d in gold]
    gold_rels = [relation_keys(d) for d in gold]
    pred_rels = [relation_keys(d) for d in predicted]
    return {
        "ents": Counts.of(list(zip(map(entity_keys, predicted), gold_ents)), lambda key: key[2]),
        "rels": Counts.of(
            [(set(p), set(g)) for p, g in zip(pred_rels, gold_rels)], lambda key: key[2]
        ),
        "rels_fact": Counts.of(
            [(set(p.items()), set(g.items())) for p, g in zip(pred_rels, gold_rels)], lambda item: item[0][2]
        ),
        "rels_gold": Counts.of(
            [(set(relation_keys(p)), set(g)) for p, g in zip(on_gold, gold_rels)], lambda key: key[2]
        ),
    }


def evaluate_documents(
    gold: List[Document], predicted: List[Document], on_gold: List[Document], samples: int, seed: int
) -> Dict[str, Any]:
    """All figures of documents, arguments as those of `count_documents`.

    samples: Bootstrap samples. seed: Their seed.
    RETURNS: For each figure p, r, f, its interval, and `labels` with the same a label.
    """
    counts = count_documents(gold, predicted, on_gold)
    return {name: _figure(figure, samples, seed) for name, figure in counts.items()}


def _figure(counts: Counts, samples: int, seed: int) -> Dict[str, Any]:
    total = counts.total()
    labels = {
        label: {
            **prf(by_document.sum(axis=0)),
            "interval": interval(by_document, samples, seed),
        }
        for label, by_document in sorted(counts.per_label.items())
    }
    return {**prf(total.sum(axis=0)), "interval": interval(total, samples, seed), "labels": labels}
