"""Changes of the text of a gold document that take its mentions, sentences and relations along."""

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import List, Sequence

from ..document import Document

ARTICLE = re.compile(r"(?<![\w.’'-])([Aa])n? $")
VOWEL = re.compile(r"(?i)(?!eu|ewe|one\b|uni|uk|ug|uru|us[aeiou])[aeiouàáâäåæèéêëíîïóôöøúü]|8|11\b|18\b|(?:11|18)\d\d\b")
SPELT_WITH_VOWEL = re.compile(r"[AEFHILMNORSX]")


@dataclass(frozen=True)
class Edit:
    """The text that takes the place of what stands from `start` to `end`, in characters of the old text."""

    start: int
    end: int
    text: str


def apply_edits(document: Document, edits: Sequence[Edit]) -> Document:
    """The document with a new text. A mention whose bounds are those of an edit covers the new text; an insertion at the
    edge of a mention stays outside it, at the edge of a sentence inside. Relations lose `sent`, which follows from the sentences.

    edits (Sequence[Edit]): Edits that do not overlap, in any order.
    RAISES: ValueError if edits overlap, or a mention or sentence begins or ends inside of one.
    """
    edits = sorted(set(edits), key=lambda edit: (edit.start, edit.end))
    parts: List[str] = []
    done = 0
    for edit in edits:
        if edit.start < done:
            raise ValueError(f"edits overlap at character {edit.start}")
        parts += [document.text[done : edit.start], edit.text]
        done = edit.end
    text = "".join(parts) + document.text[done:]

    ends = [edit.end for edit in edits]
    shifts = [0, *accumulate(len(edit.text) - (edit.end - edit.start) for edit in edits)]

    def moved(position: int, past_insertions: bool) -> int:
        n_before = bisect_left(ends, position)
        if n_before < len(edits) and edits[n_before].start < position < edits[n_before].end:
            raise ValueError(f"an edit covers the edge of an annotation at character {position}")
        while n_before < len(edits) and ends[n_before] == position:
            # A replacement that ends here comes before an insertion.
            if edits[n_before].start == position and not past_insertions:
                break
            n_before += 1
        return position + shifts[n_before]

    entities = []
    for entity in document.entities:
        start, end = moved(entity.start, True), moved(entity.end, False)
        entities.append(replace(entity, start=start, end=end, text=text[start:end]))
    meta = dict(document.meta)
    if "sents" in meta:
        meta["sents"] = [(moved(start, False), moved(end, True)) for start, end in document.sents]
    relations = [replace(relation, sent=None) for relation in document.relations]
    return Document(document.id, text, meta, entities, relations)


def renaming(document: Document, start: int, end: int, new: str) -> List[Edit]:
    """The edits that put another name in the place of one, and what agrees with it: `a` and `an` before it, `s` after an
    apostrophe behind it, the full stop of a sentence that was also that of an abbreviation.

    start, end (int): The old name, in characters.
    new (str): The new name.
    """
    text = document.text
    old = text[start:end]
    edits = [Edit(start, end, new)]
    article = ARTICLE.search(text, max(0, start - 4), start)
    if article:
        wanted = article[1] + ("n" if takes_an(new) else "")
        edits.append(Edit(article.start(), start - 1, wanted))
    after = text[end : end + 2]
    if old.lower().endswith("s") and after[:1] in ("'", "’") and after[1:] not in ("s", "S") and not new.endswith("s"):
        edits.append(Edit(end + 1, end + 1, "s"))
    if old.endswith(".") and not new.endswith(".") and any(end == last for _, last in stripped_sents(document)):
        edits.append(Edit(end, end, "."))
    return [edit for edit in edits if text[edit.start : edit.end] != edit.text]


def takes_an(name: str) -> bool:
    """Whether `an` stands before a name, by its letters: abbreviations of up to three are spelt out."""
    word = re.split(r"[\s-]", name, maxsplit=1)[0].replace(".", "")
    if word.isupper() and 1 < len(word) <= 3:
        return bool(SPELT_WITH_VOWEL.match(word))
    return bool(VOWEL.match(word))


def stripped_sents(document: Document) -> List[tuple]:
    """The sentences without the white space around them, as pairs of characters."""
    bounds = []
    for start, end in document.sents:
        sentence = document.text[start:end]
        bounds.append((start + len(sentence) - len(sentence.lstrip()), start + len(sentence.rstrip())))
    return bounds

