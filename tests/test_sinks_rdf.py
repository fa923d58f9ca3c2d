"""RDF and `communique query`."""

import json

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse
from typer.testing import CliRunner

from communique.cli import app
from communique.document import Document
from communique.sinks import SINKS
from communique.sinks.rdf import PREFIXES, triples

from .test_sinks import DOCUMENTS, ODD, bare, example

RUNNER = CliRunner()


@pytest.fixture
def store(tmp_path):
    (tmp_path / "out").mkdir()
    SINKS["oxigraph"].write(tmp_path / "out" / "store", DOCUMENTS)
    return str(tmp_path / "out" / "store")


def query(*args):
    return RUNNER.invoke(app, ["query", *map(str, args)])


def rows(store, text):
    result = query(store, text, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)["results"]["bindings"]
    return [{name: value["value"] for name, value in row.items()} for row in found]


def test_turtle_and_the_store_say_the_same(store, tmp_path):
    SINKS["turtle"].write(tmp_path / "x.ttl", DOCUMENTS)
    turtle = Store()
    turtle.load(path=tmp_path / "x.ttl", format=RdfFormat.TURTLE)
    assert len(turtle) > 60
    assert set(turtle) == set(Store.read_only(store))


def test_every_triple_can_be_read_again():
    for document in DOCUMENTS:
        said = list(triples(document))
        lines = "".join(f"{triple} .\n" for triple in said)
        assert [quad.triple for quad in parse(lines, RdfFormat.N_TRIPLES)] == said


def test_an_asserted_relation_is_a_plain_triple_and_no_other_is(store):
    ask = lambda pattern: query(store, f"ASK {{ {pattern} }}").stdout.strip()  # noqa: E731
    assert ask("wd:Q7747 c:HEAD_OF_STATE_OF wd:Q159") == "true"
    assert ask("wd:Q159 c:HEAD_OF_STATE_OF wd:Q7747") == "false"
    assert ask("wd:Q7747 c:MET_WITH c:person:tokayev") == ask("c:person:tokayev c:MET_WITH wd:Q7747") == "true"
    assert ask("?who c:SIGNED ?what") == ask("?who c:SIGNED_WITH ?whom") == "false"
    assert ask("?s rdf:predicate c:SIGNED ; c:factuality c:negated") == "true"


def test_a_statement_says_when_how_surely_and_where(store):
    (row,) = rows(
        store,
        """SELECT ?date ?text ?score ?evidence ?day ?title WHERE {
            ?s rdf:subject c:person:tokayev ; rdf:predicate c:MET_WITH ; rdf:object wd:Q7747 ; c:factuality c:asserted ;
               c:date ?date ; c:dateText ?text ; c:score ?score ; c:evidence ?evidence ; c:document ?document .
            ?document dcterms:date ?day ; dcterms:title ?title
            FILTER (?score > 0.75 && ?day < "2025-07-01"^^xsd:date && ?date = "2025-05"^^xsd:gYearMonth) }""",
    )
    assert row == {
        "date": "2025-05",
        "text": "May",
        "score": "0.8",
        "evidence": "Russian President Putin met Tokayev in May.",
        "day": "2025-06-01",
        "title": "Talks",
    }


def test_things_have_names_types_and_states(store):
    (row,) = rows(store, "SELECT * WHERE { wd:Q7747 a ?type ; rdfs:label ?name ; c:state ?state }")
    assert row == {"type": PREFIXES["c"] + "HEAD_OF_STATE", "name": "Vladimir Putin", "state": "RUS"}
    found = rows(store, "SELECT ?name WHERE { <https://news.example/a?b=1> c:mentions/rdfs:label ?name } ORDER BY ?name")
    assert [row["name"] for row in found] == ["France", "Kenya", "Russia", "Tokayev", "Vladimir Putin", "agreement"]


@pytest.mark.parametrize(
    "id, iri",
    [
        ("https://news.example/a?b=1", "https://news.example/a?b=1"),
        ("in/a b.txt", "urn:communique:document:in%2Fa%20b.txt"),
        ("https://news.example/#top", "urn:communique:document:https%3A%2F%2Fnews.example%2F%23top"),
        ("http://bad example/", "urn:communique:document:http%3A%2F%2Fbad%20example%2F"),
        ("", "urn:communique:document:"),
    ],
)
def test_the_node_of_a_document(id, iri):
    assert next(triples(bare(id))).subject == NamedNode(iri)


def test_a_label_of_any_characters():
    document = example()
    document.entities[1].label = document.relations[0].label = ODD
    assert [t for t in triples(document) if "%F0%9F%98%80" in t.predicate.value]


def test_the_same_relation_in_two_documents_is_two_statements(store):
    found = rows(store, "SELECT ?s WHERE { ?s rdf:subject wd:Q7747 ; rdf:predicate c:HEAD_OF_STATE_OF }")
    assert sorted(row["s"] for row in found) == [
        "https://news.example/a?b=1#relation-0",
        "urn:communique:document:again#relation-0",
    ]


def test_query_prints_a_table_csv_and_turtle(store, tmp_path):
    (tmp_path / "q.rq").write_text("SELECT ?who ?name WHERE { ?who c:HEAD_OF_STATE_OF wd:Q159 ; rdfs:label ?name }")
    result = query(store, "--file", tmp_path / "q.rq")
    assert [line.split() for line in result.stdout.splitlines()] == [["who", "name"], ["wd:Q7747", "Vladimir", "Putin"]]
    # The folder of a run serves as well.
    result = query(tmp_path / "out", "--file", tmp_path / "q.rq", "--format", "csv")
    assert result.stdout.splitlines() == ["who,name", PREFIXES["wd"] + "Q7747,Vladimir Putin"]
    result = query(store, "CONSTRUCT { ?b c:HEADED_BY ?a } WHERE { ?a c:HEAD_OF_STATE_OF ?b }")
    (quad,) = parse(result.stdout, RdfFormat.TURTLE)
    assert quad.predicate.value == PREFIXES["c"] + "HEADED_BY"


@pytest.mark.parametrize(
    "args, message",
    [
        (["{store}", "SELECT ?a WHERE {"], "not SPARQL: "),
        (["{store}", "--file", "{tmp}/gone.rq"], "gone.rq: No such file"),
        (["{store}", "--file", "{tmp}/bad.rq"], "bad.rq: not SPARQL: "),
        (["{store}", "DELETE WHERE { ?s ?p ?o }"], "not SPARQL: "),
        (["{store}"], "one query is wanted"),
        (["{store}", "ASK {}", "--file", "{tmp}/bad.rq"], "one query is wanted"),
        (["{tmp}/gone", "ASK {}"], "no store: make one with"),
        (["{tmp}", "ASK {}"], "no store: make one with"),
        (["{tmp}/broken", "ASK {}"], "broken: cannot be opened: "),
    ],
)
def test_query_errors_are_one_line_and_exit_code_2(store, tmp_path, args, message):
    (tmp_path / "bad.rq").write_text("SELECT")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "CURRENT").write_text("nonsense\n")
    result = query(*(arg.replace("{store}", store).replace("{tmp}", str(tmp_path)) for arg in args))
    assert result.exit_code == 2
    assert message in result.stderr and len(result.stderr.splitlines()) == 1


def test_query_without_the_extra(store, monkeypatch):
    monkeypatch.setattr("communique.extras.find_spec", lambda module: None)
    result = query(store, "ASK {}")
    assert result.exit_code == 2
    assert result.stderr.strip() == 'communique: pyoxigraph is not installed: pip install "communique[rdf]"'


def test_help_shows_an_example():
    assert "Example: communique query out/store" in " ".join(query("--help").stdout.split())


def test_two_may_ask_at_once(store):
    first, second = Store.read_only(store), Store.read_only(store)
    assert len(first) == len(second) > 0


def test_a_long_document_id_is_no_obstacle(tmp_path):
    SINKS["oxigraph"].write(tmp_path / "store", [Document("x" * 100_000, "text")])
    assert len(Store.read_only(str(tmp_path / "store"))) == 2
