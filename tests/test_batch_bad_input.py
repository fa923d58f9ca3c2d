"""Every kind of bad input is set aside, and the documents before and behind it come out."""

import gzip
import io
import json

import pytest
from spacy.language import Language
from typer.testing import CliRunner

from communique.batch.engines import in_process
from communique.batch.progress import Progress
from communique.batch.run import Plan, run_batch
from communique.cli import app

GOOD = "French President Ann Bly signed a pact with Kenya in May."


def line(id, text):
    return json.dumps({"id": id, "text": text}).encode() + b"\n"


def in_lines(bad):
    """A file of JSON lines with something between two good documents."""
    return "b.jsonl", line("first", GOOD) + bad + line("last", GOOD)


CASES = {
    "undecodable bytes": ("b.txt", bytes(range(256)) * 9, 1, "b.txt", "undecodable bytes"),
    "undecodable line": (*in_lines(b'{"id": "x", "text": "\xff\xfe"}\n'), 2, None, "undecodable bytes: not UTF-8"),
    "truncated gzip": ("b.jsonl.gz", gzip.compress(line("first", GOOD))[:-9], 2, None, "EOFError"),
    "no gzip at all": ("b.jsonl.gz", line("first", GOOD), 1, None, "BadGzipFile"),
    "broken JSON line": (*in_lines(b'{"id": "x", "text": \n'), 2, None, "not JSON"),
    "JSON too deep": (*in_lines(b'{"text": ' + b"[" * 100_000 + b"\n"), 2, None, "not JSON"),
    "missing text": (*in_lines(b'{"id": "x"}\n'), 2, "x", "no text"),
    "text that is null": (*in_lines(b'{"id": "x", "text": null}\n'), 2, "x", "no text"),
    "empty text": (*in_lines(line("x", " \n ")), 2, "x", "empty"),
    "empty file": ("b.txt", b"", 1, "b.txt", "empty"),
    "a document of 50 MB": ("b.txt", b"Kenya met Chad. " * 3_300_000, 1, "b.txt", "over 30000000 bytes"),
    "a line of 50 MB": (*in_lines(line("x", "Kenya met Chad. " * 3_300_000)), 2, None, "over 30000000 bytes"),
    "a text over the limit": (*in_lines(line("x", "word " * 1_000_001)), 2, "x", "5000005 characters, over the limit"),
    "null bytes": (*in_lines(line("x", "Kenya\0 met Chad.")), 2, "x", "null bytes"),
    "null bytes in a file": ("b.txt", b"Kenya\0 met Chad.", 1, "b.txt", "null bytes"),
    "no white space": (*in_lines(line("x", "x" * 1_000_000)), 2, "x", "10,000 characters and more without white space"),
    "half a surrogate pair": (*in_lines(b'{"id": "x", "text": "\\ud800 met"}\n'), 2, "x", "surrogate"),
    "a duplicate id": (*in_lines(line("first", "Other.")), 2, "first", "duplicate id"),
    "a component that raises": (*in_lines(line("x", "RAISE here")), 2, "x", "raises raised ValueError: cannot do RAISE"),
    "a page without an article": ("b.html", b"<html><body></body></html>", 1, "b.html", "no article"),
    "no Parquet at all": ("b.parquet", b"PAR1 and then nothing", 1, None, "ArrowInvalid"),
}


@Language.component("raises")
def raises(doc):
    if "RAISE" in doc.text:
        raise ValueError("cannot do RAISE")
    return doc


@pytest.fixture(scope="module")
def raising_path(trained_path, tmp_path_factory):
    import spacy

    path = tmp_path_factory.mktemp("raising") / "nlp"
    nlp = spacy.load(trained_path)
    nlp.add_pipe("raises")
    nlp.to_disk(path)
    return path


@pytest.mark.parametrize("case", CASES)
def test_bad_input(case, write, raising_path, tmp_path):
    name, content, offset, id, reason = CASES[case]
    write("in/a.txt", GOOD)
    path = write(f"in/{name}", content)
    write("in/c.txt", GOOD)
    counts = run_batch(
        Plan([str(tmp_path / "in")], str(raising_path)), tmp_path / "out", in_process(), Progress(True), io.BytesIO()
    )
    (error,) = map(json.loads, (tmp_path / "out" / "errors.jsonl").open())
    assert (error["source"], error["offset"]) == (str(path), offset) and reason in error["reason"], error
    assert error["id"] == (str(path) if id == name else id) and "\n" not in error["reason"]
    found = [json.loads(line) for line in (tmp_path / "out" / "part-00000.jsonl").open()]
    inside = [name for name in ("first", "last") if name.encode() in content[:9999] + content[-9999:]]
    if name.endswith(".gz"):
        inside = ["first"] if case == "truncated gzip" else []
    assert [d["id"] for d in found] == [str(tmp_path / "in" / "a.txt"), *inside, str(tmp_path / "in" / "c.txt")]
    assert all(len(d["relations"]) == len(found[0]["relations"]) > 0 for d in found)
    assert counts["set_aside"] == 1 and counts["documents"] == len(found)


def test_one_document_that_raises_costs_only_itself_in_its_batch(write, raising_path, tmp_path):
    lines = [line(str(i), "RAISE" if i in (3, 50) else GOOD) for i in range(100)]
    write("in.jsonl", b"".join(lines))
    result = CliRunner().invoke(
        app, ["extract", str(tmp_path / "in.jsonl"), "--pipeline", str(raising_path), "-o", str(tmp_path / "out")]
    )
    assert result.exit_code == 3 and "2 set aside (see errors.jsonl)" in result.stderr
    errors = [json.loads(line) for line in (tmp_path / "out" / "errors.jsonl").open()]
    assert [error["id"] for error in errors] == ["3", "50"]
    assert len((tmp_path / "out" / "part-00000.jsonl").read_text().splitlines()) == 98


def test_a_guessed_character_set_is_flagged(write, raising_path, tmp_path):
    write("a.txt", "Le président a reçu Ann Bly à Genève.".encode("cp1252"))
    result = CliRunner().invoke(app, ["extract", str(tmp_path / "a.txt"), "--pipeline", str(raising_path)])
    document = json.loads(result.stdout)
    assert result.exit_code == 0 and document["text"] == "Le président a reçu Ann Bly à Genève."
    assert document["meta"] == {"charset": "cp1252", "charset_guessed": True}
