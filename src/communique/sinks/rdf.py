"""RDF: Turtle files, and an embedded store that answers SPARQL.

Each relation is a node of RDF's own reification vocabulary (`rdf:Statement`, with `rdf:subject`, `rdf:predicate` and
`rdf:object`), which carries factuality, score, date, sentence and document. An asserted relation is a triple of its own as
well, in both directions if the label is symmetric. What is negated or prospective is a statement alone: no query for
plain triples takes "did not condemn" for "condemned".
"""

import re
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Iterable, Iterator, TextIO
from urllib.parse import quote

from ..document import Document
from ..scheme import SYMMETRIC
from .sink import Sink, TextSink
from .things import Thing, find_things

BASE = "urn:communique:"
PREFIXES = {
    "c": BASE,
    "dcterms": "http://purl.org/dc/terms/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "wd": "http://www.wikidata.org/entity/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
DATE_TYPES = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "date"),
    (re.compile(r"\d{4}-\d\d"), "gYearMonth"),
    (re.compile(r"\d{4}"), "gYear"),
)

# Quads loaded at a time: in one go, the store would take a gigabyte of memory for them.
BATCH = 100_000


class TurtleSink(TextSink):
    suffix = ".ttl"
    extra = "rdf"
    modules = ("pyoxigraph",)

    def stream(self, file: TextIO, documents: Iterable[Document]) -> None:
        from pyoxigraph import RdfFormat, serialize

        file.writelines(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
        for document in documents:
            # The serializer says the prefixes in any order, and for each document again.
            turtle = serialize(triples(document), format=RdfFormat.TURTLE, prefixes=PREFIXES).decode("utf8")
            file.write(turtle[re.match(r"(@prefix .*\n)*", turtle).end() :])
            file.flush()


class OxigraphSink(Sink):
    """A folder that `communique query` and pyoxigraph open. What it says is the same for the same documents; the bytes of
    its files are the storage engine's own affair."""

    suffix = ""
    whole = "store"
    extra = "rdf"
    modules = ("pyoxigraph",)

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        from pyoxigraph import Quad, Store

        store = Store(str(path))
        quads = (Quad(*triple) for document in documents for triple in triples(document))
        while batch := list(islice(quads, BATCH)):
            store.bulk_extend(batch)
        store.optimize()
        store.flush()


def triples(document: Document) -> Iterator:
    """What a document says.

    YIELDS (pyoxigraph.Triple): Subject by subject; the same subject may come again in another document.
    """
    from pyoxigraph import Literal, NamedNode, Triple

    kind, label = _term("rdf", "type"), _term("rdfs", "label")
    things = find_things(document)
    # A date is said by its statement; it is no thing, unless a pipeline of other labels relates it.
    ends = {things[end] for relation in document.relations for end in (relation.head, relation.tail)}
    nodes = {thing: NamedNode(_iri(thing)) for thing in things if thing in ends or thing.labels != ("DATE",)}
    source = _document_iri(document.id)

    yield Triple(source, kind, _term("c", "Document"))
    yield Triple(source, _term("dcterms", "identifier"), Literal(document.id))
    if isinstance(document.meta.get("title"), str):
        yield Triple(source, _term("dcterms", "title"), Literal(document.meta["title"]))
    day = document.published
    if day is not None:
        yield Triple(source, _term("dcterms", "date"), _typed(day.isoformat()))
    for node in nodes.values():
        yield Triple(source, _term("c", "mentions"), node)
    for thing, node in nodes.items():
        for entity_label in thing.labels:
            yield Triple(node, kind, _term("c", entity_label))
        yield Triple(node, label, Literal(thing.name))
        if thing.state is not None:
            yield Triple(node, _term("c", "state"), Literal(thing.state))
    for number, relation in enumerate(document.relations):
        head, tail = nodes[things[relation.head]], nodes[things[relation.tail]]
        predicate = _term("c", relation.label)
        statement = NamedNode(f"{source.value}#relation-{number}")
        yield Triple(statement, kind, _term("rdf", "Statement"))
        yield Triple(statement, _term("rdf", "subject"), head)
        yield Triple(statement, _term("rdf", "predicate"), predicate)
        yield Triple(statement, _term("rdf", "object"), tail)
        yield Triple(statement, _term("c", "factuality"), _term("c", relation.factuality))
        if relation.score is not None:
            yield Triple(statement, _term("c", "score"), Literal(float(relation.score)))
        if relation.date is not None:
            yield Triple(statement, _term("c", "dateText"), Literal(document.entities[relation.date].text))
        if relation.date_iso is not None:
            yield Triple(statement, _term("c", "date"), _typed(relation.date_iso))
        if relation.sent is not None:
            yield Triple(statement, _term("c", "evidence"), Literal(document.text[slice(*relation.sent)]))
        yield Triple(statement, _term("c", "document"), source)
        if relation.factuality == "asserted":
            yield Triple(head, predicate, tail)
            if relation.label in SYMMETRIC:
                yield Triple(tail, predicate, head)


@lru_cache(maxsize=1000)
def _term(prefix: str, name: str):
    from pyoxigraph import NamedNode

    return NamedNode(PREFIXES[prefix] + quote(name, safe=""))


def _typed(text: str):
    """A date as a literal of the type that fits it."""
    from pyoxigraph import Literal

    kind = next((kind for pattern, kind in DATE_TYPES if pattern.fullmatch(text)), "string")
    return Literal(text, datatype=_term("xsd", kind))


def _iri(thing: Thing) -> str:
    if thing.wikidata is not None:
        return PREFIXES["wd"] + thing.wikidata
    key = quote(thing.key, safe="") if thing.kb_id is not None else thing.key
    return BASE + key + ("" if thing.document is None else "@" + quote(thing.document, safe=""))


def _document_iri(id: str):
    """The id itself if it is the address of a page."""
    from pyoxigraph import NamedNode

    if re.match(r"https?://[^#]+$", id):
        try:
            return NamedNode(id)
        except ValueError:
            pass
    return NamedNode(f"{BASE}document:{quote(id, safe='')}")
