import json

import pytest
import spacy
from typer.testing import CliRunner

from communique.cli import app
from communique.corpus.files import write_documents

RUNNER = CliRunner()
TEXT = "French President Ann Bly signed a pact with Kenya in May. Kenya did not condemn France."


@pytest.fixture
def pipeline(trained, tmp_path):
    trained.to_disk(tmp_path / "pipeline")
    return str(tmp_path / "pipeline")


def run(*args, input=None):
    return RUNNER.invoke(app, [str(arg) for arg in args], input=input)


def said(result):
    return result.stderr.strip()


def test_extract_writes_the_shape_of_a_result(pipeline, write):
    result = run("extract", write("a.txt", TEXT), "--pipeline", pipeline)
    assert result.exit_code == 0, result.output
    (line,) = result.stdout.splitlines()
    data = json.loads(line)
    assert data["text"] == TEXT
    signed = next(r for r in data["relations"] if r["label"] == "SIGNED")
    head, tail, date = (data["entities"][signed[key]] for key in ("head", "tail", "date"))
    assert (head["text"], tail["text"], date["text"]) == ("Ann Bly", "pact", "May")
    assert TEXT[head["start"] : head["end"]] == "Ann Bly"
    assert set(signed) == {"head", "tail", "label", "factuality", "date", "date_iso", "score", "sent"}
    assert set(head) == {"start", "end", "text", "label", "cluster", "kb_id", "name", "state"}
    assert TEXT[slice(*signed["sent"])] == "French President Ann Bly signed a pact with Kenya in May."
    kenya = [e["cluster"] for e in data["entities"] if e["text"] == "Kenya"]
    assert len(kenya) == 2 and len(set(kenya)) == 1


def test_extract_reads_jsonl_folders_and_standard_input(pipeline, write, tmp_path):
    lines = "".join(json.dumps({"id": f"d{i}", "text": TEXT, "meta": {"date": "2025-05-01"}}) + "\n" for i in range(3))
    write("in/b.jsonl", lines)
    write("in/a.txt", "\ufeff" + TEXT)
    write("in/ignored.pdf", "x")
    result = run("extract", tmp_path / "in", "--pipeline", pipeline, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [d["id"] for d in found] == [str(tmp_path / "in" / "a.txt"), "d0", "d1", "d2"]
    assert found[1]["meta"] == {"date": "2025-05-01"}
    assert found[0]["text"] == TEXT
    for piped, n in ((lines, 3), (TEXT, 1)):
        result = run("extract", "-", "--pipeline", pipeline, input=piped)
        assert result.exit_code == 0 and len(result.stdout.splitlines()) == n


def test_extract_table(pipeline, write):
    result = run("extract", write("a.txt", TEXT), "--pipeline", pipeline, "--format", "table")
    assert result.exit_code == 0
    assert any("Kenya" in line and "CRITICISED" in line and "negated" in line for line in result.stdout.splitlines())


@pytest.mark.parametrize("name, message", [("gone.txt", "no such file or folder"), ("folder", "no .txt, .html, .htm")])
def test_no_input_is_one_line_and_exit_code_2(pipeline, tmp_path, name, message):
    (tmp_path / "folder").mkdir()
    result = run("extract", tmp_path / name, "--pipeline", pipeline)
    assert result.exit_code == 2
    assert message in said(result) and len(said(result).splitlines()) == 1
    assert said(result).startswith(f"communique: {tmp_path}")


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("empty.txt", "", "empty.txt:1: empty"),
        ("blank.jsonl", "\n\n", "empty"),
        ("bad.jsonl", '{"text": "x"}\n{"text": \n', "bad.jsonl:2: not JSON"),
        ("no.jsonl", '{"title": "x"}\n', "no.jsonl:1: no text"),
        ("list.jsonl", "[1]\n", "list.jsonl:1: no text"),
        ("long.txt", "word " * 30, "150 characters, over the limit of 100"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_3(pipeline, write, tmp_path, name, content, message):
    result = run("extract", write(name, content), "--pipeline", pipeline, "--max-chars", 100)
    assert result.exit_code == 3
    assert message in said(result) and len(said(result).splitlines()) == 1
    assert said(result).startswith(f"communique: {tmp_path}")


def test_what_cannot_be_used_does_not_stop_the_rest(pipeline, write):
    sources = [write("a.txt", TEXT), write("b.txt", ""), write("c.txt", TEXT)]
    result = run("extract", *sources, "--pipeline", pipeline)
    assert result.exit_code == 3
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [str(sources[0]), str(sources[2])]


def test_no_pipeline(write, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    article = write("a.txt", TEXT)
    monkeypatch.setattr("communique.pipelines.is_package", lambda name: False)
    result = run("extract", article)
    assert result.exit_code == 2 and "spacy project run all" in said(result)
    result = run("extract", article, "--pipeline", "en_communique_trf")
    assert result.exit_code == 2 and "spacy project run all-trf" in said(result)
    result = run("extract", article, "--pipeline", "nowhere")
    assert result.exit_code == 2 and "neither an installed pipeline nor a folder" in said(result)
    (tmp_path / "broken").mkdir()
    result = run("extract", article, "--pipeline", "broken")
    assert result.exit_code == 2 and len(said(result).splitlines()) == 1


def test_check(write, tmp_path):
    good = "id: g\ndate: 2025-01-01\ngenre: short\nregion: world\nsplit: dev\nk = Kenya | KEN\n\n[Kenya](COUNTRY k) slept.\n"
    path = write("docs/g.cmu", good)
    assert run("corpus", "check", path).exit_code == 0
    write("docs/h.cmu", good.replace("id: g", "id: h").replace("Kenya | KEN", "Kenya"))
    result = run("corpus", "check", tmp_path / "docs")
    assert result.exit_code == 1 and "h.cmu:6: 'k' is or acts for a state and has no code" in result.stdout
    result = run("corpus", "check", tmp_path / "nothing")
    assert result.exit_code == 2 and len(said(result).splitlines()) == 1
    write("latin.cmu", b"id: \xff")
    result = run("corpus", "check", tmp_path / "latin.cmu")
    assert result.exit_code == 2 and "not UTF-8" in said(result)


def test_stats_and_convert(tiny_documents, tmp_path):
    write_documents(tiny_documents, tmp_path / "docs")
    result = run("corpus", "stats", tmp_path / "docs", "--json")
    counts = json.loads(result.stdout)
    assert counts["totals"]["documents"] == 3 and counts["totals"]["relations"] == 11
    assert counts["totals"]["sentences"] == 7 and counts["totals"]["sentences without a relation"] == 0
    assert counts["factuality"] == {"asserted": 9, "negated": 1, "prospective": 1}
    assert counts["documents by split"] == {"train": 3}
    assert "CRITICISED" in run("corpus", "stats", tmp_path / "docs").stdout
    assert run("corpus", "convert", tmp_path / "docs", tmp_path / "x.jsonl", "--split", "train").exit_code == 0
    assert run("corpus", "convert", tmp_path / "x.jsonl", tmp_path / "again").exit_code == 0
    for path in (tmp_path / "docs").iterdir():
        assert (tmp_path / "again" / path.name).read_text() == path.read_text()
    assert run("corpus", "convert", tmp_path / "x.jsonl", tmp_path / "x.csv").exit_code == 2
    (tmp_path / "bad.jsonl").write_text('{"id": "a", "text": "b", "entities": [{"start": 0}]}\n')
    result = run("corpus", "convert", tmp_path / "bad.jsonl", tmp_path / "y.jsonl")
    assert result.exit_code == 2 and "bad.jsonl:1: " in said(result)


def test_evaluate(pipeline, tiny_documents, tmp_path):
    write_documents(tiny_documents, tmp_path / "gold.jsonl")
    result = run(
        "evaluate", pipeline, tmp_path / "gold.jsonl", "--json", "-o", tmp_path / "f.json", "--errors", tmp_path / "e.txt"
    )
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert figures == json.loads((tmp_path / "f.json").read_text())
    assert figures["ents"]["f"] == figures["rels"]["f"] == figures["rels_gold"]["f"] == figures["rels_fact"]["f"] == 1.0
    assert figures["rels"]["interval"] == [1.0, 1.0] and figures["documents"] == 3
    assert (tmp_path / "e.txt").read_text().strip() == ""
    assert "MET_WITH" in run("evaluate", pipeline, tmp_path / "gold.jsonl").stdout
    result = run("evaluate", pipeline, tmp_path / "gold.jsonl", "--split", "test")
    assert result.exit_code == 2 and "no document of the split 'test'" in said(result)


def test_evaluate_against_another_pipeline(pipeline, tiny_documents, tmp_path):
    write_documents(tiny_documents, tmp_path / "gold.jsonl")
    nlp = spacy.load(pipeline)
    extractor = nlp.get_pipe("relation_extractor")
    extractor.thresholds = {label: 2.0 for label in extractor.labels}
    nlp.to_disk(tmp_path / "silent")
    command = ["evaluate", pipeline, tmp_path / "gold.jsonl", "--against", tmp_path / "silent"]
    figures = json.loads(run(*command, "--json").stdout)["against"]
    assert figures["ents"] == {"difference": 0.0, "interval": [0.0, 0.0]}
    assert figures["rels"]["difference"] == 1.0
    assert "+1.000" in run(*command).stdout


def test_info(pipeline):
    data = json.loads(run("info", pipeline).stdout)
    assert data["relations"]["SIGNED"] == 0.5
    assert data["components"] == ["sentencizer", "entity_ruler", "relation_extractor"]


@pytest.mark.parametrize(
    "command", [["extract"], ["evaluate"], ["info"], ["corpus", "check"], ["corpus", "stats"], ["corpus", "convert"]]
)
def test_help_shows_an_example(command):
    assert f"Example: communique {' '.join(command)}" in " ".join(run(*command, "--help").stdout.split())
