"""Sentences for documents that come without: annotations from elsewhere."""

import re
from copy import deepcopy
from typing import List, Tuple

import spacy

from ..document import Document


def with_sentences(document: Document) -> Document:
    """The document itself if it says its sentences, else a copy cut by rule: at the end of a line, and where spaCy's
    sentencizer does, but never inside a mention or between the ends of a relation."""
    if document.sents or not document.text.strip():
        return document
    document = deepcopy(document)
    sents = _sentences(document.text)
    whole = [(e.start, e.end) for e in document.entities]
    for relation in document.relations:
        ends = [document.entities[i] for i in (relation.head, relation.tail, relation.date) if i is not None]
        whole.append((min(e.start for e in ends), max(e.end for e in ends)))
    merged: List[List[int]] = []
    for start, end in sents:
        if merged and any(a < start and merged[-1][0] <= a and b > merged[-1][1] for a, b in whole):
            merged[-1][1] = end
        else:
            merged.append([start, end])
    document.meta["sents"] = merged
    for relation in document.relations:
        head = document.entities[relation.head]
        relation.sent = next((s, e) for s, e in document.sents if s <= head.start < e)
    return document


def _sentences(text: str) -> List[Tuple[int, int]]:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    sents = []
    for line in re.finditer(r"[^\n]*\S[^\n]*", text):
        for sent in nlp(line.group()).sents:
            stripped = sent.text.strip()
            if stripped:
                start = line.start() + sent.start_char + len(sent.text) - len(sent.text.lstrip())
                sents.append((start, start + len(stripped)))
    return sents
