"""Which pairs of mentions could stand in a relation: the relation extractor's counterpart of a span suggester."""

from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Callable, Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

import numpy
from spacy.tokens import Doc
from spacy.util import registry

from ..scheme import RELATIONS

Bools2d = numpy.ndarray
Ints1d = numpy.ndarray
Ints2d = numpy.ndarray
TypeLimits = Dict[str, Tuple[List[str], List[str]]]
FrozenLimits = Tuple[Tuple[str, Tuple[str, ...], Tuple[str, ...]], ...]


@dataclass
class Candidates:
    """The candidate pairs of one doc.

    mentions (Ints2d): Start and end token of each entity, shape (mentions, 2).
    labels (Ints1d): Its label as an id of the string store, uint64, shape (mentions,).
    sents (Ints2d): Start and end token of its sentence, shape (mentions, 2).
    dates (Bools1d): Whether it may be the date of a relation, shape (mentions,).
    pairs (Ints2d): Head and tail as rows of `mentions`, shape (pairs, 2), sorted.
    possible (Bools2d): Which of the component's labels each pair may have, shape (pairs, labels).
    """

    mentions: Ints2d
    labels: Ints1d
    sents: Ints2d
    dates: numpy.ndarray
    pairs: Ints2d
    possible: Bools2d

    def __len__(self) -> int:
        return len(self.pairs)

    def select(self, rows: numpy.ndarray) -> "Candidates":
        """Some of the pairs, over the same mentions."""
        return Candidates(
            self.mentions, self.labels, self.sents, self.dates, self.pairs[rows], self.possible[rows]
        )

    def joined(self, other: "Candidates") -> "Candidates":
        """The pairs of both, those of `other` last."""
        return Candidates(
            numpy.concatenate([self.mentions, other.mentions]),
            numpy.concatenate([self.labels, other.labels]),
            numpy.concatenate([self.sents, other.sents]),
            numpy.concatenate([self.dates, other.dates]),
            numpy.concatenate([self.pairs, other.pairs + len(self.mentions)]),
            numpy.concatenate([self.possible, other.possible]),
        )


    def one_way(self, symmetric: numpy.ndarray) -> "Candidates":
        """The same pairs without those labels where the head stands behind the tail, and without the pairs that
        lose every label by that.

        symmetric (Bools1d): Shape (labels,).
        """
        possible = self.possible & ~(symmetric[None] & (self.pairs[:, :1] > self.pairs[:, 1:]))
        keep = possible.any(axis=1)
        return Candidates(
            self.mentions, self.labels, self.sents, self.dates, self.pairs[keep], possible[keep]
        )


CandidateFunction = Callable[[Iterable[Doc], Sequence[str]], List[Candidates]]


@registry.misc("communique.typed_pairs.v1")
def build_typed_pairs(
    max_distance: int,
    types: Optional[TypeLimits] = None,
    date_labels: Optional[List[str]] = None,
) -> CandidateFunction:
    """Propose the ordered pairs of mentions of one sentence whose labels some relation allows.

    The number of pairs grows with the number of mentions, not with its square: sentences and `max_distance`
    bound the partners of a mention.

    max_distance (int): The most tokens between the two mentions.
    types (Optional[TypeLimits]): The entity labels that the head and the tail of each relation may have; a
        relation without an entry may join any two. None stands for the annotation scheme's.
    date_labels (Optional[List[str]]): Labels of mentions that date a relation. None stands for `DATE`.
    """
    limits = {label: (sorted(h), sorted(t)) for label, (h, t) in RELATIONS.items()} if types is None else types
    return partial(
        typed_pairs,
        max_distance=max_distance,
        limits=tuple(sorted((label, tuple(heads), tuple(tails)) for label, (heads, tails) in limits.items())),
        date_labels=frozenset(["DATE"] if date_labels is None else date_labels),
    )


def typed_pairs(
    docs: Iterable[Doc],
    labels: Sequence[str],
    *,
    max_distance: int,
    limits: FrozenLimits,
    date_labels: FrozenSet[str],
) -> List[Candidates]:
    """The candidates of each doc; see `build_typed_pairs`."""
    rows, table = _possible_labels(tuple(labels), limits)
    return [_doc_pairs(doc, rows, table, max_distance, date_labels) for doc in docs]


@lru_cache(maxsize=8)
def _possible_labels(labels: Tuple[str, ...], limits: FrozenLimits) -> Tuple[Dict[str, int], numpy.ndarray]:
    """A row for each entity label that a limit names, and by the rows of head and tail which relations are possible. The
    last row stands for all other labels."""
    named = sorted({label for _, *sides in limits for side in sides for label in side})
    rows = {label: i for i, label in enumerate(named)}
    table = numpy.zeros((len(rows) + 1, len(rows) + 1, len(labels)), dtype=bool)
    by_label = {label: sides for label, *sides in limits}
    for k, label in enumerate(labels):
        if label in by_label:
            heads, tails = by_label[label]
            table[numpy.ix_([rows[h] for h in heads], [rows[t] for t in tails], [k])] = True
        else:
            table[:, :, k] = True
    return rows, table


def _doc_pairs(
    doc: Doc, rows: Dict[str, int], table: numpy.ndarray, max_distance: int, date_labels: FrozenSet[str]
) -> Candidates:
    ents = doc.ents
    mentions = numpy.array([(ent.start, ent.end) for ent in ents], dtype="i").reshape(-1, 2)
    names = [ent.label_ for ent in ents]
    ids = numpy.array([ent.label for ent in ents], dtype="uint64")
    dates = numpy.array([name in date_labels for name in names], dtype=bool)
    sents, sent_of_mention = _sentences(doc, mentions)
    types = numpy.array([rows.get(name, len(rows)) for name in names], dtype="i")
    found = [numpy.zeros((0, 2), dtype="i")]
    # Mentions stand in the order of the text: the k-th partners to the right of all mentions at once,
    # until no mention has one.
    for k in range(1, len(ents)):
        first = numpy.arange(len(ents) - k)
        near = sent_of_mention[first] == sent_of_mention[first + k]
        near &= mentions[first + k, 0] - mentions[first, 1] <= max_distance
        if not near.any():
            break
        found.append(numpy.stack([first[near], first[near] + k], axis=1).astype("i"))
    forward = numpy.concatenate(found)
    pairs = numpy.concatenate([forward, forward[:, ::-1]])
    possible = table[types[pairs[:, 0]], types[pairs[:, 1]]]
    keep = possible.any(axis=1)
    pairs, possible = pairs[keep], possible[keep]
    order = numpy.lexsort((pairs[:, 1], pairs[:, 0]))
    return Candidates(mentions, ids, sents, dates, pairs[order], possible[order])


def _sentences(doc: Doc, mentions: Ints2d) -> Tuple[Ints2d, Ints1d]:
    """The bounds of the sentence of each mention, and its number."""
    if not len(mentions):
        return numpy.zeros((0, 2), dtype="i"), numpy.zeros((0,), dtype="i")
    if len(doc) > 1 and not doc.has_annotation("SENT_START"):
        raise ValueError(
            "the relation extractor needs sentences, or every two mentions of a document would be a candidate: "
            "put 'senter', 'parser' or 'sentencizer' before it in the pipeline"
        )
    is_start = doc.to_array("SENT_START") == 1
    is_start[0] = True
    starts = numpy.flatnonzero(is_start).astype("i")
    ends = numpy.append(starts[1:], len(doc)).astype("i")
    number = (numpy.cumsum(is_start) - 1)[mentions[:, 0]]
    return numpy.stack([starts[number], ends[number]], axis=1), number
