"""What the mentions of a document name, with an identity that holds from one document to the next."""

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, List, Optional, Tuple

from ..document import Document, Entity
from ..scheme import PERSON

WIKIDATA_ID = re.compile(r"Q[1-9][0-9]*")
# An organ without its state may be that of any state.
ORGANS = re.compile(
    r"\b(government|administration|cabinet|parliament|congress|senate|ministry|army|navy|air force|military|embassy|presidency)\b"
)


@dataclass(frozen=True)
class Thing:
    """What the mentions of a cluster name.

    key (str): The same for the same thing in every document: the id in the knowledge base where there is one, else kind
        and normalised name, as in `person:robert_golob`.
    document (Optional[str]): The id of the document, if the key means something in it alone: an agreement or a ministry
        that the text does not name further is not that of another text.
    name (str): The canonical name, or the longest of its mentions that is not a nationality.
    labels (Tuple[str, ...]): The entity labels of its mentions, that of `name` first.
    kb_id (Optional[str]): The id in the knowledge base.
    state (Optional[str]): ISO 3166-1 alpha-3 code of the state that it is or acts for.
    """

    key: str
    document: Optional[str]
    name: str
    labels: Tuple[str, ...]
    kb_id: Optional[str]
    state: Optional[str]

    @property
    def id(self) -> str:
        """The key, made unique among documents."""
        return self.key if self.document is None else f"{self.key}@{self.document}"

    @property
    def wikidata(self) -> Optional[str]:
        return self.kb_id if self.kb_id and WIKIDATA_ID.fullmatch(self.kb_id) else None


def find_things(document: Document) -> List[Thing]:
    """What each entity of the document names, in the order of the entities. Mentions of one cluster and kind name one
    thing: "Moscow" the city and "Moscow" the government are two."""
    groups: Dict[Any, List[Entity]] = defaultdict(list)
    for entity in document.entities:
        groups[_group(entity)].append(entity)
    things: Dict[str, Thing] = {}
    found = {}
    for group, mentions in groups.items():
        thing = _thing(document.id, mentions)
        found[group] = things.setdefault(thing.id, thing)
    return [found[_group(entity)] for entity in document.entities]


@lru_cache(maxsize=10_000)
def normalise(name: str) -> str:
    """Letters, digits and their marks, case folded, anything else between them as one underscore; periods and
    apostrophes do not count, so that "U.S." is "us"."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    folded = re.sub(r"[.'’]", "", folded)
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return "_".join(kept.split())


def _group(entity: Entity) -> Tuple[str, Any]:
    """A nationality shares its state's cluster, and an office-holder may have several labels."""
    kind = "country" if entity.label in ("COUNTRY", "NORP") else _kind(entity.label)
    return (kind, entity.text if entity.cluster is None else entity.cluster)


def _kind(label: str) -> str:
    return "person" if label in PERSON else normalise(label)


def _thing(document_id: str, mentions: List[Entity]) -> Thing:
    # max() takes the first of equals.
    shown = max(mentions, key=lambda e: (e.label != "NORP", len(e.text)))
    name = next((e.name for e in mentions if e.name), None) or shown.text
    kb_id = next((e.kb_id for e in mentions if e.kb_id), None)
    state = next((e.state for e in mentions if e.state), None)
    labels = tuple(dict.fromkeys([shown.label, *(e.label for e in mentions)]))
    local = False
    if kb_id is not None:
        key = kb_id
    elif state is not None and shown.label in ("COUNTRY", "NORP"):
        key = f"country:{state.lower()}"
    else:
        # A name of nothing but signs still needs a key of its own.
        words = normalise(name) or "-".join(f"{ord(c):x}" for c in name)
        organ = shown.label == "GOVERNMENT" and ORGANS.search(name.lower()) is not None
        if organ and state is not None:
            words = f"{state.lower()}:{words}"
        # In a script with capitals a name has one; "agreement" is a description.
        described = name == name.lower() and name != name.upper()
        local = (organ and state is None) or (shown.label != "DATE" and described)
        key = f"{_kind(shown.label)}:{words}"
    return Thing(key, document_id if local else None, name, labels, kb_id, state)
