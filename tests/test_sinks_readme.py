"""The queries of the README run, and find what is there."""

import contextlib
import io
import re
from pathlib import Path

import duckdb
import pytest
from pyoxigraph import Store

from communique.sinks import SINKS
from communique.sinks.parquet import schema
from communique.sinks.rdf import PREFIXES

from .test_sinks import DOCUMENTS
from .test_sinks_graph import said

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf8")
FORMATS = README.partition("\n## Formats\n")[2].partition("\n## ")[0]
REPORTS = [
    *DOCUMENTS,
    said("chad", "Chad", "CRITICISED", "Kenya", date="2025-03-02"),
    said("one", "Chad", "SIGNED", "New START"),
    said("two", "Kenya", "SIGNED", "New START"),
]


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", FORMATS, re.DOTALL)


def test_there_are_queries():
    assert (len(blocks("sql")), len(blocks("sparql")), len(blocks("python"))) == (2, 3, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    (folder / "out").mkdir()
    (folder / "graph").mkdir()
    SINKS["parquet"].write(folder / "out" / "part-00000.parquet", REPORTS[:2])
    SINKS["parquet"].write(folder / "out" / "part-00001.parquet", REPORTS[2:])
    (folder / "out" / "manifest.json").write_text("{}")
    SINKS["oxigraph"].write(folder / "store", REPORTS)
    SINKS["graphml"].write(folder / "graph" / "graph.graphml", REPORTS)
    return folder


@pytest.mark.parametrize("query, n", list(zip(blocks("sql"), (2, 2))))
def test_sql(folder, monkeypatch, query, n):
    monkeypatch.chdir(folder)
    assert len(duckdb.sql(query).fetchall()) == n


@pytest.mark.parametrize("query, n", list(zip(blocks("sparql"), (2, 1, 1))))
def test_sparql(folder, query, n):
    rows = list(Store.read_only(str(folder / "store")).query(query, prefixes=PREFIXES))
    assert len(rows) == n


@pytest.mark.parametrize("code, said", list(zip(blocks("python"), ("MET_WITH", "country:france"))))
def test_python(folder, monkeypatch, code, said):
    monkeypatch.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as output:
        exec(code, {})
    assert said in output.getvalue()


def test_every_format_and_column_is_described():
    assert set(re.findall(r"^\| `(\w+)` \|", FORMATS.partition("###")[0], re.MULTILINE)) == set(SINKS)
    table = FORMATS.partition("### Parquet")[2].partition("A relation says")[0]
    for field in schema():
        assert f"`{field.name}`" in table
    for struct in (schema().field("entities"), schema().field("relations")):
        for field in struct.type.value_type:
            assert f"`{field.name}`" in table or field.name.startswith("tail_"), field.name
