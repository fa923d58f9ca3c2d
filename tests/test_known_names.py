from pathlib import Path

import pytest
import spacy
from spacy.tokens import Span

from .conftest import blank

ROOT = Path(__file__).parent.parent
PATTERNS = [{"label": "IGO", "pattern": "Treaty Organisation"}, {"label": "IGO", "pattern": "Eurasian Union"}]


@pytest.fixture
def nlp():
    nlp = blank(["known_names"])
    nlp.config["initialize"]["components"]["known_names"] = {"path": str(ROOT / "corpus" / "names.jsonl")}
    nlp.initialize()
    assert found(nlp, "the Eurasian Economic Union") == [("Eurasian Economic Union", "IGO")]
    nlp.get_pipe("known_names").add_patterns(PATTERNS)
    return nlp


def found(nlp, text, ents=()):
    doc = nlp.make_doc(text)
    doc.set_ents([Span(doc, start, end, label) for start, end, label in ents])
    return [(ent.text, ent.label_) for ent in nlp.get_pipe("known_names")(doc).ents]


def test_a_known_name_replaces_what_it_overlaps(nlp):
    text = "The Treaty Organisation met"
    for ents in ([], [(1, 3, "TREATY")], [(1, 2, "TREATY")], [(2, 4, "ORG")]):
        assert found(nlp, text, ents) == [("Treaty Organisation", "IGO")]


def test_a_part_of_a_mention_leaves_it_whole(nlp):
    treaty = [(0, 5, "TREATY")]
    assert found(nlp, "Treaty on the Eurasian Union", treaty) == [("Treaty on the Eurasian Union", "TREATY")]


def test_other_mentions_stay(nlp):
    assert found(nlp, "Chad left", [(0, 1, "COUNTRY")]) == [("Chad", "COUNTRY")]


def test_patterns_are_saved(nlp, tmp_path):
    nlp.to_disk(tmp_path / "nlp")
    assert found(spacy.load(tmp_path / "nlp"), "the Eurasian Union") == [("Eurasian Union", "IGO")]
