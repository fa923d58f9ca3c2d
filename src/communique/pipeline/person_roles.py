"""A component that gives all mentions of a person in a text the same role."""

import csv
from collections import Counter
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple, Union

import numpy
import srsly
from spacy.attrs import ORTH
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span
from spacy.training import Example

from ..errors import InputError
from ..scheme import PERSON_LABELS
from .titles import COLUMNS as TITLE_COLUMNS
from .titles import Titles

LEADER_COLUMNS = ("name", "label")


@Language.factory(
    "person_roles",
    assigns=["doc.ents"],
    requires=["doc.ents"],
    default_config={"labels": list(PERSON_LABELS), "title_votes": 20, "leader_votes": 8},
)
def make_person_roles(
    nlp: Language, name: str, labels: List[str], title_votes: int, leader_votes: int
) -> "PersonRoles":
    """Construct a PersonRoles component. Its titles and leaders come from the files in
    `initialize.components.person_roles`.

    labels (List[str]): Entity labels that say the role of a person.
    title_votes (int): The votes of a mention with a title for the role that the title tells.
    leader_votes (int): The votes of a known leader's name, once a text, for the highest role that he or she has had.
    """
    return PersonRoles(labels, name, title_votes=title_votes, leader_votes=leader_votes)


class PersonRoles(Pipe):
    """Titles stand with the first full name; later mentions are bare surnames, which a recognizer that sees a few words
    takes for another role, for a place, or for nothing. In one text a person has one role, so the mentions vote on
    it: a recognizer's label counts one, of a full name two, a title and a known leader more. Every bare surname of somebody
    named in full joins in."""

    def __init__(
        self, labels: Sequence[str], name: str = "person_roles", *, title_votes: int = 20, leader_votes: int = 8
    ) -> None:
        self.person_labels = frozenset(labels)
        self.name = name
        self.title_votes = title_votes
        self.leader_votes = leader_votes
        self.titles = Titles([])
        self.leaders: Dict[str, str] = {}

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        titles: Optional[Path] = None,
        leaders: Optional[Path] = None,
    ) -> None:
        """Read the titles and the leaders: tables with tabs between their columns.

        titles (Optional[Path]): Table with the columns kind, words, of and label: see `Titles`.
        leaders (Optional[Path]): Table with the columns name and label, the highest role that a person of that name has had.
        RAISES: InputError for a file without these columns, or with a title of another kind.
        """
        try:
            self.titles = Titles([] if titles is None else _rows(titles, TITLE_COLUMNS))
        except ValueError as error:
            raise InputError(f"{titles}: {error}") from error
        rows = [] if leaders is None else _rows(leaders, LEADER_COLUMNS)
        self.leaders = {row["name"]: row["label"] for row in rows}

    def __call__(self, doc: Doc) -> Doc:
        ents = list(doc.ents)
        people = [ent for ent in ents if ent.label_ in self.person_labels]
        if not people:
            return doc
        surnames: Dict[str, List[Span]] = {}
        for ent in people:
            if len(ent) > 1:
                surnames.setdefault(ent[-1].text, []).append(ent)
        mentions: List[Tuple[str, Span]] = []
        others: List[Span] = []
        for ent in ents:
            if len(ent) == 1 and ent.text in surnames:
                mentions.append((_nearest_before(surnames[ent.text], ent.start).text, ent))
            elif ent.label_ in self.person_labels:
                mentions.append((ent.text, ent))
            else:
                others.append(ent)
        for i in self._missed(doc, surnames):
            named = _nearest_before(surnames[doc[i].text], i)
            mentions.append((named.text, Span(doc, i, i + 1, label=named.label)))
        votes: Dict[str, Counter] = {}
        known: Set[str] = set()
        by_title = {ent.start: role for ent, role in self.titles.roles(doc, self.person_labels)}
        for name, ent in sorted(mentions, key=lambda mention: mention[1].start):
            counter = votes.setdefault(name, Counter())
            if ent.label_ in self.person_labels:
                counter[ent.label_] += 2 if len(ent) > 1 else 1
            if ent.text in self.leaders and name not in known:
                known.add(name)
                counter[self.leaders[ent.text]] += self.leader_votes
            if ent.start in by_title:
                counter[by_title[ent.start]] += self.title_votes
        # A Counter lists equal counts in the order of their first vote, which is that of the text.
        roles = {name: counter.most_common(1)[0][0] for name, counter in votes.items()}
        unified = [Span(doc, ent.start, ent.end, label=roles[name], kb_id=ent.kb_id) for name, ent in mentions]
        doc.set_ents(sorted(others + unified))
        return doc

    def _missed(self, doc: Doc, surnames: Dict[str, List[Span]]) -> List[int]:
        """Tokens outside of all mentions that are the surname of somebody."""
        keys = numpy.array([doc.vocab.strings[surname] for surname in surnames], dtype="uint64")
        free = numpy.isin(doc.to_array(ORTH), keys)
        for ent in doc.ents:
            free[ent.start : ent.end] = False
        return [int(i) for i in numpy.flatnonzero(free) if doc[int(i)].is_title]

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        return srsly.msgpack_dumps({"titles": self.titles.rows, "leaders": self.leaders})

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "PersonRoles":
        tables = srsly.msgpack_loads(data)
        self.titles, self.leaders = Titles(tables["titles"]), tables["leaders"]
        return self

    def to_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> None:
        Path(path).mkdir(exist_ok=True)
        srsly.write_jsonl(Path(path) / "titles.jsonl", self.titles.rows)
        srsly.write_json(Path(path) / "leaders.json", self.leaders)

    def from_disk(self, path: Union[str, Path], *, exclude: Iterable[str] = ()) -> "PersonRoles":
        self.titles = Titles(srsly.read_jsonl(Path(path) / "titles.jsonl"))
        self.leaders = srsly.read_json(Path(path) / "leaders.json")
        return self


def _rows(path: Path, columns: Sequence[str]) -> List[Dict[str, str]]:
    with Path(path).open(encoding="utf8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if list(reader.fieldnames or ()) != list(columns):
            raise InputError(f"{path}: line 1 must name the columns {', '.join(columns)}, with tabs between them")
        return list(reader)


def _nearest_before(spans: Sequence[Span], position: int) -> Span:
    """Of those who share a surname, the one named last before a token; the first one if none is."""
    before = [span for span in spans if span.start <= position]
    return before[-1] if before else spans[0]
