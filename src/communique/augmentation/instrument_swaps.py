"""A training augmenter: the same documents with other treaties, agreements and declarations in them."""

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from spacy.util import registry

from ..document import Document
from .copies import DocumentAugmenter
from .edits import Edit, apply_edits, renaming
from .name_table import Thing, read_things

# Nouns that can take each other's place whatever the topic is.
ALIKE = ("agreement", "accord", "pact", "treaty", "deal")
PLURALS = {noun: f"{noun}s" for noun in ALIKE} | {
    "treaty": "treaties",
    "act": "acts",
    "arrangement": "arrangements",
    "charter": "charters",
    "communiqué": "communiqués",
    "communique": "communiques",
    "compact": "compacts",
    "convention": "conventions",
    "declaration": "declarations",
    "framework": "frameworks",
    "memorandum": "memoranda",
    "protocol": "protocols",
    "statement": "statements",
    "statute": "statutes",
}
SINGULARS = {plural: noun for noun, plural in PLURALS.items()}
NOUN = rf"(?:{'|'.join([*PLURALS.values(), *PLURALS])})\b"
# A phrase in lower case: modifier, noun, topic.
PHRASE = re.compile(
    rf"(?:(?P<modifier>[a-z][\w’'-]*(?: [a-z][\w’'-]*){{0,2}}) )??(?P<noun>{NOUN}(?: of understanding)?)(?: (?P<topic>(?:on|of) .+))?"
)
# The noun of a title is the first one, or the second of two: Framework Agreement.
TITLE_NOUN = re.compile(rf"(?i)\b({NOUN})(?! {NOUN})")


@registry.augmenters("communique.instrument_swaps.v1")
def create_instrument_swaps(instruments: Path, share: float, seed: int) -> DocumentAugmenter:
    """Put other instruments in the place of treaties, agreements and declarations, the same one through the whole
    document. A title gives way to a title of about its length, with its abbreviation and the noun by which the text
    goes on calling it. A phrase gets another modifier and topic of about their length and, where nouns mean the
    same, another noun. An instrument with a mention of any other form stays.

    instruments (Path): Table of instruments. `kind` is `title` (with `name`, `abbreviation` and `noun`), `modifier` or
        `topic` (with `name`).
    share (float): The share of instruments that are exchanged.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    table = read_things(instruments, ("kind", "noun"), ("name", "abbreviation"))
    titles = [thing for thing in table if thing.cells["kind"] == "title"]
    modifiers, topics = (
        [thing.names["name"][0].text for thing in table if thing.cells["kind"] == kind] for kind in ("modifier", "topic")
    )
    abbreviations = {form.text: form.article for title in titles for form in title.names.get("abbreviation", ())}
    rng = random.Random(seed)

    def swap_instruments(document: Document) -> Optional[Document]:
        clusters: Dict[Any, List[int]] = {}
        for i, entity in enumerate(document.entities):
            if entity.label == "TREATY":
                clusters.setdefault(entity.cluster, []).append(i)
        present = {entity.text.casefold() for entity in document.entities}
        absent = [title for title in titles if title.names["name"][0].text.casefold() not in present]
        edits: List[Edit] = []
        entities = list(document.entities)
        for members in clusters.values():
            if rng.random() >= share:
                continue
            texts = [entities[i].text for i in members]
            if all(PHRASE.fullmatch(_uncapped(text)) for text in texts):
                new_texts = _other_phrases(texts, modifiers, topics, rng)
                name = max(new_texts, key=len)
            else:
                fitting = [title for title in absent if all(_titled(title, text, abbreviations) for text in texts)]
                if not fitting:
                    continue
                title = rng.choice(fitting)
                absent.remove(title)
                new_texts = [_titled(title, text, abbreviations) for text in texts]
                name = title.names["name"][0].text
            for i, new in zip(members, new_texts):
                edits += renaming(document, entities[i].start, entities[i].end, new)
                entities[i] = replace(entities[i], name=name, kb_id=None)
        return apply_edits(replace(document, entities=entities), edits) if edits else None

    return DocumentAugmenter(swap_instruments)


def _uncapped(text: str) -> str:
    """A noun that stands alone may have a capital; words with capitals beside each other are a title."""
    return text.lower() if text.lower() in PLURALS or text.lower() in SINGULARS else text


def _recapped(old: str, new: str) -> str:
    return new.upper() if old.isupper() else new[0].upper() + new[1:] if old[0].isupper() else new


def _other_phrases(texts: Sequence[str], modifiers: Sequence[str], topics: Sequence[str], rng: random.Random) -> List[str]:
    """Phrases with the same old part get the same new part."""
    chosen: Dict[str, str] = {}

    def other(old: Optional[str], choices: Sequence[str], difference: int) -> str:
        if old and old not in chosen:
            near = [new for new in choices if new != old and abs(new.count(" ") - old.count(" ")) <= difference]
            chosen[old] = rng.choice(near or [old])
        return chosen[old] if old else ""

    new_texts = []
    for text in texts:
        phrase = PHRASE.fullmatch(_uncapped(text))
        noun, *rest = phrase["noun"].split(" ", 1)
        singular = SINGULARS.get(noun, noun)
        new = other(singular, ALIKE, 0) if singular in ALIKE and not rest else singular
        new = " ".join([PLURALS[new] if noun in SINGULARS else new, *rest])
        topic = phrase["topic"] or ""
        parts = [
            other(phrase["modifier"], modifiers, 1),
            new,
            other(topic, [new for new in topics if new[:2] == topic[:2]], 2),
        ]
        new_texts.append(_recapped(text, " ".join(filter(None, parts))))
    return new_texts


def _titled(title: Thing, text: str, abbreviations: Dict[str, bool]) -> Optional[str]:
    """What a mention becomes where its instrument becomes one with a title: the title, its abbreviation, its noun, or the
    same phrase if that has the same noun. None if it can be none of these.

    abbreviations (Dict[str, bool]): Those of all titles, and whether they take an article.
    """
    noun = title.cells["noun"]
    if text in abbreviations:
        return title.name(("abbreviation",), abbreviations[text])
    phrase = PHRASE.fullmatch(_uncapped(text))
    if phrase and not phrase["modifier"] and not phrase["topic"]:
        return _recapped(text, noun) if (phrase["noun"] in SINGULARS) == (noun in SINGULARS) else None
    if phrase:
        return text if phrase["noun"] == noun else None
    old = TITLE_NOUN.search(text)
    if old is None or " " not in text or (old[1].lower() in SINGULARS) != (noun in SINGULARS):
        return None
    new = title.names["name"][0].text
    length = text.count(" ") + 1
    if abs(new.count(" ") + 1 - length) > max(1, length // 3):
        return None
    return new.upper() if text.isupper() else new
