"""Parquet, read by pyarrow, duckdb and pandas."""

import datetime
import json

import duckdb
import pandas
import pyarrow.parquet
import pytest

from communique.sinks import SINKS
from communique.sinks.parquet import ROWS, schema

from .test_sinks import DOCUMENTS, ODD, bare, example


@pytest.fixture
def path(tmp_path):
    SINKS["parquet"].write(tmp_path / "x.parquet", DOCUMENTS)
    return tmp_path / "x.parquet"


def test_the_schema_is_the_same_whatever_the_documents(path, tmp_path):
    SINKS["parquet"].write(tmp_path / "bare.parquet", [bare()])
    SINKS["parquet"].write(tmp_path / "none.parquet", [])
    found = [pyarrow.parquet.read_schema(p) for p in (path, tmp_path / "bare.parquet", tmp_path / "none.parquet")]
    assert all(s.equals(schema()) for s in found)
    assert not [f for f in schema() if str(f.type) == "null"]


def test_everything_of_a_document_is_there(path):
    rows = pyarrow.parquet.read_table(path).to_pylist()
    for row, document in zip(rows, DOCUMENTS, strict=True):
        data = document.to_json()
        assert (row["id"], row["text"], json.loads(row["meta"])) == (document.id, document.text, document.meta)
        for entity in row["entities"]:
            del entity["key"]
        assert row["entities"] == data["entities"]
        for found, relation in zip(row["relations"], document.relations, strict=True):
            assert {key: found[key] for key in ("head", "tail", "label", "factuality", "date", "date_iso", "score")} == {
                key: getattr(relation, key) for key in ("head", "tail", "label", "factuality", "date", "date_iso", "score")
            }
            assert found["head_text"] == document.entities[relation.head].text
            assert found["tail_label"] == document.entities[relation.tail].label
            assert (found["sent_start"], found["sent_end"]) == (relation.sent or (None, None))
            if relation.sent:
                assert found["sentence"] == document.text[found["sent_start"] : found["sent_end"]]
    assert rows[0]["title"] == "Talks" and rows[0]["published"] == datetime.date(2025, 6, 1)
    assert rows[2]["title"] == ODD and rows[2]["published"] is None
    assert [r["head_key"] for r in rows[0]["relations"]] == ["Q7747", "person:tokayev", "country:france", "country:france"]


def test_duckdb_flattens_relations(path):
    query = f"SELECT id, unnest(relations, recursive := true) FROM '{path}'"
    found = duckdb.sql(f"SELECT head_text, label, tail_text, date_text FROM ({query}) WHERE score > 0.75 AND id LIKE 'https%'")
    assert found.fetchall() == [("Putin", "HEAD_OF_STATE_OF", "Russian", None), ("Tokayev", "MET_WITH", "Putin", "May")]
    assert duckdb.sql(f"SELECT meta->>'title' FROM '{path}' LIMIT 1").fetchall() == [("Talks",)]


def test_pandas_flattens_relations(path):
    documents = pandas.read_parquet(path)
    relations = pandas.json_normalize(documents["relations"].explode().dropna().tolist())
    assert relations["label"].tolist()[:4] == ["HEAD_OF_STATE_OF", "MET_WITH", "SIGNED", "SIGNED_WITH"]


def test_a_long_part_is_written_in_groups_of_rows(tmp_path):
    SINKS["parquet"].write(tmp_path / "x.parquet", (bare(str(i)) for i in range(2 * ROWS + 1)))
    assert pyarrow.parquet.ParquetFile(tmp_path / "x.parquet").num_row_groups == 3


def test_a_day_is_read_out_of_the_date():
    document = example()
    for date, day in [("2025-06-01", 1), ("2025-06-02T23:00:00+05:00", 2), ("June", None), (None, None), (2025, None)]:
        document.meta["date"] = date
        assert (document.published and document.published.day) == day
