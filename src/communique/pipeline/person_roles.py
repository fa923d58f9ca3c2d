"""A component that gives all mentions of a person in a text the same role."""

from collections import Counter
from typing import Dict, List, Sequence, Tuple

from spacy.language import Language
from spacy.tokens import Doc, Span

from ..scheme import PERSON_LABELS


@Language.factory(
    "person_roles",
    assigns=["doc.ents"],
    requires=["doc.ents"],
    default_config={"labels": list(PERSON_LABELS)},
)
def make_person_roles(nlp: Language, name: str, labels: List[str]) -> "PersonRoles":
    """Construct a PersonRoles component.

    labels (List[str]): Entity labels that say the role of a person.
    """
    return PersonRoles(labels)


class PersonRoles:
    """Titles stand with the first full name; later mentions are bare surnames, which a recognizer that sees a few words
    takes for another role, for a place, or for nothing. In one text a person has one role, so the mentions vote on
    it, full names with double weight, and every bare surname of somebody named in full joins in."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = frozenset(labels)

    def __call__(self, doc: Doc) -> Doc:
        ents = list(doc.ents)
        full = [ent for ent in ents if ent.label_ in self.labels and len(ent) > 1]
        if not full:
            return doc
        surnames: Dict[str, List[Span]] = {}
        for ent in full:
            surnames.setdefault(ent[-1].text, []).append(ent)
        mentions: List[Tuple[str, Span]] = [(ent.text, ent) for ent in full]
        others: List[Span] = []
        for ent in ents:
            if len(ent) == 1 and ent.text in surnames:
                mentions.append((_nearest_before(surnames[ent.text], ent.start).text, ent))
            elif not (len(ent) > 1 and ent.label_ in self.labels):
                others.append(ent)
        taken = {token for ent in ents for token in range(ent.start, ent.end)}
        for token in doc:
            if token.text in surnames and token.i not in taken and token.is_title:
                named = _nearest_before(surnames[token.text], token.i)
                mentions.append((named.text, Span(doc, token.i, token.i + 1, label=named.label)))
        votes: Dict[str, Counter] = {}
        for name, ent in sorted(mentions, key=lambda mention: mention[1].start):
            if ent.label_ in self.labels:
                votes.setdefault(name, Counter())[ent.label_] += 2 if len(ent) > 1 else 1
        roles = {name: counter.most_common(1)[0][0] for name, counter in votes.items()}
        # A Counter lists equal counts in the order of their first vote, which is that of the text.
        unified = [Span(doc, ent.start, ent.end, label=roles[name], kb_id=ent.kb_id) for name, ent in mentions]
        doc.set_ents(sorted(others + unified))
        return doc


def _nearest_before(spans: Sequence[Span], position: int) -> Span:
    """Of those who share a surname, the one named last before a token; the first one if none is."""
    before = [span for span in spans if span.start <= position]
    return before[-1] if before else spans[0]
