"""The annotation scheme as data: labels, argument types, factualities, genres and regions.

`corpus/GUIDELINES.md` says what each of these means; this module is what the code believes.
"""

from typing import Dict, FrozenSet, Tuple

PERSON_LABELS: Tuple[str, ...] = ("HEAD_OF_STATE", "HEAD_OF_GOV", "OFFICIAL", "PERSON")
ENTITY_LABELS: Tuple[str, ...] = PERSON_LABELS + (
    "COUNTRY",
    "NORP",
    "GOVERNMENT",
    "IGO",
    "ORG",
    "TREATY",
    "LOC",
    "DATE",
)

PERSON: FrozenSet[str] = frozenset(PERSON_LABELS)
STATE: FrozenSet[str] = frozenset({"COUNTRY", "NORP", "GOVERNMENT"})
ACTOR: FrozenSet[str] = PERSON | STATE | {"IGO", "ORG"}

# label -> (labels of the head, labels of the tail)
RELATIONS: Dict[str, Tuple[FrozenSet[str], FrozenSet[str]]] = {
    "SIGNED": (ACTOR, frozenset({"TREATY"})),
    "SIGNED_WITH": (ACTOR, ACTOR),
    "PARTY_TO": (ACTOR, frozenset({"TREATY"})),
    "HEAD_OF_STATE_OF": (PERSON, STATE),
    "HEAD_OF_GOV_OF": (PERSON, STATE),
    "OFFICIAL_OF": (PERSON, STATE | {"IGO", "ORG"}),
    "MEMBER_OF": (ACTOR, frozenset({"IGO"})),
    "MET_WITH": (ACTOR, ACTOR),
    "VISITED": (ACTOR, frozenset({"COUNTRY", "LOC", "GOVERNMENT"})),
    "INVITED": (ACTOR, ACTOR),
    "COOPERATES_WITH": (ACTOR, ACTOR),
    "SUPPORTED": (ACTOR, ACTOR),
    "AIDED": (ACTOR, ACTOR),
    "CRITICISED": (ACTOR, ACTOR),
    "SANCTIONED": (ACTOR, ACTOR),
    "ATTACKED": (ACTOR, ACTOR | {"LOC"}),
    "MEDIATES": (ACTOR, ACTOR),
}
SYMMETRIC: FrozenSet[str] = frozenset({"SIGNED_WITH", "MET_WITH", "COOPERATES_WITH"})

FACTUALITIES: Tuple[str, ...] = ("asserted", "negated", "prospective")

SPLITS: Tuple[str, ...] = ("train", "dev", "test")

GENRES: Tuple[str, ...] = (
    "agency story",
    "short",
    "read-out",
    "communique text",
    "treaty article",
    "statement",
    "press release",
    "think-tank note",
    "history",
    "timeline",
    "interview",
    "opinion",
    "caption",
    "headlines",
    "radio script",
    "trade and sanctions",
    "conflict report",
)

REGIONS: Tuple[str, ...] = (
    "North America",
    "Central America",
    "Caribbean",
    "South America",
    "Western Europe",
    "Northern Europe",
    "Southern Europe",
    "Eastern Europe",
    "Balkans",
    "Caucasus",
    "Central Asia",
    "Russia",
    "Middle East",
    "Gulf",
    "North Africa",
    "West Africa",
    "Central Africa",
    "East Africa",
    "Southern Africa",
    "South Asia",
    "South-East Asia",
    "East Asia",
    "Oceania",
    "world",
)
