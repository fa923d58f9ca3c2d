import pytest
from spacy.tokens import Doc, Span

from .conftest import blank


@pytest.mark.parametrize(
    "words, span, left",
    [
        (["the", "declaration", "\n", "Then"], (1, 3), "declaration"),
        (["a", "\n\n", "declaration", "on", "trade"], (1, 5), "declaration on trade"),
        (["declaration", "\n", "Moscow", "said"], (0, 3), "declaration"),
        (["“", "declaration", "on", "peace", "”", ","], (0, 6), "declaration on peace"),
        (["the", "Treaty", "of", "Rome"], (0, 4), "Treaty of Rome"),
        (["The", "Hague"], (0, 2), "The Hague"),
        (["the", "U.S.", "'s"], (0, 3), "U.S."),
        (["declaration", "on", "“", "peace", "”", "and", "trade"], (0, 7), "declaration on “ peace ” and trade"),
        (["an", "agreement", "on"], (1, 3), "agreement"),
        (["Treaty", "of", "Rome", "was", "the"], (0, 5), "Treaty of Rome"),
        (["said", "\n", ",", "the"], (1, 4), None),
    ],
)
def test_edges_are_cut_off(words, span, left):
    nlp = blank([])
    nlp.add_pipe("span_edges")
    doc = Doc(nlp.vocab, words=words)
    doc.set_ents([Span(doc, *span, "TREATY", kb_id="Q1")])
    ents = nlp(doc).ents
    assert [" ".join(token.text for token in ent) for ent in ents] == ([] if left is None else [left])
    assert all((ent.label_, ent.kb_id_) == ("TREATY", "Q1") for ent in ents)
