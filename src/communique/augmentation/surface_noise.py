"""Training augmenters: the same documents with other capitals, quotation marks and punctuation."""

import random
import re
from typing import List, Optional

from spacy.util import registry

from ..document import Document
from .copies import DocumentAugmenter
from .edits import Edit, apply_edits, stripped_sents

WORD = re.compile(r"[^\W_]+")
SMALL_WORDS = {"a", "an", "and", "as", "at", "but", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
# Opening, closing and inner apostrophe.
QUOTES = (('"', '"', "'"), ("“", "”", "’"), ("«", "»", "’"), ("„", "“", "’"), ("‘", "’", "’"), ("``", "''", "'"))
DASHES = ("–", "—", "-", "--")
STRAYS = ("•", "|", "*", ">", "»", "·", "#", "►", "_", "~")
ENDS = ".!?:;”\"'’»…"


@registry.augmenters("communique.case_noise.v1")
def create_case_noise(share: float, seed: int) -> DocumentAugmenter:
    """Write sentences in capitals or in lower case; a headline, which has no full stop, also With Capitals.

    share (float): The share of sentences that are changed.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    rng = random.Random(seed)

    def change_case(document: Document) -> Optional[Document]:
        edits: List[Edit] = []
        for start, end in stripped_sents(document):
            if start == end or rng.random() >= share:
                continue
            styles = [str.upper, str.lower]
            if document.text[end - 1] not in ENDS:
                styles.append(_headline_word)
            style = rng.choice(styles)
            for match in WORD.finditer(document.text, start, end):
                edits.append(Edit(match.start(), match.end(), style(match[0])))
        return _edited(document, edits)

    return DocumentAugmenter(change_case)


@registry.augmenters("communique.quote_noise.v1")
def create_quote_noise(share: float, seed: int) -> DocumentAugmenter:
    """Set a document in quotation marks and apostrophes of another kind: straight, curly, guillemets, low, single,
    or two strokes.

    share (float): The share of documents that are changed.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    rng = random.Random(seed)

    def change_quotes(document: Document) -> Optional[Document]:
        if rng.random() >= share:
            return None
        opening, closing, apostrophe = rng.choice(QUOTES)
        edits: List[Edit] = []
        for match in re.finditer(r"[\"“”«»„]|(?<=\w)['’]", document.text):
            mark = match[0]
            if mark in "'’":
                new = apostrophe
            elif mark in "“«„" or mark == '"' and re.search(r"(?:^|[\s(\[—–-])$", document.text[: match.start()]):
                new = opening
            else:
                new = closing
            edits.append(Edit(match.start(), match.end(), new))
        return _edited(document, edits)

    return DocumentAugmenter(change_quotes)


@registry.augmenters("communique.punctuation_noise.v1")
def create_punctuation_noise(share: float, seed: int) -> DocumentAugmenter:
    """Give sentences one fault of a web page or a bad copy: no full stop, a doubled space, another dash, a
    stray character between two words or before the sentence. Mentions stay whole.

    share (float): The share of sentences that get a fault.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    rng = random.Random(seed)

    def spoil_punctuation(document: Document) -> Optional[Document]:
        text = document.text
        inside = {i for entity in document.entities for i in range(entity.start, entity.end)}
        edits: List[Edit] = []
        for start, end in stripped_sents(document):
            if start == end or rng.random() >= share:
                continue
            gaps = [i for i in range(start, end) if text[i] == " " and i not in inside]
            dashes = [m for m in re.finditer(r"(?<= )(?:[–—-]|--)(?= )", text[start:end]) if start + m.start() not in inside]
            faults = [Edit(start, start, f"{rng.choice(STRAYS)} ")]
            if text[end - 1] == "." and end - 1 not in inside:
                faults.append(Edit(end - 1, end, ""))
            if gaps:
                gap = rng.choice(gaps)
                faults += [Edit(gap, gap, " "), Edit(gap, gap, f" {rng.choice(STRAYS)}")]
            if dashes:
                dash = rng.choice(dashes)
                other = rng.choice([d for d in DASHES if d != dash[0]])
                faults.append(Edit(start + dash.start(), start + dash.end(), other))
            edits.append(rng.choice(faults))
        return _edited(document, edits)

    return DocumentAugmenter(spoil_punctuation)


def _headline_word(word: str) -> str:
    return word if word in SMALL_WORDS or not word.islower() else word.capitalize()


def _edited(document: Document, edits: List[Edit]) -> Optional[Document]:
    edits = [edit for edit in edits if document.text[edit.start : edit.end] != edit.text]
    return apply_edits(document, edits) if edits else None
