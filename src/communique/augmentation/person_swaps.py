"""A training augmenter: the same documents with other people in them."""

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Set

from spacy.util import registry

from ..document import Document, Entity
from ..scheme import PERSON
from .copies import DocumentAugmenter
from .edits import apply_edits, renaming
from .name_table import read_rows

# Which words of the lexicon may be the surname of whom; others may be called anything.
SURNAMES = {
    "HEAD_OF_STATE": ("head_of_state", "head_of_state_before_1990"),
    "HEAD_OF_GOV": ("head_of_gov", "head_of_gov_before_1990"),
    "OFFICIAL": ("official",),
    "PERSON": ("given_name",),
}
WORD = re.compile(r"[^\W\d_]+(?:[-'’ʻ][^\W\d_]+)*")
# What stays when a name changes: the number of a monarch, and the article of an Arabic name.
NUMBER = re.compile(r"\b[IVX]+\b(?!\.)")
PREFIX = re.compile(r"(?i)(?:al|el|as|ash|ad|an|ar|at|az)-")
PARTICLES = {"Al", "El", "Bin", "De", "Van", "Von", "La", "Le", "Da", "Della", "Di", "Jr"}


@registry.augmenters("communique.person_swaps.v1")
def create_person_swaps(lexicon: Path, share: float, seed: int) -> DocumentAugmenter:
    """Give people other names, the same one through the whole document: full name, surname and first name, and people
    who share a surname go on sharing one. The new surname is one of the office that the person holds, so that what the
    static vectors know of names stays true.

    lexicon (Path): Table of names: word, kinds.
    share (float): The share of people that are renamed.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    words: Dict[str, List[str]] = {}
    for row in read_rows(lexicon, ("word", "kinds")):
        for kind in row["kinds"].split():
            if row["word"].isalpha() and len(row["word"]) > 1:
                words.setdefault(kind, []).append(row["word"].title())
    surnames = {label: [word for kind in kinds for word in words.get(kind, ())] for label, kinds in SURNAMES.items()}
    given_names = words["given_name"]
    rng = random.Random(seed)

    def swap_people(document: Document) -> Optional[Document]:
        families: Dict[str, List[int]] = {}
        for i, entity in enumerate(document.entities):
            if entity.label in PERSON:
                families.setdefault(_family(entity, document.entities), []).append(i)
        edits = []
        entities = list(document.entities)
        taken = {word for entity in entities for word in entity.text.split()}
        for members in families.values():
            if rng.random() >= share:
                continue
            mentions = [entities[i] for i in members]
            if any(_is_initials(mention.text) for mention in mentions) and not all(m.text.isupper() for m in mentions):
                continue
            new_words = _new_words(mentions, given_names, surnames[mentions[0].label], taken, rng)
            taken.update(new_words.values())
            for i in members:
                new = _renamed(entities[i].text, new_words)
                edits += renaming(document, entities[i].start, entities[i].end, new)
                name = entities[i].name and _renamed(entities[i].name, new_words)
                entities[i] = replace(entities[i], name=name, kb_id=None)
        return apply_edits(replace(document, entities=entities), edits) if edits else None

    return DocumentAugmenter(swap_people)


def _words(name: str) -> List[str]:
    """The words of a name that can change, without prefixes."""
    return [PREFIX.sub("", word[0]) for word in WORD.finditer(name) if not _stays(word)]


def _stays(word: re.Match) -> bool:
    return word[0].islower() or word[0] in PARTICLES or bool(NUMBER.match(word.string, word.start()))


def _family(entity: Entity, entities: List[Entity]) -> str:
    """The last word of the full name, whatever the mention says."""
    mentions = [e for e in entities if e is entity or e.label in PERSON and e.cluster is not None and e.cluster == entity.cluster]
    names = [mention.name or mention.text for mention in mentions]
    words = _words(max(names, key=len))
    return words[-1].casefold() if words else entity.text


def _is_initials(text: str) -> bool:
    return text.isupper() and len(text) <= 4


def _new_words(
    mentions: List[Entity], given_names: List[str], surnames: List[str], taken: Set[str], rng: random.Random
) -> Dict[str, str]:
    """Old word -> new word. Surnames are the last words of full names and the words that stand alone, which come
    first in a Chinese or a Korean name; a monarch has none.

    taken (Set[str]): Words that name somebody else.
    """
    full = [mention.text for mention in mentions if len(_words(mention.text)) > 1]
    alone = {words[0].casefold() for words in (_words(mention.text) for mention in mentions) if len(words) == 1}
    last = {_words(text)[-1].casefold() for text in full} if full else set()
    monarch = any(NUMBER.search(mention.name or mention.text) for mention in mentions)
    new_words: Dict[str, str] = {}
    for mention in mentions:
        for word in _words(mention.text) + _words(mention.name or ""):
            key = word.casefold()
            if key in new_words:
                continue
            if len(word) == 1:
                new_words[key] = rng.choice("ABCDEFGHJKLMNPRSTVW")
            elif not monarch and (key in alone or not alone and key in last):
                name = rng.choice(surnames)
                new_words[key] = name if name not in taken else rng.choice(surnames)
            else:
                new_words[key] = rng.choice(given_names)
    return new_words


def _renamed(name: str, new_words: Dict[str, str]) -> str:
    def new(match: re.Match) -> str:
        word = match[0]
        if _stays(match):
            return word
        prefix = PREFIX.match(word)
        kept = prefix[0] if prefix else ""
        rest = word[len(kept) :]
        changed = new_words.get(rest.casefold(), rest)
        return kept + (changed.upper() if rest.isupper() else changed)

    return WORD.sub(new, name)
