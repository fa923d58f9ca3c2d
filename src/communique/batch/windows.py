"""Long texts: cut into windows that overlap, and put together again."""

import re
from dataclasses import dataclass, replace
from typing import Any, Dict, List, Optional, Sequence, Tuple

from ..document import Document, Entity, Relation

# Where a paragraph, a line, a sentence, a word begins, the best one first.
BOUNDARIES = tuple(map(re.compile, (r"\n\s*\n\s*", r"\n\s*", r"[.!?][\"'”’)\]]*\s+", r"\s+")))


def cut(text: str, window: int, overlap: int) -> List[Tuple[int, int]]:
    """Windows over a text, each but the last beginning and ending where a paragraph does, else a line, a sentence, a word.

    window (int): The most characters of a window.
    overlap (int): Each window shares at least so many characters with the next one, and at most twice as many. At most
        a fifth of `window`, so that no three windows share any.
    RETURNS (List[Tuple[int, int]]): Start and end of each window, in characters.
    """
    spans: List[Tuple[int, int]] = []
    start = 0
    while len(text) - start > window:
        end = _boundary(text, start + window - overlap, start + window)
        spans.append((start, end))
        start = _boundary(text, end - 2 * overlap, end - overlap)
    spans.append((start, len(text)))
    return spans


def _boundary(text: str, low: int, high: int) -> int:
    for pattern in BOUNDARIES:
        ends = [match.end() for match in pattern.finditer(text, low, high)]
        if ends:
            return ends[-1]
    return high


@dataclass
class Window:
    """What was found in one window.

    start (int): Of the window, in characters of the text.
    document (Document): Its offsets are relative to the window.
    sentences (Sequence[int]): Where sentences start, relative to the window.
    """

    start: int
    document: Document
    sentences: Sequence[int]


def join(id: str, text: str, meta: Dict[str, Any], windows: Sequence[Window]) -> Document:
    """Put the windows of a text together. In the middle of what two windows share lies a seam, at a start of a
    sentence that both have found: before it the first window counts and behind it the second, so that each entity and
    relation is taken once, from the window that has seen more of what stands around it."""
    seams = [0, *(_seam(one, other) for one, other in zip(windows, windows[1:])), len(text)]
    entities: List[Entity] = []
    relations: List[Relation] = []
    clusters = _Clusters()
    for window, low, high in zip(windows, seams, seams[1:]):
        numbers = clusters.numbers(window)
        place: Dict[int, int] = {}
        for i, e in enumerate(window.document.entities):
            start, end = e.start + window.start, e.end + window.start
            if low <= start < high and not (entities and start < entities[-1].end):
                place[i] = len(entities)
                entities.append(replace(e, start=start, end=end, cluster=numbers.get(e.cluster)))
        for r in window.document.relations:
            if r.head in place and r.tail in place:
                sent = None if r.sent is None else (r.sent[0] + window.start, r.sent[1] + window.start)
                date = None if r.date is None else place.get(r.date)
                date_iso = None if date is None else r.date_iso
                relations.append(
                    replace(r, head=place[r.head], tail=place[r.tail], date=date, date_iso=date_iso, sent=sent)
                )
    order: Dict[int, int] = {}
    for entity in entities:
        if entity.cluster is not None:
            entity.cluster = order.setdefault(entity.cluster, len(order))
    return Document(id, text, meta, entities, relations)


def _seam(one: Window, other: Window) -> int:
    """The start of a sentence nearest to the middle of what two windows share, if there is one that both have found and that
    lies in no entity; else one that either has found; else the middle."""
    low, high = other.start, one.start + len(one.document.text)
    middle = (low + high) // 2
    inside = {
        position
        for window in (one, other)
        for e in window.document.entities
        for position in range(e.start + window.start + 1, e.end + window.start)
        if low < position < high
    }
    first, second = ({s + w.start for s in w.sentences if low < s + w.start < high} - inside for w in (one, other))
    found = first & second or first | second or {middle}
    return min(found, key=lambda position: (abs(position - middle), position))


class _Clusters:
    """Numbers of clusters over all windows. A cluster goes on in a later window if it has a mention there that both
    windows share, or else the same item of the knowledge base, or else a mention with the same text."""

    def __init__(self) -> None:
        self.size = 0
        self.known: Dict[Tuple[Any, ...], int] = {}

    def numbers(self, window: Window) -> Dict[Optional[int], int]:
        """RETURNS (Dict[Optional[int], int]): Number in the window -> number in the text."""
        keys: Dict[Optional[int], List[Tuple[Any, ...]]] = {}
        for e in window.document.entities:
            if e.cluster is not None:
                place = ("place", e.start + window.start, e.end + window.start)
                keys.setdefault(e.cluster, []).extend([place, ("text", e.text), ("item", e.kb_id)])
        numbers: Dict[Optional[int], int] = {}
        for cluster, of_cluster in keys.items():
            for kind in ("place", "item", "text"):
                found = [key for key in of_cluster if key[0] == kind and key[1] is not None and key in self.known]
                if found:
                    numbers[cluster] = self.known[found[0]]
                    break
            else:
                numbers[cluster] = self.size
                self.size += 1
        for cluster, of_cluster in keys.items():
            for key in of_cluster:
                self.known.setdefault(key, numbers[cluster])
        return numbers
