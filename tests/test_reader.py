from communique.corpus.files import write_documents
from communique.corpus.reader import create_corpus

from .conftest import blank


def test_examples_are_made_once_and_are_those_of_the_corpus(tmp_path, tiny_documents):
    gold = tiny_documents
    write_documents(gold, tmp_path / "train.spacy")
    made = []

    def twice(nlp, example):
        made.append(example)
        yield example
        yield example

    read = create_corpus(tmp_path / "train.spacy", augmenter=twice)
    nlp = blank([])
    first, again = list(read(nlp)), list(read(nlp))
    assert [eg.reference.text for eg in first] == [d.text for d in gold for _ in range(2)]
    assert len(made) == len(gold)
    assert all(one is other for one, other in zip(first, again, strict=True))
