"""Changes of the text of a gold document that take its mentions, sentences and relations along."""

import re
from dataclasses import dataclass, replace
from typing import Callable, Iterator, List, Optional, Sequence

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..docs import from_doc, to_doc
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


def document_augmenter(
    change: Callable[[Document], Optional[Document]],
) -> Callable[[Language, Example], Iterator[Example]]:
    """Make an augmenter out of a function on documents.

    change (Callable[[Document], Optional[Document]]): Returns the changed document, or None where it changes nothing.
    RETURNS (Callable[[Language, Example], Iterator[Example]]): The augmenter. An example comes as it is where nothing
        changes, or where the tokenizer would join a new mention to what stands beside it.
    """

    def augment(nlp: Language, example: Example) -> Iterator[Example]:
        changed = change(_gold_document(example.reference))
        if changed is not None:
            try:
                reference = to_doc(changed, nlp)
            except ValueError:
                changed = None
        if changed is None:
            yield example
            return
        if example.reference._.relations is None:
            reference._.relations = None
        yield Example(nlp.make_doc(changed.text), reference)

    return augment


def _gold_document(doc: Doc) -> Document:
    document = from_doc(doc)
    if doc.has_annotation("SENT_START"):
        sents = [(sent.start_char, sent.end_char) for sent in doc.sents]
        return replace(document, meta={**document.meta, "sents": sents})
    return document


def apply_edits(document: Document, edits: Sequence[Edit]) -> Document:
    """The document with a new text. A mention whose bounds are those of an edit covers the new text; an insertion at the
    edge of a mention stays outside it, at the edge of a sentence inside.

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

    def moved(position: int, past_insertions: bool) -> int:
        shift = 0
        for edit in edits:
            if edit.start < position < edit.end:
                raise ValueError(f"an edit covers the edge of an annotation at character {position}")
            if edit.end < position or edit.end == position and (edit.start < edit.end or past_insertions):
                shift += len(edit.text) - (edit.end - edit.start)
        return position + shift

    entities = []
    for entity in document.entities:
        start, end = moved(entity.start, True), moved(entity.end, False)
        entities.append(replace(entity, start=start, end=end, text=text[start:end]))
    meta = dict(document.meta)
    if "sents" in meta:
        meta["sents"] = [(moved(start, False), moved(end, True)) for start, end in document.sents]
    relations = [
        replace(relation, sent=None if relation.sent is None else (moved(relation.sent[0], False), moved(relation.sent[1], True)))
        for relation in document.relations
    ]
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

