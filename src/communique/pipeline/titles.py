"""What the title beside a name says about the role of its bearer."""

from typing import Dict, Iterable, List, Optional, Set, Tuple

from spacy.tokens import Doc, Span

COLUMNS = ("kind", "words", "of", "label")
LONGEST_TITLE = 4  # in tokens; `vice-president` is three
REACH = 12  # tokens on either side of a name that can belong to its title
MODIFIERS_REACH = 6  # tokens before a title that can change it: `former Tanzanian president`
SENTENCE_ENDS = frozenset(".;!?:•|")
MODIFIERS_END = frozenset(("and", "or", "of", "by", "with", "to", "that", "which", "from", "for", "in", "on", "at"))
LIST_JOINTS = (",", "and", ", and", "&", "or")
OWNER_REACH = 4  # tokens behind `of`: president of the think tank [Expert Forum]
OWNER_FOLLOWS = frozenset(("of", "to", "for", "at"))
APPOSITION_BEGINS = frozenset((",", "(", "–", "—", "is"))  # [Ann Bly] is a reporter for ...
APPOSITION_ENDS = frozenset(
    (",", ")", ".", ";", ":", "who", "which", "and", "said", "told", "will", "is", "was", "has", "with", "by", "in", "on")
)


class Titles:
    """A table of titles: `Prime Minister [Edi Rama]`, `[Edi Rama], Albania's prime minister,`.

    Its rows have a kind, words in lower case, of what, and a label:
    - `title`: a title and its role, or, where it names an owner by its text, the role that it has there: the President of
      Iran is head of government.
    - `of`: the role that every title has which belongs to an entity of that label: the president of an IGO is an official.
    - `modifier`: a word before a title, and the role that it makes of it: former, deputy.
    - `honorific`: a word that stands between a title and a name: Mr, General.
    - `byline`: a word before a name at the beginning of a line, and the role of who wrote that page: By.

    rows (Iterable[Dict[str, str]]): The cells by column; an empty cell may be missing.
    RAISES: ValueError for a row of another kind.
    """

    def __init__(self, rows: Iterable[Dict[str, str]]) -> None:
        self.rows = [{column: row.get(column) or "" for column in COLUMNS} for row in rows]
        self._titles: Dict[str, str] = {}
        self._owned: Dict[Tuple[str, str], str] = {}
        self._of: Dict[str, str] = {}
        self._words: Dict[str, Dict[str, str]] = {"modifier": {}, "honorific": {}, "byline": {}}
        for row in self.rows:
            if row["kind"] == "of":
                self._of[row["of"]] = row["label"]
            elif row["kind"] == "title" and row["of"]:
                self._owned[row["words"], row["of"]] = row["label"]
            elif row["kind"] == "title":
                self._titles[row["words"]] = row["label"]
            elif row["kind"] in self._words:
                self._words[row["kind"]][row["words"]] = row["label"]
            else:
                raise ValueError(f"no title, of, modifier, honorific or byline: {row}")
        self._known = self._titles.keys() | {words for words, _ in self._owned}

    def roles(self, doc: Doc, labels: Iterable[str]) -> List[Tuple[Span, str]]:
        """The mentions of people whose title tells their role, and that role.

        labels (Iterable[str]): Entity labels that say the role of a person; the title's owner has another one.
        """
        return list(_Reading(self, doc, frozenset(labels)).roles()) if self._known else []

    def role_of(self, title: str, owner: Optional[Span], changes: List[str]) -> Optional[str]:
        """changes: The modifiers of the title, the nearest first."""
        new_roles = [self._words["modifier"][word] for word in changes]
        if "PERSON" in new_roles:
            return "PERSON"
        if owner is not None and (title, owner.text) in self._owned:
            label: Optional[str] = self._owned[title, owner.text]
        else:
            label = self._titles.get(title)
        if label is None or label == "PERSON":
            return label
        if new_roles:
            return new_roles[0]
        return self._of.get(owner.label_, label) if owner is not None else label

    def role_of_modifier(self, word: str) -> Optional[str]:
        return self._words["modifier"].get(word)

    def role_in_byline(self, word: str) -> Optional[str]:
        return self._words["byline"].get(word)

    def is_title(self, words: str) -> bool:
        return words in self._known

    def is_honorific(self, word: str) -> bool:
        return word in self._words["honorific"]


class _Reading:
    """The titles of one doc."""

    def __init__(self, titles: Titles, doc: Doc, labels: frozenset) -> None:
        self.titles = titles
        self.doc = doc
        self.people = [ent for ent in doc.ents if ent.label_ in labels]
        self.of_person: Set[int] = {i for ent in self.people for i in range(ent.start, ent.end)}
        self.owner: Dict[int, Span] = {
            i: ent
            for ent in doc.ents
            if ent.label_ not in labels and ent.label_ != "DATE"
            for i in range(ent.start, ent.end)
        }
        self.words = [token.lower_.replace("’", "'") for token in doc] if self.people else []

    def roles(self) -> Iterable[Tuple[Span, str]]:
        listed: Optional[Tuple[int, str]] = None  # end and role of a name in a list behind a title in the plural
        for ent in self.people:
            role, plural = self._before(ent)
            if role is None and listed is not None and self._text(listed[0], ent.start).strip() in LIST_JOINTS:
                role, plural = listed[1], True
            role = role or self._byline(ent) or self._behind(ent)
            listed = (ent.end, role) if plural and role is not None else None
            if role is not None:
                yield ent, role

    def _title_before(self, end: int, low: int) -> Optional[int]:
        """The start of the longest title that ends before a token."""
        for start in range(max(low, end - LONGEST_TITLE), end):
            if self.titles.is_title(self._text(start, end)):
                return start
        return None

    def _text(self, start: int, end: int) -> str:
        spaces = [" " if self.doc[i].whitespace_ else "" for i in range(start, end - 1)] + [""]
        return "".join(word + space for word, space in zip(self.words[start:end], spaces))

    def _byline(self, ent: Span) -> Optional[str]:
        first = ent.start - 1
        if first < 0 or (first > 0 and "\n" not in self.words[first - 1]):
            return None
        return self.titles.role_in_byline(self.words[first])

    def _before(self, ent: Span) -> Tuple[Optional[str], bool]:
        """The role that a title before the name tells, and whether that is in the plural."""
        low = ent.start
        while low > 0 and ent.start - low < REACH and not self._stops(low - 1) and low - 1 not in self.of_person:
            low -= 1
        end = ent.start
        while end > low and self.titles.is_honorific(self.words[end - 1]) and self._title_before(end, low) is None:
            end -= 1
        for end in (end, end - 1) if end - 1 > low and self.words[end - 1] == "," else (end,):
            start = self._title_before(end, low)
            if start is not None:
                return self._role(start, end, None, low), self.words[end - 1].endswith("s")
            owner = self.owner.get(end - 1)  # the Secretary-General of the [SADC], [Elias Magosi]
            if owner is not None and owner.end == end:
                end = owner.start
                if end > low and self.words[end - 1] == "the":
                    end -= 1
                if end > low and self.words[end - 1] in OWNER_FOLLOWS:
                    start = self._title_before(end - 1, low)
                    if start is not None:
                        return self._role(start, end - 1, owner, low), self.words[end - 2].endswith("s")
        if ent.start > low and self.titles.role_of_modifier(self.words[ent.start - 1]) == "PERSON":
            return "PERSON", False  # the exiled [Ann Bly]
        return None, False

    def _behind(self, ent: Span) -> Optional[str]:
        high = ent.end
        while high < len(self.doc) and high - ent.end < REACH and "\n" not in self.words[high]:
            high += 1
        if ent.end >= high or self.words[ent.end] not in APPOSITION_BEGINS:
            return None
        for start in range(ent.end + 1, high):
            if self.words[start] in APPOSITION_ENDS or start in self.of_person:
                return None
            for end in range(min(start + LONGEST_TITLE, high), start, -1):
                if not self.titles.is_title(self._text(start, end)):
                    continue
                if any(i in self.of_person for i in range(end, min(end + 3, high))):
                    return None  # it belongs to the next name of a list
                owner = None
                if end < high and self.words[end] in OWNER_FOLLOWS:
                    behind = range(end + 1, min(end + 1 + OWNER_REACH, high))
                    owner = next((self.owner[i] for i in behind if i in self.owner), None)
                return self._role(start, end, owner, ent.end + 1)
        return None

    def _role(self, start: int, end: int, owner: Optional[Span], low: int) -> Optional[str]:
        """owner: The entity behind the title, if one stands there; otherwise one right before it counts."""
        changes = []
        i, beside = start, True
        while i > low and start - i < MODIFIERS_REACH and self.words[i - 1] not in MODIFIERS_END:
            if i - 1 in self.owner:
                owner = owner or (self.owner[i - 1] if beside else None)
                i = self.owner[i - 1].start
                continue
            i -= 1
            if self.titles.role_of_modifier(self.words[i]) is not None:
                changes.append(self.words[i])
            elif self.words[i] not in ("-", "'", "'s"):
                if self.doc[i].is_punct:
                    break
                beside = False
        return self.titles.role_of(self._text(start, end), owner, changes)

    def _stops(self, i: int) -> bool:
        return "\n" in self.words[i] or self.words[i] in SENTENCE_ENDS
