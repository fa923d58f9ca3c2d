"""A training augmenter: the same documents among the lines of a web page."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from spacy.util import registry

from ..corpus.markup import MarkupError, read_markup
from ..document import Document, Entity, Relation
from .copies import DocumentAugmenter

PLACES = ("before", "between", "after")
MAX_LINES = 3
BREAKS = ("\n", "\n\n")


@registry.augmenters("communique.boilerplate.v1")
def create_boilerplate(lines: Path, share: float, seed: int) -> DocumentAugmenter:
    """Put lines of a web page before, between and after the sentences of a document: navigation, bylines, captions, links
    to other stories, share buttons, notices. Each is a sentence of its own, with its mentions and relations; what it
    names shares the cluster of what the document calls by the same full name.

    lines (Path): Folder with `before.cmu`, `between.cmu` and `after.cmu`, a line of the page a sentence.
    share (float): The share of documents that get lines, one to three at each of one to three places.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    RAISES: MarkupError if a file of lines cannot be read.
    """
    lines_of = {place: _read_lines(Path(lines) / f"{place}.cmu") for place in PLACES}
    rng = random.Random(seed)

    def insert_boilerplate(document: Document) -> Optional[Document]:
        if rng.random() >= share or not document.sents:
            return None
        starts = [start for start, _ in document.sents[1:]]
        paragraphs = [start for start in starts if "\n" in document.text[start - 2 : start]]
        between = paragraphs or starts
        places = [place for place in PLACES if place != "between" or between]
        inserted: List[Tuple[int, Document]] = []
        for place in rng.sample(places, rng.randint(1, len(places))):
            for line in rng.sample(lines_of[place], rng.randint(1, min(MAX_LINES, len(lines_of[place])))):
                position = 0 if place == "before" else len(document.text) if place == "after" else rng.choice(between)
                inserted.append((position, line))
        return _with_lines(document, sorted(inserted, key=lambda item: item[0]), rng.choice(BREAKS))

    return DocumentAugmenter(insert_boilerplate)


def _read_lines(path: Path) -> List[Document]:
    """A document a sentence."""
    marked = read_markup(path)
    if marked.faults:
        raise MarkupError(marked.faults)
    document = marked.document
    lines = []
    for start, end in document.sents:
        inside = [i for i, entity in enumerate(document.entities) if start <= entity.start < end]
        place = {old: new for new, old in enumerate(inside)}
        entities = [
            replace(document.entities[i], start=document.entities[i].start - start, end=document.entities[i].end - start)
            for i in inside
        ]
        relations = [
            replace(r, head=place[r.head], tail=place[r.tail], date=place.get(r.date), sent=None)
            for r in document.relations
            if r.head in place
        ]
        text = document.text[start:end].rstrip()
        lines.append(Document(path.stem, text, {}, entities, relations))
    return lines


def _with_lines(document: Document, inserted: List[Tuple[int, Document]], line_break: str) -> Document:
    """The document with lines in front of characters, in the order of the text."""
    entities: List[Entity] = []
    relations: List[Relation] = [replace(relation, sent=None) for relation in document.relations]
    sents: List[Tuple[int, int]] = []
    clusters: Dict[Any, Optional[int]] = {(e.name, e.state): e.cluster for e in document.entities}
    n_clusters = max((e.cluster for e in document.entities if e.cluster is not None), default=-1) + 1
    added: List[Entity] = []
    text = ""
    done = 0

    def take_over(end: int) -> None:
        """The text of the document up to a character, with what is annotated in it."""
        nonlocal text, done
        shift = len(text) - done
        entities.extend(
            replace(e, start=e.start + shift, end=e.end + shift) for e in document.entities if done <= e.start < end
        )
        sents.extend((start + shift, last + shift) for start, last in document.sents if done <= start < end)
        text += document.text[done:end]
        done = end

    for position, line in inserted:
        take_over(position)
        if text and not text.endswith("\n"):
            text += line_break
        first = len(document.entities) + len(added)
        for entity in line.entities:
            key = (entity.name, entity.state)
            if key not in clusters:
                clusters[key] = n_clusters
                n_clusters += 1
            start = len(text) + entity.start
            added.append(replace(entity, start=start, end=start + len(entity.text), cluster=clusters[key]))
        relations += [
            replace(r, head=r.head + first, tail=r.tail + first, date=None if r.date is None else r.date + first)
            for r in line.relations
        ]
        sents.append((len(text), len(text) + len(line.text)))
        text += line.text + line_break
    take_over(len(document.text))
    meta = {key: value for key, value in document.meta.items() if key != "handles"}
    return Document(document.id, text, {**meta, "sents": sents}, entities + added, relations)
