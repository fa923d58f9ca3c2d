"""Between a `Document` and a spaCy `Doc`, in both directions."""

import json
from typing import Any, Dict, List, Optional, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from .document import Document, Entity, Relation
from .pipeline import relation_extractor  # noqa: F401  (registers doc._.relations)

Doc.set_extension("document", default=None, force=True)


def to_doc(document: Document, nlp: Language) -> Doc:
    """A reference doc: gold entities, sentence starts and relations.

    RAISES: ValueError if a mention or a sentence ends inside a token.
    """
    return annotate(nlp.make_doc(document.text), document)


def annotate(doc: Doc, document: Document) -> Doc:
    """Set what a document says on the Doc of its text. What a Doc has no place for (id, meta, clusters, names, states) is
    JSON in `doc._.document`.

    RETURNS (Doc): The same Doc.
    RAISES: ValueError if a mention or a sentence ends inside a token.
    """
    order = sorted(range(len(document.entities)), key=lambda i: document.entities[i].start)
    spans: List[Span] = []
    for i in order:
        entity = document.entities[i]
        span = doc.char_span(entity.start, entity.end, label=entity.label, kb_id=entity.kb_id or "")
        if span is None:
            raise ValueError(f"{document.id}: the mention {entity.text!r} ends inside a token")
        spans.append(span)
    doc.set_ents(spans)
    starts = {start for start, _ in document.sents}
    if starts:
        for token in doc:
            token.is_sent_start = token.i == 0 or token.idx in starts
        if not starts <= {token.idx for token in doc}:
            raise ValueError(f"{document.id}: a sentence starts inside a token")
    place = {old: new for new, old in enumerate(order)}

    def tokens(i: int) -> Tuple[int, int]:
        return (spans[place[i]].start, spans[place[i]].end)

    doc._.relations = [
        {
            "head": tokens(r.head),
            "tail": tokens(r.tail),
            "label": r.label,
            "factuality": r.factuality,
            "score": r.score,
            "date": None if r.date is None else tokens(r.date),
        }
        for r in document.relations
    ]
    entities = [document.entities[i] for i in order]
    doc._.document = json.dumps(
        {
            "id": document.id,
            "meta": document.meta,
            "entities": [{"cluster": e.cluster, "name": e.name, "state": e.state} for e in entities],
        }
    )
    return doc


def from_doc(doc: Doc, id: Optional[str] = None, meta: Optional[Dict[str, Any]] = None) -> Document:
    """What a Doc says, whether a pipeline predicted it or `to_doc` made it.

    Without `doc._.document`, as for a predicted doc, mentions with the same text share a cluster, and no mention
    has a name or a state.
    """
    known = json.loads(doc._.document or "{}")
    given = known.get("entities", [])
    clusters: Dict[Any, int] = {}
    entities = []
    for i, ent in enumerate(doc.ents):
        extra = given[i] if given else {"cluster": clusters.setdefault(ent.text, len(clusters))}
        entities.append(
            Entity(ent.start_char, ent.end_char, ent.text, ent.label_, kb_id=ent.kb_id_ or None, **extra)
        )
    index = {(ent.start, ent.end): i for i, ent in enumerate(doc.ents)}
    relations = []
    for r in doc._.relations or []:
        date = None if r["date"] is None else index[tuple(r["date"])]
        sent = doc[r["head"][0]].sent
        relations.append(
            Relation(
                index[tuple(r["head"])],
                index[tuple(r["tail"])],
                r["label"],
                r["factuality"],
                date,
                None if date is None else entities[date].name,
                r["score"],
                _stripped(sent),
            )
        )
    return Document(
        known.get("id", "") if id is None else id,
        doc.text,
        known.get("meta", {}) if meta is None else meta,
        entities,
        relations,
    )


def _stripped(sent: Span) -> tuple:
    """The bounds of a sentence without the white space around it."""
    text = sent.text
    left = len(text) - len(text.lstrip())
    return (sent.start_char + left, sent.start_char + len(text.rstrip()))
