"""One annotated document, gold or predicted, and its JSON: the shape that every part of communique
reads and writes."""

import datetime
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from .scheme import SYMMETRIC


@dataclass
class Entity:
    """A mention. `start` and `end` count Unicode code points of the text, end exclusive; `cluster`
    numbers the thing that the mention names."""

    start: int
    end: int
    text: str
    label: str
    cluster: Optional[int] = None
    kb_id: Optional[str] = None
    name: Optional[str] = None
    state: Optional[str] = None


@dataclass
class Relation:
    """A relation between two mentions. `head`, `tail` and `date` are indexes into the entities of the
    document, `sent` is the sentence as a pair of character offsets."""

    head: int
    tail: int
    label: str
    factuality: str = "asserted"
    date: Optional[int] = None
    date_iso: Optional[str] = None
    score: Optional[float] = None
    sent: Optional[Tuple[int, int]] = None

    @property
    def key(self) -> Tuple[int, int, str]:
        """What makes two relations the same one: symmetric labels forget the direction."""
        if self.label in SYMMETRIC and self.tail < self.head:
            return (self.tail, self.head, self.label)
        return (self.head, self.tail, self.label)


@dataclass
class Document:
    """A text with its mentions and relations.

    `meta` passes through unread, but for two keys that gold documents carry: `sents`, the sentences as
    pairs of character offsets, and `handles`, the short names of the clusters in the order of their
    numbers.
    """

    id: str
    text: str
    meta: Dict[str, Any] = field(default_factory=dict)
    entities: List[Entity] = field(default_factory=list)
    relations: List[Relation] = field(default_factory=list)

    @property
    def sents(self) -> List[Tuple[int, int]]:
        return [(start, end) for start, end in self.meta.get("sents", [])]

    @property
    def published(self) -> Optional[datetime.date]:
        """The day in `meta["date"]`, if it begins with one as ISO 8601 writes it."""
        try:
            return datetime.date.fromisoformat(self.meta["date"][:10])
        except (KeyError, TypeError, ValueError):
            return None

    def to_json(self) -> Dict[str, Any]:
        """The document as plain data. Gold relations have no score, and so no key for one."""
        relations = []
        for relation in self.relations:
            data = dict(vars(relation))
            if relation.score is None:
                del data["score"]
            data["sent"] = None if relation.sent is None else list(relation.sent)
            relations.append(data)
        return {
            "id": self.id,
            "text": self.text,
            "meta": self.meta,
            "entities": [dict(vars(entity)) for entity in self.entities],
            "relations": relations,
        }

    @classmethod
    def from_json(cls, data: Dict[str, Any]) -> "Document":
        """RAISES: ValueError if a key is missing or unknown, an offset does not give the mention's text,
        or a relation points at no entity."""
        if not isinstance(data, dict):
            raise ValueError("a document is a JSON object")
        for key in ("id", "text"):
            if not isinstance(data.get(key), str):
                raise ValueError(f"'{key}' must be a string")
        text = data["text"]
        try:
            entities = [Entity(**entity) for entity in data.get("entities") or []]
            relations = [Relation(**relation) for relation in data.get("relations") or []]
        except TypeError as error:
            raise ValueError(f"entity or relation with a wrong key: {error}") from error
        for i, entity in enumerate(entities):
            if text[entity.start : entity.end] != entity.text:
                raise ValueError(
                    f"entity {i} says {entity.text!r}, but its offsets give "
                    f"{text[entity.start : entity.end]!r}: offsets count code points, end exclusive"
                )
        for i, relation in enumerate(relations):
            relation.sent = None if relation.sent is None else tuple(relation.sent)
            for end in (relation.head, relation.tail, relation.date):
                if end is not None and not 0 <= end < len(entities):
                    raise ValueError(f"relation {i} points at entity {end}, which does not exist")
        return cls(data["id"], text, data.get("meta") or {}, entities, relations)
