"""The relations of all documents added up to a graph: GraphML, and tables of nodes and edges for spreadsheets.

Nodes are the things that some relation joins. An edge is head, label, tail and factuality, and counts the relations that
say so; the ends of a symmetric label are in one order.
"""

import csv
import re
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator
from xml.sax.saxutils import XMLGenerator

from ..document import Document
from ..scheme import SYMMETRIC
from .sink import Sink
from .things import find_things

# Of a node and of an edge, in their order in a file: name and GraphML type.
NODE_FIELDS = {
    "label": "string",
    "type": "string",
    "state": "string",
    "wikidata": "string",
    "relations": "long",
    "documents": "long",
}
EDGE_FIELDS = {
    "label": "string",
    "factuality": "string",
    "symmetric": "boolean",
    "weight": "long",
    "documents": "long",
    "score": "double",
    "first_published": "string",
    "last_published": "string",
    "document": "string",
    "evidence": "string",
}
PRAGMAS = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;"
TABLES = """
CREATE TABLE nodes (id TEXT PRIMARY KEY, label, type, state, wikidata, relations, documents) WITHOUT ROWID;
CREATE TABLE edges (
    source TEXT, target TEXT, label TEXT, factuality TEXT, symmetric, weight, documents, score, first_published,
    last_published, document, evidence, PRIMARY KEY (source, target, label, factuality)
) WITHOUT ROWID;
"""
ADD_NODE = """
INSERT INTO nodes VALUES (:id, :label, :type, :state, :wikidata, :relations, 1) ON CONFLICT DO UPDATE SET
    state = coalesce(state, excluded.state), relations = relations + excluded.relations, documents = documents + 1
"""
# In a SET of SQLite, a bare name is the value before. min() and max() of two are null if one is.
ADD_EDGE = """
INSERT INTO edges VALUES (
    :source, :target, :label, :factuality, :symmetric, :weight, 1, :score, :published, :published, :document, :evidence
) ON CONFLICT DO UPDATE SET
    weight = weight + excluded.weight,
    documents = documents + 1,
    score = max(coalesce(score, excluded.score), coalesce(excluded.score, score)),
    document = iif(coalesce(excluded.score, -1) > coalesce(score, -1), excluded.document, document),
    evidence = iif(coalesce(excluded.score, -1) > coalesce(score, -1), excluded.evidence, evidence),
    first_published = min(
        coalesce(first_published, excluded.first_published), coalesce(excluded.first_published, first_published)
    ),
    last_published = max(
        coalesce(last_published, excluded.last_published), coalesce(excluded.last_published, last_published)
    )
"""
NODES = "SELECT * FROM nodes ORDER BY id"
EDGES = "SELECT * FROM edges ORDER BY weight DESC, source, target, label, factuality"

# The most that a cell of a spreadsheet shows is 32,767 characters.
LONGEST_CELL = 2000
# What a spreadsheet takes for the start of a formula, at the start of a cell or behind what it may take for the end of one.
FORMULA = re.compile(r"(^|;)([\s\"]*)(?=[=+\-@＝＋－＠])")
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class GraphmlSink(Sink):
    suffix = ".graphml"
    whole = "graph.graphml"

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        with added_up(documents) as graph, path.open("w", encoding="utf8", newline="\n") as file:
            xml = XMLGenerator(file, "utf-8", short_empty_elements=True)
            xml.startDocument()
            xml.startElement("graphml", {"xmlns": "http://graphml.graphdrawing.org/xmlns"})
            for domain, fields in (("node", NODE_FIELDS), ("edge", EDGE_FIELDS)):
                for name, kind in fields.items():
                    key = {"id": f"{domain}-{name}", "for": domain, "attr.name": name, "attr.type": kind}
                    xml.startElement("key", key)
                    xml.endElement("key")
            xml.startElement("graph", {"id": "communique", "edgedefault": "directed"})
            for node in graph.execute(NODES):
                _write_element(xml, "node", {"id": node["id"]}, node, NODE_FIELDS)
            for number, edge in enumerate(graph.execute(EDGES)):
                ends = {"id": str(number), "source": edge["source"], "target": edge["target"]}
                _write_element(xml, "edge", ends, edge, EDGE_FIELDS)
            xml.endElement("graph")
            xml.endElement("graphml")
            xml.endDocument()


class CsvSink(Sink):
    """A folder with `nodes.csv` and `edges.csv`, heaviest edges first, under the column names that Gephi knows. No cell is
    a formula: where one would start, an apostrophe stands before it."""

    suffix = ""
    whole = "graph"

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        path.mkdir()
        with added_up(documents) as graph:
            _write_csv(path / "nodes.csv", ["Id", *map(str.capitalize, NODE_FIELDS)], graph.execute(NODES))
            names = [name for name in EDGE_FIELDS if name != "symmetric"]
            edges = (
                [e["source"], e["target"], "Undirected" if e["symmetric"] else "Directed", *(e[name] for name in names)]
                for e in graph.execute(EDGES)
            )
            _write_csv(path / "edges.csv", ["Source", "Target", "Type", *map(str.capitalize, names)], edges)


@contextmanager
def added_up(documents: Iterable[Document]) -> Iterator[sqlite3.Connection]:
    """The graph in a nameless database, which SQLite keeps on disk where it outgrows its cache, and which is gone when
    the process is.

    RAISES: OSError if that disk is full.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as graph:
        graph.row_factory = sqlite3.Row
        try:
            graph.executescript(PRAGMAS + TABLES)
            graph.execute("BEGIN")
            for document in documents:
                nodes, edges = _count(document)
                graph.executemany(ADD_NODE, nodes)
                graph.executemany(ADD_EDGE, edges)
            yield graph
        except sqlite3.OperationalError as error:
            raise OSError(f"{error} where the graph is added up, which SQLITE_TMPDIR can move") from error


def _count(document: Document):
    """The nodes and edges of one document, each once."""
    things = find_things(document)
    day = document.published
    nodes: Dict[str, Dict[str, Any]] = {}
    edges: Dict[Any, Dict[str, Any]] = {}
    for relation in document.relations:
        head, tail = things[relation.head], things[relation.tail]
        symmetric = relation.label in SYMMETRIC
        if symmetric and tail.id < head.id:
            head, tail = tail, head
        for thing in {head.id: head, tail.id: tail}.values():
            node = {
                "id": thing.id,
                "label": thing.name,
                "type": thing.labels[0],
                "state": thing.state,
                "wikidata": thing.wikidata,
                "relations": 0,
            }
            nodes.setdefault(thing.id, node)["relations"] += 1
        edge = edges.setdefault(
            (head.id, tail.id, relation.label, relation.factuality),
            {
                "source": head.id,
                "target": tail.id,
                "label": relation.label,
                "factuality": relation.factuality,
                "symmetric": symmetric,
                "weight": 0,
                "score": None,
                "published": None if day is None else day.isoformat(),
                "document": document.id,
                "evidence": None,
            },
        )
        edge["weight"] += 1
        if edge["weight"] == 1 or (relation.score or 0) > (edge["score"] or 0):
            edge["score"] = relation.score
            edge["evidence"] = None if relation.sent is None else document.text[slice(*relation.sent)]
    return nodes.values(), edges.values()


def _write_element(xml: XMLGenerator, name: str, attributes: Dict[str, str], row: sqlite3.Row, fields: Dict[str, str]) -> None:
    xml.startElement(name, {key: NOT_IN_XML.sub("\ufffd", value) for key, value in attributes.items()})
    for field, kind in fields.items():
        value = row[field]
        if value is not None:
            text = str(bool(value)).lower() if kind == "boolean" else NOT_IN_XML.sub("\ufffd", str(value))
            xml.startElement("data", {"key": f"{name}-{field}"})
            xml.characters(text)
            xml.endElement("data")
    xml.endElement(name)
    xml.characters("\n")


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    # The mark at the start tells Excel that this is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([safe_cell(value) for value in row] for row in rows)


def safe_cell(value: Any) -> Any:
    """A value that no spreadsheet reads as a formula or as more than one cell; control characters and line ends are
    spaces."""
    if not isinstance(value, str):
        return value
    text = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", value).strip()
    if len(text) > LONGEST_CELL:
        text = text[: LONGEST_CELL - 1] + "…"
    return FORMULA.sub(r"\1\2'", text)
