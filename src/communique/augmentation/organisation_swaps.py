"""A training augmenter: the same documents with other organisations in them."""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from spacy.util import registry

from ..document import Document
from .copies import DocumentAugmenter
from .edits import Edit, apply_edits, renaming
from .name_table import Form, Thing, read_things

LABELS = ("IGO", "ORG")
NAMES = ("name", "abbreviation")


@registry.augmenters("communique.organisation_swaps.v1")
def create_organisation_swaps(organisations: Path, share: float, seed: int) -> DocumentAugmenter:
    """Put other organisations of the same kind in the place of organisations, the same one through the whole document:
    a name takes the place of a name, an abbreviation that of an abbreviation, each with an article where the
    old one had it. An organisation stays if the table lacks a name that the document gives it.

    organisations (Path): Table of organisations: label, kind, name, abbreviation.
    share (float): The share of organisations that are exchanged.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    table = read_things(organisations, ("label", "kind"), NAMES)
    rng = random.Random(seed)

    def swap_organisations(document: Document) -> Optional[Document]:
        clusters: Dict[Any, List[int]] = {}
        for i, entity in enumerate(document.entities):
            if entity.label in LABELS:
                clusters.setdefault((entity.label, entity.cluster), []).append(i)
        texts = {entity.text for entity in document.entities}
        absent = [t for t in table if not any(form.text in texts for forms in t.names.values() for form in forms)]
        edits: List[Edit] = []
        entities = list(document.entities)
        for (label, _), members in clusters.items():
            if rng.random() >= share:
                continue
            organisation, forms = _find(table, label, [entities[i].text for i in members])
            fitting = [
                thing
                for thing in absent
                if organisation is not None
                and thing.cells == organisation.cells
                and all(thing.name((column,), form.article) for column, form in forms)
            ]
            if not fitting:
                continue
            other = rng.choice(fitting)
            absent.remove(other)
            for i, (column, form) in zip(members, forms):
                new = form.like(entities[i].text, other.name((column,), form.article))
                edits += renaming(document, entities[i].start, entities[i].end, new)
                usual = next(forms[0].text for forms in other.names.values())
                entities[i] = replace(entities[i], name=usual, kb_id=None)
        return apply_edits(replace(document, entities=entities), edits) if edits else None

    return DocumentAugmenter(swap_organisations)


def _find(table: List[Thing], label: str, texts: List[str]) -> Tuple[Optional[Thing], List[Tuple[str, Form]]]:
    """The organisation that has all of these names, and in which column each stands."""
    for thing in table:
        if thing.cells["label"] == label:
            found = [thing.column_of(text) for text in texts]
            if all(found):
                return thing, found
    return None, []
