"""Faults in the corpus, which must be mended, and suspicions, which somebody should look at."""

import re
from collections import Counter, defaultdict
from typing import Dict, Iterator, List, Sequence, Set, Tuple

import pycountry
import spacy
from spacy.language import Language

from ..document import Document
from ..scheme import (
    ACTOR,
    ENTITY_LABELS,
    GENRES,
    PERSON,
    REGIONS,
    RELATIONS,
    SPLITS,
    STATE,
)
from .markup import Fault, MarkedDocument

# Labels that the mentions of one thing may have between them.
TOGETHER = (
    PERSON,
    frozenset({"COUNTRY", "NORP", "GOVERNMENT", "LOC"}),
    frozenset({"IGO", "GOVERNMENT"}),  # Brussels for the EU
    frozenset({"ORG", "GOVERNMENT"}),
    frozenset({"ORG", "NORP"}),
    frozenset({"TREATY"}),
    frozenset({"DATE"}),
)
STATES = (
    {country.alpha_3 for country in pycountry.countries}
    | {country.alpha_3 for country in pycountry.historic_countries}
    | {"XKX"}
)
ISO_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?(/\d{4}(-\d{2}(-\d{2})?)?)?|\d{4}s")
ARTICLE = re.compile(r"(the|a|an) ", re.IGNORECASE)
POSSESSIVE = re.compile(r"['’]s?$")
SIGNING_OR_MEETING = re.compile(
    r"\b(sign(s|ed|ing)?|met|meets|meeting with|talks with|held talks|hosted|hosts|received|phoned)\b", re.IGNORECASE
)
DATE_WORDS = re.compile(
    r"\b(Jan(uary|\.)|Feb(ruary|\.)|March|April|June|July|Aug(ust|\.)|Sept(ember|\.)|Oct(ober|\.)|Nov(ember|\.)|"
    r"Dec(ember|\.)|(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|yesterday|(19|20)\d\d)\b"
)
ORGAN_WORDS = re.compile(
    r"\b(government|administration|cabinet|parliament|congress|ministry|army|navy|military|embassy|presidency)\b",
    re.IGNORECASE,
)
TITLE = r"(President|Prime Minister|Chancellor|King|Queen|Premier|[A-Z]\w+ Minister|[Ff]oreign [Mm]inister|[Pp]resident|[Pp]rime [Mm]inister)"
TITLE_BETWEEN = re.compile(rf"^(['’]s?)? ({TITLE})( \w+)?,? $")
SHARED_RUN = 9


def check_documents(marked_documents: Sequence[MarkedDocument]) -> Tuple[List[Fault], List[Fault]]:
    """The faults and the suspicions of documents that stand together.

    RETURNS: Both in the order of files and lines. A corpus with a fault must not be trained on.
    """
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "communique.Tokenizer.v1"}}})
    faults: List[Fault] = []
    suspicions: List[Fault] = []
    ids: Dict[str, str] = {}
    for marked in marked_documents:
        faults.extend(marked.faults)
        faults.extend(_head_faults(marked))
        faults.extend(_span_faults(marked, nlp))
        faults.extend(_handle_faults(marked))
        faults.extend(_relation_faults(marked))
        first = ids.setdefault(marked.document.id, marked.path)
        if first != marked.path:
            faults.append(Fault(marked.path, 1, f"id stands in {first} too", "give each document its own"))
        suspicions.extend(_silent_sentences(marked))
        suspicions.extend(_bare_titles(marked))
        suspicions.extend(_bare_words(marked))
    suspicions.extend(_forgotten_names(marked_documents))
    suspicions.extend(_shared_runs(marked_documents))

    def place(fault: Fault) -> Tuple[str, int]:
        return (fault.path, fault.line)

    return sorted(faults, key=place), sorted(suspicions, key=place)


def _head_faults(marked: MarkedDocument) -> Iterator[Fault]:
    meta = marked.document.meta
    allowed = {"genre": GENRES, "region": REGIONS, "split": SPLITS}
    if not marked.document.id:
        yield Fault(marked.path, 1, "no id", "add 'id: NAME' to the head")
    for key in ("date", *allowed):
        if not meta.get(key):
            yield Fault(marked.path, 1, f"no {key}", f"add '{key}: …' to the head")
    for key, values in allowed.items():
        if meta.get(key) and meta[key] not in values:
            yield Fault(
                marked.path,
                marked.head_lines[key],
                f"unknown {key} {meta[key]!r}",
                f"write one of {', '.join(values)}",
            )
    if meta.get("date") and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", str(meta["date"])):
        yield Fault(marked.path, marked.head_lines["date"], "not a date", "write it as 2025-11-12")
    if not marked.document.meta["sents"]:
        yield Fault(marked.path, 1, "no text", "write sentences, one a line")


def _span_faults(marked: MarkedDocument, nlp: Language) -> Iterator[Fault]:
    doc = nlp.make_doc(marked.document.text)
    for entity, line in zip(marked.document.entities, marked.entity_lines):
        text = entity.text
        if entity.label not in ENTITY_LABELS:
            yield Fault(
                marked.path, line, f"unknown label {entity.label!r}", f"write one of {', '.join(ENTITY_LABELS)}"
            )
        if text != text.strip():
            yield Fault(marked.path, line, f"white space at the edge of [{text}]", "leave it outside")
        elif not text[0].isalnum() or not (text[-1].isalnum() or text[-1] == "+" or _is_abbreviation(text)):
            if not (text[-1] in "\"”’'" and text.count(text[-1]) + text.count("“") + text.count("‘") > 1):
                yield Fault(marked.path, line, f"punctuation at the edge of [{text}]", "leave it outside")
        if ARTICLE.match(text) and entity.label != "ORG":
            yield Fault(marked.path, line, f"an article in [{text}]", "leave it outside")
        if POSSESSIVE.search(text) and not text.endswith("'"):
            yield Fault(marked.path, line, f"a possessive in [{text}]", "leave it outside")
        if doc.char_span(entity.start, entity.end) is None:
            yield Fault(
                marked.path,
                line,
                f"[{text}] cuts a token",
                "end the mention where a word ends, or put a space where one is missing",
            )
    for start, end in marked.document.sents:
        if doc.char_span(start, end) is None:
            number = marked.sent_lines[marked.document.sents.index((start, end))]
            yield Fault(marked.path, number, "the sentence ends inside a token", "leave a space behind it")


def _is_abbreviation(text: str) -> bool:
    return bool(re.search(r"(^|[\s.])\w{1,5}\.$", text))


def _handle_faults(marked: MarkedDocument) -> Iterator[Fault]:
    labels: Dict[str, Dict[str, int]] = defaultdict(dict)
    for i, (entity, line) in enumerate(zip(marked.document.entities, marked.entity_lines)):
        labels[marked.handle_of(i)].setdefault(entity.label, line)
    for handle, line in marked.handle_lines.items():
        known = marked.handles[handle]
        if handle not in labels:
            yield Fault(marked.path, line, f"handle '{handle}' is used by no mention", "use it or delete the line")
        if not known.name:
            yield Fault(marked.path, line, f"handle '{handle}' has no name", "write its canonical name after '='")
        if known.state and known.state not in STATES:
            yield Fault(
                marked.path, line, f"unknown state {known.state!r}", "write the ISO 3166 alpha-3 code, as in RUS"
            )
        if "DATE" in labels[handle] and not ISO_DATE.fullmatch(known.name or ""):
            yield Fault(
                marked.path,
                line,
                f"{known.name!r} is no date",
                "write 2025-11-12, 2025-11, 2025, 1990s, or a span as 2025-11-03/2025-11-09",
            )
        if known.state is None and {"COUNTRY", "GOVERNMENT", "HEAD_OF_STATE", "HEAD_OF_GOV"} & set(labels[handle]):
            if "x" not in (known.kb_id or ""):
                name = (known.name or "").lower()
                if not any(word in name for word in NO_CODE):
                    yield Fault(
                        marked.path,
                        line,
                        f"'{handle}' is or acts for a state and has no code",
                        "write it after the name: 'handle = name | RUS'",
                    )
    for handle, found in labels.items():
        if not any(set(found) <= group for group in TOGETHER) and set(found) <= set(ENTITY_LABELS):
            yield Fault(
                marked.path,
                max(found.values()),
                f"handle '{handle}' is {' and '.join(found)}",
                "give two things two handles",
            )


# States and state-like territories that ISO 3166 never gave an alpha-3 code.
NO_CODE = (
    "abkhazia",
    "south ossetia",
    "transnistria",
    "northern cyprus",
    "somaliland",
    "nagorno",
    "artsakh",
    "donetsk",
    "luhansk",
    "kurdistan",
    "england",
    "scotland",
    "wales",
    "northern ireland",
    "soviet",
    "germany",
    "yugoslavia",
    "vietnam",
    "yemen",
    "empire",
    "rhodesia",
    "manchukuo",
    "biafra",
    "european union",
    "gaza",
    "union",
    "republic",
    "federation",
    "kingdom",
    "zanzibar",
    "tibet",
    "brussels",
)


def _relation_faults(marked: MarkedDocument) -> Iterator[Fault]:
    document = marked.document
    seen: Dict[Tuple[int, int, str], int] = {}
    for relation, line in zip(document.relations, marked.relation_lines):
        if relation.label not in RELATIONS:
            yield Fault(
                marked.path, line, f"unknown relation {relation.label!r}", f"write one of {', '.join(RELATIONS)}"
            )
            continue
        for role, index, allowed in zip(
            ("head", "tail"), (relation.head, relation.tail), RELATIONS[relation.label]
        ):
            entity = document.entities[index]
            if entity.label not in allowed:
                yield Fault(
                    marked.path,
                    line,
                    f"{relation.label} cannot have the {entity.label} [{entity.text}] as {role}",
                    f"it takes {', '.join(label for label in ENTITY_LABELS if label in allowed)}",
                )
        if relation.date is not None and document.entities[relation.date].label != "DATE":
            yield Fault(marked.path, line, "what stands behind '@' is no DATE", "name a DATE of this sentence")
        if document.entities[relation.head].cluster == document.entities[relation.tail].cluster:
            yield Fault(marked.path, line, "relates a thing to itself", "check the handles")
        if seen.setdefault(relation.key, line) != line:
            yield Fault(marked.path, line, f"the same relation as in line {seen[relation.key]}", "delete one")


def _sentences(marked: MarkedDocument) -> Iterator[Tuple[int, str, List[int], List[int]]]:
    """Line, text, mentions and relations of each sentence."""
    document = marked.document
    for line, (start, end) in zip(marked.sent_lines, document.sents):
        mentions = [i for i, e in enumerate(document.entities) if start <= e.start and e.end <= end]
        relations = [i for i, r in enumerate(document.relations) if r.sent == (start, end)]
        yield line, document.text[start:end], mentions, relations


def _silent_sentences(marked: MarkedDocument) -> Iterator[Fault]:
    for line, text, mentions, relations in _sentences(marked):
        word = SIGNING_OR_MEETING.search(text)
        actors = {
            marked.document.entities[i].cluster for i in mentions if marked.document.entities[i].label in ACTOR
        }
        if word and len(actors) > 1 and not relations:
            yield Fault(
                marked.path, line, f"'{word.group()}' with two actors and no relation", "add it if it is there"
            )


def _bare_titles(marked: MarkedDocument) -> Iterator[Fault]:
    document = marked.document
    related = {(r.head, r.tail) for r in document.relations}
    for i, (a, b) in enumerate(zip(document.entities, document.entities[1:])):
        if a.label in STATE and b.label in PERSON - {"PERSON"}:
            if TITLE_BETWEEN.match(document.text[a.end : b.start]) and (i + 1, i) not in related:
                yield Fault(
                    marked.path,
                    marked.entity_lines[i + 1],
                    f"[{a.text}]{document.text[a.end:b.start]}[{b.text}] without the office as a relation",
                    "add HEAD_OF_STATE_OF, HEAD_OF_GOV_OF or OFFICIAL_OF",
                )


def _covered(document: Document, start: int, end: int) -> bool:
    return any(e.start < end and start < e.end for e in document.entities)


def _line_of(marked: MarkedDocument, offset: int) -> int:
    for line, (start, end) in zip(marked.sent_lines, marked.document.sents):
        if offset < end:
            return line
    return marked.sent_lines[-1]


def _bare_words(marked: MarkedDocument) -> Iterator[Fault]:
    document = marked.document
    for pattern, label in ((DATE_WORDS, "DATE"), (ORGAN_WORDS, "GOVERNMENT")):
        for match in pattern.finditer(document.text):
            if not _covered(document, *match.span()):
                yield Fault(
                    marked.path,
                    _line_of(marked, match.start()),
                    f"'{match.group()}' outside of a mention",
                    f"mark it as {label} if it is one",
                )


def _forgotten_names(marked_documents: Sequence[MarkedDocument]) -> Iterator[Fault]:
    """Names that are annotated elsewhere, in the same document or in at least two others, but not here."""
    documents_with: Dict[str, Set[str]] = defaultdict(set)
    labels: Dict[str, Counter] = defaultdict(Counter)
    for marked in marked_documents:
        for entity in marked.document.entities:
            if entity.text[0].isupper() and len(entity.text) > 2 and entity.label != "DATE":
                documents_with[entity.text].add(marked.document.id)
                labels[entity.text][entity.label] += 1
    if not documents_with:
        return
    # One pass over the words of a text, longest name first, instead of a regular expression a name.
    longest = max(len(name.split()) for name in documents_with)
    for marked in marked_documents:
        text = marked.document.text
        words = [match.span() for match in re.finditer(r"\w[\w.&+-]*\w\.?|\w", text)]
        i = 0
        while i < len(words):
            step = 1
            for n in range(min(longest, len(words) - i), 0, -1):
                start, end = words[i][0], words[i + n - 1][1]
                name = text[start:end] if text[start:end] in documents_with else text[start:end].rstrip(".")
                sources = documents_with.get(name, set())
                here = marked.document.id in sources
                if sources and (here or len(sources) > 1):
                    if not _covered(marked.document, start, start + len(name)):
                        label = labels[name].most_common(1)[0][0]
                        yield Fault(
                            marked.path,
                            _line_of(marked, start),
                            f"'{name}' is {label} elsewhere, and nothing here",
                            "mark it if it names that",
                        )
                    step = n
                    break
            i += step


def _shared_runs(marked_documents: Sequence[MarkedDocument]) -> Iterator[Fault]:
    first: Dict[Tuple[str, ...], Tuple[str, str]] = {}
    told: Set[Tuple[str, str]] = set()
    for marked in marked_documents:
        words = [(m.group().lower(), m.start()) for m in re.finditer(r"\w+", marked.document.text)]
        for i in range(len(words) - SHARED_RUN + 1):
            run = tuple(word for word, _ in words[i : i + SHARED_RUN])
            other, where = first.setdefault(run, (marked.document.id, marked.path))
            if other != marked.document.id and (other, marked.document.id) not in told:
                told.add((other, marked.document.id))
                yield Fault(
                    marked.path,
                    _line_of(marked, words[i][1]),
                    f"'{' '.join(run)}' stands in {where} too",
                    "write one of them in other words",
                )
