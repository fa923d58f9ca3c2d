"""Counts of a corpus."""

from collections import Counter
from typing import Any, Dict, Iterable

from ..document import Document


def count_documents(documents: Iterable[Document]) -> Dict[str, Any]:
    """Documents, words, sentences, mentions and relations, and how many there are of each kind. Words are what white
    space separates."""
    totals: Counter = Counter()
    keys = ("split", "genre", "region", "period", "spelling", "mess")
    by: Dict[str, Counter] = {key: Counter() for key in keys}
    words_by_split: Counter = Counter()
    entities: Counter = Counter()
    relations: Counter = Counter()
    factuality: Counter = Counter()
    names: Dict[str, set] = {"people": set(), "states": set(), "organisations": set(), "instruments": set()}
    for document in documents:
        words = len(document.text.split())
        totals.update(documents=1, words=words, sentences=len(document.sents))
        totals.update(mentions=len(document.entities), relations=len(document.relations))
        with_relation = {relation.sent for relation in document.relations}
        totals["sentences without a relation"] += len(document.sents) - len(with_relation)
        for key in keys:
            by[key][str(document.meta.get(key))] += 1
        words_by_split[str(document.meta.get("split"))] += words
        for entity in document.entities:
            entities[entity.label] += 1
            kind = KINDS.get(entity.label)
            if kind:
                names[kind].add(entity.name)
        for relation in document.relations:
            relations[relation.label] += 1
            factuality[relation.factuality] += 1
    return {
        "totals": dict(totals),
        "different": {kind: len(found) for kind, found in names.items()},
        "entities": _sorted(entities),
        "relations": _sorted(relations),
        "factuality": _sorted(factuality),
        "words by split": _sorted(words_by_split),
        **{f"documents by {key}": _sorted(by[key]) for key in keys},
    }


KINDS = {
    "HEAD_OF_STATE": "people",
    "HEAD_OF_GOV": "people",
    "OFFICIAL": "people",
    "PERSON": "people",
    "COUNTRY": "states",
    "IGO": "organisations",
    "ORG": "organisations",
    "TREATY": "instruments",
}


def _sorted(counter: Counter) -> Dict[str, int]:
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))
