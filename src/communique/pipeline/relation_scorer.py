"""Precision, recall and F1 of relations, as `nlp.evaluate` and `spacy train` report them."""

from typing import Any, Callable, Dict, Iterable, Set, Tuple

from spacy.scorer import PRFScore
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import registry

from ..scheme import SYMMETRIC

# Start, end and label of the head and of the tail, and the label of the relation.
RelationKey = Tuple[Tuple[int, int, str], Tuple[int, int, str], str]


@registry.scorers("communique.relation_scorer.v1")
def make_relation_scorer() -> Callable[[Iterable[Example]], Dict[str, Any]]:
    return score_relations


def score_relations(
    examples: Iterable[Example], *, symmetric: Iterable[str] = SYMMETRIC, **kwargs
) -> Dict[str, Any]:
    """Score the relations of the predicted docs against those of the reference docs.

    A relation is right if the spans and the labels of both mentions, its own label and its direction are; symmetric
    relations (symmetric, the component's own by default) have no direction. A gold relation that was never a candidate is missed like any other.

    RETURNS (Dict[str, Any]): `rels_p`, `rels_r`, `rels_f`; the same as `rels_fact_…` where the factuality must be right
        too; `rels_per_type` with p, r and f of each label. The figures are None if no gold doc has relations
        annotated.
    """
    score, with_factuality = PRFScore(), PRFScore()
    per_type: Dict[str, PRFScore] = {}
    annotated = False
    for example in examples:
        if example.reference._.relations is None:
            continue
        annotated = True
        gold = relation_keys(example.reference, symmetric)
        predicted = relation_keys(example.predicted, symmetric)
        score.score_set(set(predicted), set(gold))
        with_factuality.score_set(set(predicted.items()), set(gold.items()))
        for label in {key[2] for key in (*gold, *predicted)}:
            per_type.setdefault(label, PRFScore()).score_set(
                _of_label(predicted, label), _of_label(gold, label)
            )
    if not annotated:
        names = ("rels_p", "rels_r", "rels_f", "rels_fact_p", "rels_fact_r", "rels_fact_f", "rels_per_type")
        return {name: None for name in names}
    return {
        "rels_p": score.precision,
        "rels_r": score.recall,
        "rels_f": score.fscore,
        "rels_fact_p": with_factuality.precision,
        "rels_fact_r": with_factuality.recall,
        "rels_fact_f": with_factuality.fscore,
        "rels_per_type": {label: per_type[label].to_dict() for label in sorted(per_type)},
    }


def _of_label(keys: Iterable[RelationKey], label: str) -> Set[RelationKey]:
    return {key for key in keys if key[2] == label}


def relation_keys(doc: Doc, symmetric: Iterable[str]) -> Dict[RelationKey, str]:
    """What identifies each relation of a doc, in characters, and its factuality."""
    labels = {(ent.start, ent.end): ent.label_ for ent in doc.ents}
    keys: Dict[RelationKey, str] = {}
    for relation in doc._.relations or []:
        ends = []
        for start, end in (relation["head"], relation["tail"]):
            span = doc[start:end]
            ends.append((span.start_char, span.end_char, labels.get((start, end), "")))
        if relation["label"] in symmetric:
            ends.sort()
        keys[(ends[0], ends[1], relation["label"])] = relation["factuality"]
    return keys
