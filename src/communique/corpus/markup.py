r"""The mark-up in which the corpus is written, read and diffed by hand.

    id: central-asia-007
    date: 2025-11-12
    genre: agency story
    region: Central Asia
    split: train
    putin = Vladimir Putin | RUS
    russia = Russia | RUS
    decl = declaration
    d12 = 2025-11-12

    [Russian](NORP russia) President [Vladimir Putin](HEAD_OF_STATE putin) signed the [declaration](TREATY decl) on [12 November](DATE d12).
    > putin HEAD_OF_STATE_OF russia
    > putin SIGNED decl @d12

The head ends at the first blank line. `key: value` goes into `meta` (a value that is JSON is read as JSON),
`handle = canonical name | state | Wikidata id` names a thing; for a `DATE` the name is the date in ISO 8601. Then one
sentence a line; sentences are joined by a space, a blank line between them stands for an empty line in the
text. Relations stand under their sentence: `> head LABEL tail @date`, with `-` before the label for negated
and `?` for prospective. A handle means its mention nearest to the other end; `handle#2` is its second
mention in the sentence. `=0.93` at the end of a relation keeps a score.

In a sentence, `\[`, `\]` and `\\` are the characters themselves, `\>` too at the start of a line; `\n`, `\s`, `\t`
and `\u00a0` are white space. White-space escapes at the end of a line take the place of what would join the
next sentence, and a bare `\` there joins with nothing.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from ..document import Document, Entity, Relation
from ..errors import InputError
from ..scheme import RELATIONS

SUFFIX = ".cmu"
SIGNS = {"": "asserted", "-": "negated", "?": "prospective"}
HEAD_LINE = re.compile(r"^([A-Za-z][\w-]*):(?:\s+(.*))?$", re.DOTALL)
HANDLE = re.compile(r"[\w-]+")
HANDLE_LINE = re.compile(r"^([\w-]+) =(?: (.*))?$", re.DOTALL)
MENTION_TAG = re.compile(r"\((\w+) ([\w-]+)\)")
RELATION_LINE = re.compile(
    r"^>\s*([\w-]+)(?:#(\d+))?\s+([-?]?)([A-Z_]+)\s+([\w-]+)(?:#(\d+))?"
    r"(?:\s+@([\w-]+)(?:#(\d+))?)?(?:\s+=(\S+))?\s*$"
)
WHITE = {" ": r"\s", "\n": r"\n", "\t": r"\t", "\r": r"\r"}
UNWHITE = {"s": " ", "n": "\n", "t": "\t", "r": "\r"}


@dataclass
class Fault:
    """Something wrong in a file, and what mends it."""

    path: str
    line: int
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}: {self.mend}"


class MarkupError(InputError):
    """The mark-up cannot be read. `faults` holds every reason."""

    def __init__(self, faults: Sequence[Fault]):
        super().__init__("\n".join(map(str, faults)))
        self.faults = list(faults)


@dataclass
class Handle:
    """What the head of a document says of a thing."""

    name: Optional[str] = None
    state: Optional[str] = None
    kb_id: Optional[str] = None


@dataclass
class MarkedDocument:
    """A document together with the lines of the file that say it."""

    document: Document
    path: str
    sent_lines: List[int] = field(default_factory=list)
    entity_lines: List[int] = field(default_factory=list)
    relation_lines: List[int] = field(default_factory=list)
    head_lines: Dict[str, int] = field(default_factory=dict)
    handle_lines: Dict[str, int] = field(default_factory=dict)
    handles: Dict[str, Handle] = field(default_factory=dict)
    faults: List[Fault] = field(default_factory=list)

    def handle_of(self, entity: int) -> str:
        return self.document.meta["handles"][self.document.entities[entity].cluster]


def read_markup(path: Path) -> MarkedDocument:
    """Read one file. What cannot be read is left out of the document and named in `faults`.

    RAISES: MarkupError if the file is not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise MarkupError([Fault(str(path), line, "not UTF-8", "save the file as UTF-8")]) from None
    return parse_markup(text, str(path))


def parse_markup(text: str, path: str = "<string>") -> MarkedDocument:
    """Read a document from its mark-up; see the module's docstring for the syntax."""
    marked = MarkedDocument(Document("", ""), path)
    lines = text.replace("\r\n", "\n").split("\n")
    number = 0
    while number < len(lines) and lines[number]:
        _parse_head_line(lines[number], number + 1, marked)
        number += 1
    document = marked.document
    document.id = str(document.meta.pop("id", ""))
    document.meta["handles"] = []
    document.meta["sents"] = []
    clusters: Dict[str, int] = {}
    joint: Optional[str] = ""  # what stands between the last sentence and the next, where the file says so
    paragraph = False
    sent_entities: List[int] = []
    for number, line in enumerate(lines[number:], number + 1):
        if not line.strip():
            paragraph = True
        elif line.startswith(">"):
            if not document.meta["sents"] or paragraph:
                marked.faults.append(
                    Fault(path, number, "a relation without a sentence", "put it right under its sentence")
                )
            else:
                _parse_relation_line(line, number, marked, sent_entities)
        else:
            try:
                before, sentence, mentions, after = _parse_sentence(line)
            except ValueError as error:
                message, mend = error.args
                marked.faults.append(Fault(path, number, message, mend))
                continue
            if joint is None:
                joint = "\n\n" if paragraph else " "
            start = len(document.text) + len(joint) + len(before)
            document.text += joint + before + sentence
            document.meta["sents"].append([start, start + len(sentence)])
            marked.sent_lines.append(number)
            sent_entities = []
            for mention_start, mention_end, label, handle in mentions:
                known = marked.handles.get(handle)
                if known is None:
                    marked.faults.append(
                        Fault(
                            path,
                            number,
                            f"handle '{handle}' is not in the head",
                            f"add a line '{handle} = canonical name | STATE' to the head",
                        )
                    )
                    known = Handle()
                if handle not in clusters:
                    clusters[handle] = len(clusters)
                    document.meta["handles"].append(handle)
                sent_entities.append(len(document.entities))
                marked.entity_lines.append(number)
                document.entities.append(
                    Entity(
                        start + mention_start,
                        start + mention_end,
                        sentence[mention_start:mention_end],
                        label,
                        clusters[handle],
                        known.kb_id,
                        known.name,
                        known.state,
                    )
                )
            joint = after
            paragraph = False
    document.text += joint or ""
    return marked


def format_markup(document: Document) -> str:
    """Write a document as mark-up: the mirror of `parse_markup`.

    RAISES: ValueError if the document says something that the mark-up cannot: text outside of every sentence, a
    mention or a relation across sentences, mentions of one cluster that differ in name, state or id.
    """
    handles = _handles(document)
    lines = [f"id: {_head_value(document.id)}"]
    for key, value in document.meta.items():
        if key not in ("handles", "sents"):
            if not HEAD_LINE.match(f"{key}: ") or key == "id":
                raise ValueError(f"meta key {key!r} cannot stand in a head")
            lines.append(f"{key}: {_head_value(value)}")
    for handle, entity in handles.items():
        fields = [_escape_field(value or "") for value in (entity.name, entity.state, entity.kb_id)]
        while fields and not fields[-1]:
            fields.pop()
        lines.append(f"{handle} = {' | '.join(fields)}".rstrip())
    lines.append("")
    names = list(handles)
    numbers = {cluster: i for i, cluster in enumerate(dict.fromkeys(e.cluster for e in document.entities))}
    sents = document.sents
    gaps = [document.text[0 : sents[0][0]]] if sents else [document.text]
    gaps += [document.text[a[1] : b[0]] for a, b in zip(sents, sents[1:])]
    gaps += [document.text[sents[-1][1] :]] if sents else []
    if any(gap.strip() for gap in gaps):
        raise ValueError("there is text outside of every sentence")
    seen_entities = seen_relations = 0
    for i, (start, end) in enumerate(sents):
        inside = [
            j for j, e in enumerate(document.entities) if start <= e.start and e.end <= end and e.start < e.end
        ]
        seen_entities += len(inside)
        line, position = "", start
        for j in sorted(inside, key=lambda j: document.entities[j].start):
            entity = document.entities[j]
            if entity.start < position:
                raise ValueError(f"mention {entity.text!r} overlaps another one")
            handle = names[numbers[entity.cluster]]
            line += _escape(document.text[position : entity.start])
            line += f"[{_escape(entity.text)}]({entity.label} {handle})"
            position = entity.end
        line += _escape(document.text[position:end])
        if line.startswith(">"):
            line = "\\" + line
        if i == 0:
            line = _escape_white(gaps[0]) + line
        last = i == len(sents) - 1
        blank = not last and gaps[i + 1] == "\n\n"
        if gaps[i + 1] != ("" if last else "\n\n" if blank else " "):
            line += _escape_white(gaps[i + 1]) or "\\"
        lines.append(line)
        for relation in document.relations:
            if relation.head in inside and relation.tail in inside:
                seen_relations += 1
                lines.append(_relation_line(document, relation, inside, names, numbers))
        if blank:
            lines.append("")
    if seen_entities < len(document.entities):
        raise ValueError("a mention is empty, or crosses the end of a sentence")
    if seen_relations < len(document.relations):
        raise ValueError("a relation crosses the end of a sentence")
    return "\n".join(lines) + "\n"


def nearest_pair(
    entities: Sequence[Entity], heads: Sequence[int], tails: Sequence[int], label: str
) -> Optional[Tuple[int, int]]:
    """The mentions that a relation line means when it gives handles alone: of the pairs whose labels the
    relation allows, the one with the least text between. None if two pairs are equally near."""
    head_labels, tail_labels = RELATIONS.get(label, (frozenset(), frozenset()))
    pairs = [(h, t) for h in heads for t in tails if h != t]
    fitting = [
        (h, t) for h, t in pairs if entities[h].label in head_labels and entities[t].label in tail_labels
    ]
    gaps: Dict[int, List[Tuple[int, int]]] = defaultdict(list)
    for h, t in fitting or pairs:
        gap = max(entities[t].start - entities[h].end, entities[h].start - entities[t].end)
        gaps[gap].append((h, t))
    best = gaps[min(gaps)] if gaps else []
    return best[0] if len(best) == 1 else None


def _parse_head_line(line: str, number: int, marked: MarkedDocument) -> None:
    handle_match = HANDLE_LINE.match(line)
    key_match = HEAD_LINE.match(line)
    if handle_match:
        handle, fields = handle_match.groups()
        values = [_unescape_field(value) for value in re.split(r" \| | \|$|^\| ", fields or "")]
        if handle in marked.handles:
            marked.faults.append(
                Fault(marked.path, number, f"handle '{handle}' stands twice in the head", "delete one")
            )
        if len(values) > 3:
            marked.faults.append(
                Fault(marked.path, number, "too many fields", "write 'handle = name | STATE | Q-id'")
            )
        marked.handles[handle] = Handle(*[value or None for value in values[:3]])
        marked.handle_lines[handle] = number
    elif key_match:
        key, value = key_match.groups()
        marked.head_lines[key] = number
        marked.document.meta[key] = _unhead_value(value or "")
    else:
        marked.faults.append(
            Fault(
                marked.path,
                number,
                "not a line of a head",
                "write 'key: value' or 'handle = name | STATE', and a blank line before the text",
            )
        )


def _parse_sentence(line: str) -> Tuple[str, str, List[Tuple[int, int, str, str]], Optional[str]]:
    """White space before, the sentence, its mentions, and what joins the next (None: the file does not say).

    RAISES: ValueError with a message and a mend.
    """
    characters: List[str] = []
    escaped: List[bool] = []
    mentions: List[Tuple[int, int, str, str]] = []
    opened: Optional[int] = None
    bare_end = False
    i = 0
    while i < len(line):
        char = line[i]
        if char == "\\":
            if i + 1 == len(line):
                bare_end = True
                break
            code = line[i + 1]
            if code == "u" and re.match(r"[0-9a-f]{4}", line[i + 2 : i + 6]):
                characters.append(chr(int(line[i + 2 : i + 6], 16)))
                i += 6
            elif code in UNWHITE:
                characters.append(UNWHITE[code])
                i += 2
            elif code in "[]\\>":
                characters.append(code)
                i += 2
            else:
                raise ValueError(f"'\\{code}' is no escape", "write '\\\\' for a backslash")
            escaped.append(characters[-1].isspace())
            continue
        if char == "[":
            if opened is not None:
                raise ValueError("a mention inside a mention", "close the first, or write '\\[' for a bracket")
            opened = len(characters)
        elif char == "]":
            tag = MENTION_TAG.match(line, i + 1)
            if opened is None:
                raise ValueError("']' closes no mention", "write '\\]' for a bracket")
            if tag is None:
                raise ValueError(
                    f"no label and handle behind '[{''.join(characters[opened:])}]'",
                    "write '[text](LABEL handle)'",
                )
            if opened == len(characters):
                raise ValueError("an empty mention", "put its text between the brackets")
            mentions.append((opened, len(characters), tag.group(1), tag.group(2)))
            opened = None
            i = tag.end()
            continue
        else:
            characters.append(char)
            escaped.append(False)
        i += 1
    if opened is not None:
        raise ValueError(f"'[{''.join(characters[opened:])[:30]}' is never closed", "add '](LABEL handle)'")
    end = len(characters)
    while end and escaped[end - 1] and (not mentions or mentions[-1][1] < end):
        end -= 1
    start = 0
    while start < end and escaped[start]:
        start += 1
    text = "".join(characters)
    after = text[end:] if end < len(text) or bare_end else None
    if not text[start:end] or text[start:end] != text[start:end].strip():
        raise ValueError("white space around a sentence", "delete it, or escape it (\\s, \\n, \\u00a0)")
    shifted = [(a - start, b - start, label, handle) for a, b, label, handle in mentions]
    return text[:start], text[start:end], shifted, after


def _parse_relation_line(line: str, number: int, marked: MarkedDocument, inside: Sequence[int]) -> None:
    document = marked.document

    def fault(message: str, mend: str) -> None:
        marked.faults.append(Fault(marked.path, number, message, mend))

    match = RELATION_LINE.match(line)
    if match is None:
        return fault("not a relation", "write '> head LABEL tail @date', '-LABEL' negated, '?LABEL' prospective")
    head, head_n, sign, label, tail, tail_n, date, date_n, score = match.groups()
    found: Dict[str, List[int]] = {}
    for handle, n in ((head, head_n), (tail, tail_n), (date, date_n)):
        if handle is None:
            continue
        mentions = [i for i in inside if marked.handle_of(i) == handle]
        if not mentions:
            return fault(
                f"'{handle}' has no mention in this sentence",
                "relate mentions of one sentence, and put the relation under it",
            )
        if n is not None and not 1 <= int(n) <= len(mentions):
            return fault(
                f"'{handle}#{n}': this sentence has {len(mentions)} mentions of it",
                f"write a number from 1 to {len(mentions)}",
            )
        found[f"{handle}#{n}"] = mentions if n is None else [mentions[int(n) - 1]]
    pair = nearest_pair(document.entities, found[f"{head}#{head_n}"], found[f"{tail}#{tail_n}"], label)
    if pair is None:
        return fault(
            f"'{head}' and '{tail}' could be several mentions", f"say which, as in '{head}#1' and '{tail}#2'"
        )
    date_index = None if date is None else found[f"{date}#{date_n}"][0]
    try:
        value = None if score is None else float(score)
    except ValueError:
        return fault(f"'={score}' is no score", "write a number, as in '=0.93'")
    marked.relation_lines.append(number)
    document.relations.append(
        Relation(
            *pair,
            label,
            SIGNS[sign],
            date_index,
            None if date_index is None else document.entities[date_index].name,
            value,
            document.sents[-1],
        )
    )


def _relation_line(
    document: Document,
    relation: Relation,
    inside: Sequence[int],
    names: Sequence[str],
    numbers: Dict[Optional[int], int],
) -> str:
    entities = document.entities

    def same(i: int) -> List[int]:
        return sorted(
            (j for j in inside if entities[j].cluster == entities[i].cluster), key=lambda j: entities[j].start
        )

    def written(i: int, exact: bool) -> str:
        name = names[numbers[entities[i].cluster]]
        return f"{name}#{same(i).index(i) + 1}" if exact else name

    exact = nearest_pair(entities, same(relation.head), same(relation.tail), relation.label) != (
        relation.head,
        relation.tail,
    )
    sign = next(sign for sign, factuality in SIGNS.items() if factuality == relation.factuality)
    line = f"> {written(relation.head, exact)} {sign}{relation.label} {written(relation.tail, exact)}"
    if relation.date is not None:
        if relation.date not in inside:
            raise ValueError("the date of a relation stands in another sentence")
        if relation.date_iso != entities[relation.date].name:
            raise ValueError(f"date_iso {relation.date_iso!r} is not the name of its date")
        line += f" @{written(relation.date, same(relation.date)[0] != relation.date)}"
    if relation.score is not None:
        line += f" ={relation.score!r}"
    return line


def _handles(document: Document) -> Dict[str, Entity]:
    """Handle -> the first entity of its cluster, in the order of first mention."""
    given = document.meta.get("handles", [])
    first: Dict[Optional[int], Entity] = {}
    for i, entity in enumerate(document.entities):
        known = first.setdefault(entity.cluster, entity)
        if entity.cluster is None:
            raise ValueError(f"mention {i} ({entity.text!r}) has no cluster")
        if (entity.name, entity.state, entity.kb_id) != (known.name, known.state, known.kb_id):
            raise ValueError(f"mentions of cluster {entity.cluster} differ in name, state or kb_id")
    handles: Dict[str, Entity] = {}
    for cluster, entity in first.items():
        handle = given[cluster] if cluster < len(given) else ""
        if not HANDLE.fullmatch(handle):
            words = re.findall(r"\w+", (entity.name or entity.text).lower())
            handle = words[-1] if words else "x"
        base, n = handle, 2
        while handle in handles:
            handle, n = f"{base}-{n}", n + 1
        handles[handle] = entity
    return handles


def _escape(text: str) -> str:
    text = re.sub(r"[\\\[\]]", lambda m: "\\" + m.group(), text)
    return re.sub(r"[\n\r\t\v\f\x1c-\x1f\x85\u2028\u2029]", lambda m: _escape_white(m.group()), text)


def _escape_white(text: str) -> str:
    return "".join(WHITE.get(char, f"\\u{ord(char):04x}") for char in text)


def _escape_field(text: str) -> str:
    return re.sub(
        r"[\\|\n\r]|^\s|\s$", lambda m: f"\\u{ord(m.group()):04x}", text
    )


def _unescape_field(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m.group(1), 16)), text.strip())


def _head_value(value: Any) -> str:
    if isinstance(value, str) and value and value == value.strip() and not set("\r\n") & set(value):
        if _unhead_value(value) == value:
            return value
    return json.dumps(value, ensure_ascii=False)


def _unhead_value(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def iter_markup(root: Path) -> Iterator[MarkedDocument]:
    """Every document under a folder, or the one in a file, in the order of their names.

    RAISES: InputError if nothing is there.
    """
    paths = [root] if root.is_file() else sorted(root.rglob(f"*{SUFFIX}"))
    if not paths:
        raise InputError(f"{root}: no {SUFFIX} file here: name a file in the mark-up, or a folder of them")
    for path in paths:
        yield read_markup(path)
