"""GraphML and tables of nodes and edges."""

import csv

import networkx
import pandas
import pytest
from hypothesis import example as with_example
from hypothesis import given
from hypothesis import strategies as st

from communique.document import Document, Entity, Relation
from communique.sinks import SINKS, graph as module
from communique.sinks.graph import LONGEST_CELL, safe_cell

from .test_sinks import DOCUMENTS


def said(id, head, label, tail, factuality="asserted", score=0.5, date=None):
    text = f"{head} {tail}"
    entities = [Entity(0, len(head), head, "COUNTRY", 0), Entity(len(head) + 1, len(text), tail, "COUNTRY", 1)]
    meta = {} if date is None else {"date": date}
    return Document(id, text, meta, entities, [Relation(0, 1, label, factuality, None, None, score, (0, len(text)))])


REPORTS = [
    said("a", "Chad", "MET_WITH", "Kenya", date="2025-03-01"),
    said("b", "Kenya", "MET_WITH", "Chad", score=0.9, date="2025-01-01"),
    said("c", "Kenya", "MET_WITH", "Chad", "negated"),
    said("d", "Kenya", "CRITICISED", "Chad", score=None),
    said("e", "Chad", "CRITICISED", "Kenya", score=None, date="2025-02-01"),
    said("f", "Chad", "CRITICISED", "Kenya", score=0.2),
]


@pytest.fixture
def graph(tmp_path):
    SINKS["graphml"].write(tmp_path / "x.graphml", REPORTS)
    return networkx.read_graphml(tmp_path / "x.graphml")


def edges(graph):
    return {(u, v, data["label"], data["factuality"]): data for u, v, data in graph.edges(data=True)}


def test_relations_add_up(graph):
    found = edges(graph)
    chad, kenya = "country:chad", "country:kenya"
    assert {key: data["weight"] for key, data in found.items()} == {
        (chad, kenya, "MET_WITH", "asserted"): 2,
        (chad, kenya, "MET_WITH", "negated"): 1,
        (kenya, chad, "CRITICISED", "asserted"): 1,
        (chad, kenya, "CRITICISED", "asserted"): 2,
    }
    met = found[chad, kenya, "MET_WITH", "asserted"]
    assert met["symmetric"] is True and met["documents"] == 2
    assert (met["score"], met["document"], met["evidence"]) == (0.9, "b", "Kenya Chad")
    assert (met["first_published"], met["last_published"]) == ("2025-01-01", "2025-03-01")
    criticised = found[chad, kenya, "CRITICISED", "asserted"]
    assert (criticised["score"], criticised["document"], criticised["symmetric"]) == (0.2, "f", False)
    assert criticised["first_published"] == criticised["last_published"] == "2025-02-01"
    assert "score" not in found[kenya, chad, "CRITICISED", "asserted"]
    assert graph.nodes[chad] == {"label": "Chad", "type": "COUNTRY", "relations": 6, "documents": 6}


def test_order_of_documents_changes_nothing_but_ties(tmp_path):
    SINKS["graphml"].write(tmp_path / "a", REPORTS)
    SINKS["graphml"].write(tmp_path / "b", REPORTS[::-1])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_document_counts_once_for_an_edge(tmp_path):
    document = said("a", "Chad", "MET_WITH", "Kenya")
    document.relations.append(Relation(1, 0, "MET_WITH", "asserted", None, None, 0.7, (0, 4)))
    SINKS["graphml"].write(tmp_path / "x", [document])
    ((_, _, edge),) = networkx.read_graphml(tmp_path / "x").edges(data=True)
    assert (edge["weight"], edge["documents"], edge["score"], edge["evidence"]) == (2, 1, 0.7, "Chad")


def test_linked_nodes_say_so_and_odd_characters_are_no_bad_xml(tmp_path):
    SINKS["graphml"].write(tmp_path / "x.graphml", DOCUMENTS)
    graph = networkx.read_graphml(tmp_path / "x.graphml")
    putin = graph.nodes["Q7747"]
    assert (putin["label"], putin["wikidata"], putin["state"], putin["documents"]) == ("Vladimir Putin", "Q7747", "RUS", 2)
    # An unnamed agreement is not the same in two documents; countries are.
    assert sum(node.startswith("treaty:agreement@") for node in graph) == 2
    assert graph.nodes["country:france"]["relations"] == 4
    assert any("😀" in data["label"] for _, data in graph.nodes(data=True))


def test_spreadsheets_get_nodes_and_edges(tmp_path):
    SINKS["csv"].write(tmp_path / "graph", REPORTS)
    nodes, edges = (pandas.read_csv(tmp_path / "graph" / f"{name}.csv") for name in ("nodes", "edges"))
    assert nodes["Id"].tolist() == ["country:chad", "country:kenya"]
    assert list(edges.columns[:5]) == ["Source", "Target", "Type", "Label", "Factuality"]
    assert edges["Weight"].tolist() == [2, 2, 1, 1]
    assert edges["Type"].tolist() == ["Directed", "Undirected", "Undirected", "Directed"]
    assert set(edges["Source"]) | set(edges["Target"]) <= set(nodes["Id"])


def test_no_cell_is_a_formula_or_a_line_of_its_own(tmp_path):
    SINKS["csv"].write(tmp_path / "graph", DOCUMENTS)
    for name in ("nodes", "edges"):
        data = (tmp_path / "graph" / f"{name}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        # Whatever the language of the spreadsheet takes for the separator.
        for delimiter in ",;\t":
            rows = list(csv.reader(data.decode("utf-8-sig").splitlines(), delimiter=delimiter))
            assert len({len(row) for row in rows}) == 1 or delimiter != ","
            assert not [cell for row in rows for cell in row if cell.strip()[:1] in tuple("=+-@＝＋－＠\t\r")]


@given(st.text(st.sampled_from("=+-@; \t\r\n\"',a1＝\u3000\x00|"), max_size=12))
@with_example(';"=1+1')
def test_a_safe_cell_starts_no_formula(text):
    cell = safe_cell(text)
    assert "\n" not in cell and "\t" not in cell
    for piece in cell.replace('"', "").split(";"):
        assert piece.strip()[:1] not in tuple("=+-@＝＋－＠")


def test_a_safe_cell_keeps_numbers_and_cuts_what_no_cell_holds():
    assert safe_cell(3) == 3 and safe_cell(None) is None and safe_cell("a, b") == "a, b"
    assert len(safe_cell("x" * 100_000)) == LONGEST_CELL


@pytest.mark.parametrize("name", ["graphml", "csv"])
def test_a_full_disk_says_so(name, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PRAGMAS", "PRAGMA max_page_count = 30;")
    documents = (said(str(i), f"Chad{i}", "CRITICISED", f"Kenya{i}") for i in range(2000))
    with pytest.raises(OSError, match="full"):
        SINKS[name].write(tmp_path / "x", documents)
