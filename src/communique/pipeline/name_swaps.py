"""A training augmenter: the same documents with other people and other states in them."""

import csv
import json
import random
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional

from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import registry

from .. import docs  # noqa: F401  (registers doc._.document)
from ..scheme import PERSON_LABELS

# Which words of the lexicon may be the surname of whom; others may be called anything.
SURNAMES = {
    "HEAD_OF_STATE": ("head_of_state", "head_of_state_before_1990"),
    "HEAD_OF_GOV": ("head_of_gov", "head_of_gov_before_1990"),
    "OFFICIAL": ("official",),
    "PERSON": ("given_name",),
}


@registry.augmenters("communique.name_swaps.v1")
def create_name_swaps(
    lexicon: Path, states: Path, copies: int, people: float, countries: float, seed: int
) -> Callable[[Language, Example], Iterator[Example]]:
    """Yield each example, and copies of it in which people and states have other names, the same one through the whole
    document: a state together with its demonym and its capital. A network learns names by heart before it
    learns what stands around them; names that change make it look there, and at what the lexicon says.

    Each word takes the place of one word, so that spans, sentences and relations stay as they are.

    lexicon (Path): Table of names: word, kinds.
    states (Path): Table of states: code, name, demonym, capital, a word each.
    copies (int): Copies of each example.
    people (float): The share of people that are swapped in a copy.
    countries (float): The share of states that are.
    seed (int): Seed of the choices.
    """
    with open(lexicon, encoding="utf8", newline="") as file:
        words: Dict[str, List[str]] = {}
        for row in csv.DictReader(file, delimiter="\t"):
            for kind in row["kinds"].split():
                if row["word"].isalpha():
                    words.setdefault(kind, []).append(row["word"].title())
    with open(states, encoding="utf8", newline="") as file:
        table = [(row["name"], row["demonym"], row["capital"]) for row in csv.DictReader(file, delimiter="\t")]
    surnames = {label: [word for kind in kinds for word in words[kind]] for label, kinds in SURNAMES.items()}
    rng = random.Random(seed)

    def swap_names(nlp: Language, example: Example) -> Iterator[Example]:
        yield example
        for _ in range(copies):
            replaced = _replacements(example.reference, words["given_name"], surnames, table, people, countries, rng)
            reference = _with_words(example.reference, replaced)
            yield Example(nlp.make_doc(reference.text), reference)

    return swap_names


def _replacements(doc: Doc, given_names, surnames, table, people: float, countries: float, rng: random.Random) -> Dict[int, str]:
    """Token -> its new word."""
    known = json.loads(doc._.document or "{}").get("entities", [])
    clusters: Dict[Optional[int], List[Span]] = {}
    for i, ent in enumerate(doc.ents):
        clusters.setdefault(known[i]["cluster"] if known else i, []).append(ent)
    replaced: Dict[int, str] = {}
    word_of_state: Dict[str, str] = {}
    for state in table:
        if rng.random() < countries:
            word_of_state.update(zip(state, rng.choice(table)))
    for ents in clusters.values():
        full = [ent for ent in ents if ent.label_ in PERSON_LABELS and len(ent) > 1]
        if full and rng.random() < people:
            surname = full[0][-1].text
            new = {token.text: rng.choice(given_names) for token in full[0][:-1] if token.is_alpha}
            new[surname] = rng.choice(surnames[full[0].label_])
            for token in (token for ent in ents for token in ent):
                if token.text in new:
                    replaced[token.i] = new[token.text]
        elif ents[0].label_ not in PERSON_LABELS:
            for ent in ents:
                if len(ent) == 1 and ent.text in word_of_state:
                    replaced[ent.start] = word_of_state[ent.text]
    return replaced


def _with_words(doc: Doc, replaced: Dict[int, str]) -> Doc:
    copy = Doc(
        doc.vocab,
        words=[replaced.get(token.i, token.text) for token in doc],
        spaces=[bool(token.whitespace_) for token in doc],
        sent_starts=[token.is_sent_start for token in doc],
    )
    copy.set_ents([Span(copy, ent.start, ent.end, label=ent.label) for ent in doc.ents])
    copy._.relations = doc._.relations
    return copy
