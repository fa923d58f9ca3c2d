"""A component that keeps what is no part of a name out of the mentions of it."""

from typing import List, Optional, Sequence

from spacy.language import Language
from spacy.tokens import Doc, Span, Token


@Language.factory(
    "span_edges",
    assigns=["doc.ents"],
    requires=["doc.ents"],
    default_config={
        "before": ["the", "a", "an"],
        "behind": ["'s", "’s", "'", "’", "a", "an", "and", "at", "between", "by", "for", "from", "in", "is", "of", "on", "or",
                   "the", "to", "was", "were", "with"],
    },
)
def make_span_edges(nlp: Language, name: str, before: List[str], behind: List[str]) -> "SpanEdges":
    """Construct a SpanEdges component.

    before (List[str]): Words, in this case and spelling, that no mention begins with.
    behind (List[str]): Words that no mention ends with.
    """
    return SpanEdges(before, behind)


class SpanEdges:
    """A recognizer that sees a few words lets a mention run over the end of a line, or takes a quotation mark along. The
    annotation scheme rules both out, so a mention ends where its line ends, and white space, punctuation, articles,
    possessives and prepositions at its edges are cut off; one of which nothing is left is no mention."""

    def __init__(self, before: Sequence[str], behind: Sequence[str]) -> None:
        self.before = frozenset(before)
        self.behind = frozenset(behind)

    def __call__(self, doc: Doc) -> Doc:
        ents = doc.ents
        trimmed = [self._trimmed(ent) for ent in ents]
        if any(old is not new for old, new in zip(ents, trimmed)):
            doc.set_ents([ent for ent in trimmed if ent is not None])
        return doc

    def _trimmed(self, ent: Span) -> Optional[Span]:
        start, end, doc = ent.start, ent.end, ent.doc
        while start < end and (_outside(doc[start]) or doc[start].text in self.before):
            start += 1
        for token in doc[start:end]:
            if token.is_space and "\n" in token.text:
                end = token.i
                break
        while start < end and (_outside(doc[end - 1]) or doc[end - 1].text in self.behind):
            end -= 1
        if (start, end) == (ent.start, ent.end):
            return ent
        return Span(doc, start, end, label=ent.label, kb_id=ent.kb_id) if start < end else None


def _outside(token: Token) -> bool:
    return token.is_space or token.is_punct
