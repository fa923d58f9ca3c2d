"""What holds for every format."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from communique import extras
from communique.document import Document, Entity, Relation
from communique.errors import InputError
from communique.sinks import SINKS, TextSink, read_parts

# Whatever a text may hold: control characters, a null byte, no-characters of XML, signs beyond the first plane, both
# directions of writing, line ends of Unicode, the start of a formula.
ODD = "=1+1\x00\x0b\x1b\ufffe 😀 שלום \u202e \u2028 \"<&'>\\ ; =x,\r\n\t@x e\u0301"


def example() -> Document:
    """Linked and unlinked mentions, each factuality, a symmetric label, a date."""
    text = "Russian President Putin met Tokayev in May. France did not sign the agreement with Kenya."
    mentions = {
        "Russian": Entity(0, 0, "", "NORP", 0, "Q159", "Russia", "RUS"),
        "Putin": Entity(0, 0, "", "HEAD_OF_STATE", 1, "Q7747", "Vladimir Putin", "RUS"),
        "Tokayev": Entity(0, 0, "", "HEAD_OF_STATE", 2),
        "May": Entity(0, 0, "", "DATE", 3, None, "2025-05"),
        "France": Entity(0, 0, "", "COUNTRY", 4),
        "agreement": Entity(0, 0, "", "TREATY", 5),
        "Kenya": Entity(0, 0, "", "COUNTRY", 6),
    }
    for name, entity in mentions.items():
        entity.start = text.index(name)
        entity.end, entity.text = entity.start + len(name), name
    relations = [
        Relation(1, 0, "HEAD_OF_STATE_OF", score=0.9, sent=(0, 43)),
        Relation(2, 1, "MET_WITH", "asserted", 3, "2025-05", 0.8, (0, 43)),
        Relation(4, 5, "SIGNED", "negated", None, None, 0.7, (44, len(text))),
        Relation(4, 6, "SIGNED_WITH", "prospective", None, None, None, None),
    ]
    meta = {"title": "Talks", "date": "2025-06-01T10:00:00", "source": {"n": 1}}
    return Document("https://news.example/a?b=1", text, meta, list(mentions.values()), relations)


def odd() -> Document:
    """Two mentions of nothing but odd characters, related to each other."""
    n = len(ODD)
    entities = [Entity(0, n, ODD, "ORG", None), Entity(n + 1, 2 * n + 1, ODD, "PERSON", None)]
    relation = Relation(0, 1, "CRITICISED", "asserted", None, None, 0.5, (0, 2 * n + 1))
    return Document(f"=cmd|{ODD}", f"{ODD} {ODD}", {"title": ODD, "date": "no day"}, entities, [relation])


def bare(id: str = "bare") -> Document:
    return Document(id, "Nothing here.")


DOCUMENTS = [example(), bare(), odd(), Document("again", example().text, {}, example().entities, example().relations)]


def contents(path: Path):
    """The bytes of a file, or of all files of a folder."""
    return path.read_bytes() if path.is_file() else {p.name: p.read_bytes() for p in path.iterdir()}


@pytest.fixture
def part(tmp_path) -> Path:
    SINKS["jsonl"].write(tmp_path / "part.jsonl", DOCUMENTS)
    return tmp_path / "part.jsonl"


DETERMINISTIC = sorted(set(SINKS) - {"oxigraph"})


@pytest.mark.parametrize("name", DETERMINISTIC)
def test_combining_parts_is_writing_their_documents(name, tmp_path):
    parts = [tmp_path / f"{i}.jsonl" for i in range(3)]
    for path, documents in zip(parts, (DOCUMENTS[:1], DOCUMENTS[1:], [])):
        SINKS["jsonl"].write(path, documents)
    SINKS[name].write(tmp_path / "written", iter(DOCUMENTS))
    SINKS[name].combine(parts, tmp_path / "combined")
    assert contents(tmp_path / "written") == contents(tmp_path / "combined")


def test_the_same_bytes_from_another_process(part, tmp_path):
    """With other hashes of strings, and at another time."""
    (tmp_path / "other").mkdir()
    script = (
        "import sys, pathlib; from communique.sinks import SINKS\n"
        "for name in sys.argv[3:]:\n"
        "    SINKS[name].combine([pathlib.Path(sys.argv[1])], pathlib.Path(sys.argv[2]) / name)\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", script, str(part), str(tmp_path / "other"), *DETERMINISTIC]
    subprocess.run(command, env=environment, check=True)
    for name in DETERMINISTIC:
        SINKS[name].combine([part], tmp_path / name)
        assert contents(tmp_path / name) == contents(tmp_path / "other" / name), name


@pytest.mark.parametrize("name", SINKS)
def test_no_document_at_all(name, tmp_path):
    SINKS[name].write(tmp_path / "none", [])
    assert (tmp_path / "none").exists()


@pytest.mark.parametrize("name", sorted(n for n, sink in SINKS.items() if isinstance(sink, TextSink)))
def test_text_is_there_before_the_next_document_is_taken(name, tmp_path):
    with (tmp_path / "out").open("w+", encoding="utf8", newline="\n") as file:

        def documents():
            yield DOCUMENTS[0]
            assert "Putin" in (tmp_path / "out").read_text(encoding="utf8")
            yield DOCUMENTS[1]

        SINKS[name].stream(file, documents())


@pytest.mark.parametrize("name", ["jsonl", "parquet", "turtle", "oxigraph", "graphml", "csv"])
def test_documents_are_not_kept(name, tmp_path):
    """The third batch is only asked for when the first is gone."""
    import gc
    import weakref

    known = []

    class Watched(Document):
        __hash__ = object.__hash__

    def documents():
        for i in range(1500):
            document = Watched(str(i), "Nothing here.")
            known.append(weakref.ref(document))
            yield document
            if i == 1200:
                del document
                gc.collect()
                assert sum(ref() is not None for ref in known) <= 501

    SINKS[name].write(tmp_path / "out", documents())
    assert len(known) == 1500


@pytest.mark.parametrize("name", sorted(n for n, sink in SINKS.items() if sink.extra))
def test_a_missing_library_is_one_line_that_names_the_extra(name, monkeypatch):
    sink = SINKS[name]
    assert all(find_spec(module) for module in sink.modules)
    sink.check()
    monkeypatch.setattr(extras, "find_spec", lambda module: None)
    with pytest.raises(InputError, match=rf'{sink.modules[0]} is not installed: pip install "communique\[{sink.extra}\]"'):
        sink.check()


def test_what_needs_no_extra_is_imported_without_one():
    """Nothing optional is imported with the formats, so that a missing library harms nobody who does not ask for it."""
    optional = "{'pyarrow', 'pyoxigraph', 'pandas'}"
    script = f"import sys, communique.cli, communique.sinks; print(sorted({optional} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_json_lines_and_back(tmp_path):
    SINKS["jsonl"].write(tmp_path / "x.jsonl", DOCUMENTS)
    found = list(read_parts([tmp_path / "x.jsonl"]))
    assert [d.to_json() for d in found] == [d.to_json() for d in DOCUMENTS]


def test_a_table_shows_relations(tmp_path):
    SINKS["table"].write(tmp_path / "x.txt", DOCUMENTS[:1])
    lines = (tmp_path / "x.txt").read_text().splitlines()
    assert lines[0].strip() == "https://news.example/a?b=1"
    assert lines[3].split() == ["Tokayev", "MET_WITH", "Putin", "asserted", "May", "0.80"]
    assert lines[5].split() == ["France", "SIGNED_WITH", "Kenya", "prospective"]
