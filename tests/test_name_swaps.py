from pathlib import Path

import pytest
from spacy.training import Example

from communique.docs import to_doc
from communique.pipeline.name_swaps import create_name_swaps

from .conftest import blank

NLP = blank([])


@pytest.fixture
def tables(write):
    lexicon = write(
        "lexicon.tsv",
        "word\tkinds\nxena\tgiven_name\nputin\thead_of_state\nold\thead_of_state_before_1990\nmodi\thead_of_gov\nsam\thead_of_gov_before_1990\nlavrov\tofficial\n",
    )
    states = write("states.tsv", "code\tname\tdemonym\tcapital\nFRA\tFrance\tFrench\tParis\nKEN\tKenya\tKenyan\tNairobi\n")
    return lexicon, states


def swapped(tables, documents, **kwargs):
    options = {"copies": 1, "people": 1.0, "countries": 1.0, "seed": 0, **kwargs}
    swap = create_name_swaps(*tables, **options)
    return [list(swap(NLP, Example(NLP.make_doc(d.text), to_doc(d, NLP)))) for d in documents]


def test_a_person_has_one_new_name_and_keeps_the_office(tables, tiny_documents):
    for original, copy in swapped(tables, tiny_documents):
        assert len(copy.predicted) == len(copy.reference) == len(original.reference)
        names = {ent.text for ent in copy.reference.ents if ent.label_ == "HEAD_OF_STATE"}
        assert len(names) == 1 and names <= {"Xena Putin", "Xena Old"}
        assert [e.label_ for e in copy.reference.ents] == [e.label_ for e in original.reference.ents]
        assert copy.reference._.relations == original.reference._.relations
        assert [s.start for s in copy.reference.sents] == [s.start for s in original.reference.sents]


def test_a_state_takes_its_demonym_along(tables, tiny_documents):
    pairs = {"France": "French", "Kenya": "Kenyan"}
    for seed in range(6):
        _, copy = swapped(tables, tiny_documents[:1], seed=seed)[0]
        french, france = copy.reference.ents[0].text, copy.reference.ents[-1].text
        assert pairs[france] == french


def test_no_copies_and_no_level_change_nothing(tables, tiny_documents):
    assert [len(examples) for examples in swapped(tables, tiny_documents, copies=0)] == [1, 1, 1]
    for original, copy in swapped(tables, tiny_documents, people=0.0, countries=0.0):
        assert copy.reference.text == original.reference.text


def test_the_seed_decides(tables, tiny_documents):
    texts = [[copy.reference.text for _, copy in swapped(tables, tiny_documents, seed=s)] for s in (1, 1)]
    assert texts[0] == texts[1]


def test_the_tables_of_the_project_are_complete():
    corpus = Path(__file__).parent.parent / "corpus"
    create_name_swaps(corpus / "lexicon.tsv", corpus / "states.tsv", 1, 0.5, 0.5, 0)
