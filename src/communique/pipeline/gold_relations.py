"""Gold relations of an example, aligned to the tokens of the predicted doc."""

from typing import Any, Dict, Optional, Sequence, Tuple

import numpy
from spacy.tokens import Doc
from spacy.training import Example

from ..scheme import FACTUALITIES
from .candidates import Candidates

# (head span, tail span) -> label -> (factuality, span of the date, probability), in tokens of the predicted doc
SpanPair = Tuple[Tuple[int, int], Tuple[int, int]]
GoldRelations = Dict[SpanPair, Dict[str, Tuple[str, Optional[Tuple[int, int]], float]]]


def validate_relations(doc: Doc) -> None:
    """RAISES: ValueError for a relation of what is no entity of the doc, of an unknown factuality, or with a score that is
    no probability."""
    entities = {(ent.start, ent.end) for ent in doc.ents}
    for relation in doc._.relations or []:
        if relation["factuality"] not in FACTUALITIES:
            raise ValueError(f"unknown factuality {relation['factuality']!r}: use {', '.join(FACTUALITIES)}")
        if not 0.0 <= _probability(relation) <= 1.0:
            raise ValueError(f"{relation['label']} has the score {relation['score']}: use one from 0 to 1, or none")
        for end in ("head", "tail"):
            if tuple(relation[end]) not in entities:
                start, stop = relation[end]
                raise ValueError(
                    f"{relation['label']} has the {end} {doc[start:stop].text!r}, which is no entity of its doc: "
                    "add it to doc.ents"
                )


def _probability(relation: Dict[str, Any]) -> float:
    """Readers are sure, and give no score; what a teacher annotated is as likely as it says."""
    return 1.0 if relation.get("score") is None else relation["score"]


def _same_tokens(eg: Example) -> bool:
    return len(eg.predicted) == len(eg.reference) and bool(
        (eg.predicted.to_array("ORTH") == eg.reference.to_array("ORTH")).all()
    )


def aligned_relations(eg: Example, symmetric: Sequence[str]) -> GoldRelations:
    """The gold relations of which head and tail are spans of tokens in the predicted doc too."""
    same = _same_tokens(eg)

    def aligned(tokens: Optional[Tuple[int, int]]) -> Optional[Tuple[int, int]]:
        if tokens is None or same:
            return None if tokens is None else tuple(tokens)
        gold = eg.reference[tokens[0] : tokens[1]]
        span = eg.predicted.char_span(gold.start_char, gold.end_char)
        return None if span is None else (span.start, span.end)

    gold: GoldRelations = {}
    for relation in eg.reference._.relations:
        head, tail = aligned(relation["head"]), aligned(relation["tail"])
        if head is None or tail is None:
            continue
        if relation["label"] in symmetric:
            head, tail = min(head, tail), max(head, tail)
        gold.setdefault((head, tail), {})[relation["label"]] = (
            relation["factuality"],
            aligned(relation["date"]),
            _probability(relation),
        )
    return gold


def with_gold_entities(eg: Example) -> Doc:
    """The reference, if it has the tokens of the predicted doc; else a copy of that with gold entities and sentences."""
    if _same_tokens(eg):
        return eg.reference
    doc = eg.predicted.copy()
    spans = [doc.char_span(e.start_char, e.end_char, label=e.label) for e in eg.reference.ents]
    doc.set_ents([span for span in spans if span is not None])
    starts = {sent.start_char for sent in eg.reference.sents}
    for token in doc:
        token.is_sent_start = token.idx in starts
    return doc


def with_sentences(doc: Doc, gold: Doc) -> Doc:
    """The doc, or a copy with gold sentences if no component has set them."""
    if len(doc) < 2 or doc.has_annotation("SENT_START"):
        return doc
    copy = doc.copy()
    for token, gold_token in zip(copy, gold):
        token.is_sent_start = gold_token.is_sent_start
    return copy


def wrong_pairs(gold: Candidates, seen: Candidates) -> numpy.ndarray:
    """Rows of `seen` with at least one end that is no gold mention, and no end that merely overlaps one."""
    if not len(seen):
        return numpy.zeros((0,), dtype="i")
    spans = {tuple(span) for span in gold.mentions.tolist()}
    labelled = {(*span, label) for span, label in zip(map(tuple, gold.mentions.tolist()), gold.labels.tolist())}
    taken = {token for start, end in spans for token in range(start, end)}
    right, clear = [], []
    for (start, end), label in zip(seen.mentions.tolist(), seen.labels.tolist()):
        right.append((start, end, label) in labelled)
        clear.append((start, end) in spans or not taken.intersection(range(start, end)))
    both_right = numpy.array(right)[seen.pairs].all(axis=1)
    both_clear = numpy.array(clear)[seen.pairs].all(axis=1)
    return numpy.flatnonzero(both_clear & ~both_right)
