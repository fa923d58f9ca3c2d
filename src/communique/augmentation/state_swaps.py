"""A training augmenter: the same documents with other states in them."""

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from spacy.util import registry

from ..document import Document, Entity
from ..scheme import STATE
from .copies import DocumentAugmenter
from .edits import Edit, apply_edits, renaming
from .name_table import Form, Thing, read_things

NAMES = ("name", "nickname", "abbreviation", "long_name", "demonym", "person", "people", "capital")
ORGANS = ("seat", "parliament", "foreign_ministry", "defence_ministry")
# Where a state has no name of a kind, what may stand for it.
INSTEAD = {"nickname": ("nickname", "name"), "abbreviation": ("abbreviation", "name")}
# How an organ is called that has no name of its own.
USUAL = {"parliament": "National Assembly", "foreign_ministry": "Foreign Ministry", "defence_ministry": "Defence Ministry"}
# Names of other things that hold the name of a state, such as the air force of a country.
INSIDE = ("GOVERNMENT", "ORG", "TREATY")
# After a noun, and not after an adjective.
NOT_A_NOUN = re.compile(
    r"\s+(?:are|as|at|believe|by|could|did|do|for|from|had|has|have|in|is|of|on|said|say|that|think|to|want|was|were|"
    r"who|whose|will|with|would)\b|[.;:?!)’'”\"]"
)


@registry.augmenters("communique.state_swaps.v1")
def create_state_swaps(states: Path, share: float, seed: int) -> DocumentAugmenter:
    """Put other states in the place of states, the same one through the whole document, with all that names it: short
    and long name, abbreviation, demonym, capital, the seat and the organs that stand for it. A state is
    exchanged only for one that has a name for each mention and is not in the document yet.

    states (Path): Table of states: a code, and names in the columns `name`, `nickname`, `abbreviation`, `long_name`,
        `demonym`, `person`, `people`, `capital`, `seat`, `parliament`, `foreign_ministry` and `defence_ministry`.
    share (float): The share of states that are exchanged.
    seed (int): Seed of the choices.
    RETURNS (DocumentAugmenter): The augmenter.
    """
    table = {thing.cells["code"]: thing for thing in read_things(states, ("code",), NAMES + ORGANS)}
    names_of = {code: {form.text.casefold() for forms in t.names.values() for form in forms} for code, t in table.items()}
    inside = _Names(table)
    rng = random.Random(seed)

    def swap_states(document: Document) -> Optional[Document]:
        texts = {entity.text.casefold() for entity in document.entities}
        codes = [code for code in dict.fromkeys(e.state for e in document.entities) if code in table]
        absent = [c for c in table if c not in codes and names_of[c].isdisjoint(texts)]
        exchanged: Dict[str, Thing] = {}
        edits: List[Edit] = []
        entities = list(document.entities)
        for code in codes:
            if rng.random() >= share:
                continue
            mentions = _mentions(document, code, table[code])
            needed = set(mentions.values())
            fitting = [c for c in absent if needed and all(_new_name(table[c], *name) for name in needed)]
            if not fitting:
                continue
            new_code = rng.choice(fitting)
            absent.remove(new_code)
            exchanged[code] = table[new_code]
            for i, (column, form) in mentions.items():
                new = _new_name(table[new_code], column, form)
                edits += renaming(document, entities[i].start, entities[i].end, form.like(entities[i].text, new))
                if column in NAMES:
                    name = table[new_code].names["capital" if entities[i].label == "LOC" else "name"][0].text
                    entities[i] = replace(entities[i], name=name, kb_id=None)
        if not exchanged:
            return None
        edited = {edit.start for edit in edits}

        def new_word(match: re.Match) -> str:
            code, column = inside.names[match[0]]
            new = exchanged[code].name((column,), False) if code in exchanged else None
            return new or match[0]

        for i, entity in enumerate(entities):
            if entity.label in INSIDE and entity.start not in edited:
                new = inside.regex.sub(new_word, entity.text)
                if new != entity.text:
                    edits += renaming(document, entity.start, entity.end, new)
            if entity.label in INSIDE and entity.name:
                entity = replace(entity, name=inside.regex.sub(new_word, entity.name))
            if entity.state in exchanged:
                entity = replace(entity, state=exchanged[entity.state].cells["code"])
            entities[i] = entity
        return apply_edits(replace(document, entities=entities), edits)

    return DocumentAugmenter(swap_states)


def _mentions(document: Document, code: str, state: Thing) -> Dict[int, Tuple[str, Form]]:
    """Entity -> the column in which its name stands, and the name. Empty if the state has a name that the table lacks."""
    found: Dict[int, Tuple[str, Form]] = {}
    unknown: List[Entity] = []
    for i, entity in enumerate(document.entities):
        columns = None if entity.state == code and entity.label in STATE else ("capital",) if entity.label == "LOC" else ()
        name = state.column_of(entity.text, columns)
        if name is not None:
            found[i] = _as_used(document.text, entity, state, *name)
        elif entity.state == code and entity.label in ("COUNTRY", "NORP"):
            unknown.append(entity)
    return {} if unknown else found


def _as_used(text: str, entity: Entity, state: Thing, column: str, form: Form) -> Tuple[str, Form]:
    """A demonym that is a noun names a person, or with `the` and no plural of its own the people."""
    if column != "demonym" or entity.label != "NORP" or not NOT_A_NOUN.match(text, entity.end):
        return column, form
    if text[: entity.start].lower().endswith("the "):
        return state.column_of(form.text, ("people",)) or ("person", form)
    return "person", form


def _new_name(state: Thing, column: str, form: Form) -> Optional[str]:
    """What the state is called where another has this name."""
    if column == "people":
        return state.name((column,), False) or (state.name((column,), True) if form.article else None)
    new = state.name(INSTEAD.get(column, (column,)), form.article)
    return new or (USUAL.get(column) if form.article else None)


class _Names:
    """What finds the names of all states inside other names. `names` gives the code and the column of each."""

    def __init__(self, table: Dict[str, Thing]) -> None:
        self.names: Dict[str, Tuple[str, str]] = {}
        for code, state in table.items():
            for column in ("name", "demonym", "capital"):
                for form in state.names.get(column, ()):
                    self.names.setdefault(form.text, (code, column))
        longest = sorted(self.names, key=len, reverse=True)
        self.regex = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
