"""What a pipeline tells another one that learns from it."""

import subprocess
import sys
from pathlib import Path

import pytest
from spacy.tokens import DocBin

from communique.corpus.files import blank_pipeline, write_documents

SCRIPT = Path(__file__).parent.parent / "scripts" / "teacher.py"


def test_teacher(trained, tiny_documents, tmp_path):
    write_documents(tiny_documents, tmp_path / "gold.spacy")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "a.txt").write_text("Kenya did not condemn France.")
    trained.to_disk(tmp_path / "teacher")
    command = [sys.executable, SCRIPT, tmp_path / "teacher", tmp_path / "gold.spacy", tmp_path / "taught.spacy"]
    subprocess.run([*command, "--plain", tmp_path / "plain", "--gold-weight", "0.6"], check=True)
    *taught, plain = DocBin().from_disk(tmp_path / "taught.spacy").get_docs(blank_pipeline().vocab)
    known = {}
    for doc, document in zip(taught, tiny_documents):
        assert doc.text == document.text and len(doc.ents) == len(document.entities)
        gold = {(r.label, document.entities[r.head].text, document.entities[r.tail].text) for r in document.relations}
        for relation in doc._.relations:
            key = relation["label"], doc[slice(*relation["head"])].text, doc[slice(*relation["tail"])].text
            known[key] = relation["score"]
            # The readers' word alone is 0.6, the teacher's 0.4.
            assert (relation["score"] >= 0.6) == (key in gold)
        assert gold <= set(known)
    assert max(known.values()) == pytest.approx(1.0, abs=0.02)
    assert [(r["label"], r["factuality"]) for r in plain._.relations] == [("CRITICISED", "negated")]
