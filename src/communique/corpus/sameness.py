"""How much documents repeat each other, in words and in the build of their sentences."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import Dict, List, Sequence, Set, Tuple

from ..document import Document

GRAM = 5
# A skeleton of fewer words is a caption or a turn of speech, not the sign of a template.
SKELETON_WORDS = 6
# Two independent texts on one subject share set phrases ("the ministry of foreign affairs of"), of which a long name
# alone makes several 5-grams; one told after the other shares a tenth of them and more.
MAX_SHARED = 0.05
# A template shows as one skeleton in many documents; set phrases do not make whole sentences.
MAX_REPEATED = 2


@dataclass
class Sameness:
    """The figures, and the worst cases.

    repeated_grams (float): Share of the different 5-grams of words that stand in more than one document.
    pairs: Documents that share the most, with their share of the 5-grams of the shorter one, highest first.
    skeletons: Sentences with their mentions replaced by labels, and in how many documents each stands, highest first.
    """

    repeated_grams: float
    pairs: List[Tuple[float, str, str]]
    skeletons: List[Tuple[int, str]]

    @property
    def within_limits(self) -> bool:
        return not (
            (self.pairs and self.pairs[0][0] > MAX_SHARED)
            or (self.skeletons and self.skeletons[0][0] > MAX_REPEATED)
        )


def measure_sameness(documents: Sequence[Document], worst: int = 5) -> Sameness:
    grams = {document.id: _grams(document) for document in documents}
    documents_of: Dict[Tuple[str, ...], List[str]] = defaultdict(list)
    for id, found in grams.items():
        for gram in found:
            documents_of[gram].append(id)
    shared: Counter = Counter()
    for ids in documents_of.values():
        if len(ids) > 1:
            shared.update(combinations(sorted(ids), 2))
    pairs = [
        (n / min(len(grams[a]), len(grams[b])), a, b)
        for (a, b), n in shared.items()
        # One gram in a text of twenty words is no finding.
        if n > 2
    ]
    skeletons: Dict[str, Set[str]] = defaultdict(set)
    for document in documents:
        for skeleton in _skeletons(document):
            skeletons[skeleton].add(document.id)
    return Sameness(
        sum(len(ids) > 1 for ids in documents_of.values()) / max(len(documents_of), 1),
        sorted(pairs, key=lambda pair: (-pair[0], pair[1:]))[:worst],
        sorted(((len(ids), s) for s, ids in skeletons.items() if len(ids) > 1), key=lambda s: (-s[0], s[1]))[:worst],
    )


def _grams(document: Document) -> Set[Tuple[str, ...]]:
    words = re.findall(r"\w+", document.text.lower())
    return set(zip(*(words[i:] for i in range(GRAM))))


def _skeletons(document: Document) -> List[str]:
    skeletons = []
    for start, end in document.sents:
        parts, position = [], start
        for entity in document.entities:
            if start <= entity.start and entity.end <= end:
                parts += [document.text[position : entity.start].lower(), entity.label]
                position = entity.end
        parts.append(document.text[position:end].lower())
        words = re.findall(r"\w+", " ".join(parts))
        if len(words) >= SKELETON_WORDS:
            skeletons.append(" ".join(words))
    return skeletons
