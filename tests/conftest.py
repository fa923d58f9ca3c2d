from pathlib import Path
from typing import Dict, List

import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.vectors import Vectors
from thinc.api import fix_random_seed

from communique.corpus.files import write_documents
from communique.corpus.markup import parse_markup
from communique.docs import to_doc
from communique.document import Document

HEAD = """id: {id}
date: 2025-11-13
genre: short
region: world
split: train
"""

# Little texts with few words, so that a tiny model learns them in seconds.
TINY = [
    (
        "ann = Ann Bly | FRA\nben = Ben Roe | KEN\nfrance = France | FRA\nkenya = Kenya | KEN\npact = pact\nmay = 2025-05",
        "[French](NORP france) President [Ann Bly](HEAD_OF_STATE ann) signed a [pact](TREATY pact) with [Kenya](COUNTRY kenya) in [May](DATE may).\n"
        "> ann HEAD_OF_STATE_OF france\n> ann SIGNED pact @may\n> kenya SIGNED pact @may\n> ann SIGNED_WITH kenya @may\n"
        "[Kenya](COUNTRY kenya) did not condemn [France](COUNTRY france).\n> kenya -CRITICISED france",
    ),
    (
        "ben = Ben Roe | KEN\nkenya = Kenya | KEN\nchad = Chad | TCD\nfrance = France | FRA",
        "[Kenyan](NORP kenya) President [Ben Roe](HEAD_OF_STATE ben) condemned [Chad](COUNTRY chad).\n"
        "> ben HEAD_OF_STATE_OF kenya\n> ben CRITICISED chad\n"
        "[Chad](COUNTRY chad) will condemn [France](COUNTRY france).\n> chad ?CRITICISED france",
    ),
    (
        "kenya = Kenya | KEN\nchad = Chad | TCD\nfrance = France | FRA\nann = Ann Bly | FRA",
        "[Chad](COUNTRY chad) condemned [Kenya](COUNTRY kenya).\n> chad CRITICISED kenya\n"
        "[France](COUNTRY france) met [Chad](COUNTRY chad).\n> france MET_WITH chad\n\n"
        "[Ann Bly](HEAD_OF_STATE ann) met [Kenya](COUNTRY kenya).\n> ann MET_WITH kenya",
    ),
]


def marked(handles: str, body: str, id: str = "t"):
    return parse_markup(f"{HEAD.format(id=id)}{handles}\n\n{body}\n", f"{id}.cmu")


def read_tiny() -> List[Document]:
    documents = [marked(handles, body, f"tiny-{i}") for i, (handles, body) in enumerate(TINY)]
    assert not any(m.faults for m in documents)
    return [m.document for m in documents]


@pytest.fixture
def tiny_documents() -> List[Document]:
    return read_tiny()


@pytest.fixture
def training_files(tiny_documents, tmp_path) -> Dict[str, str]:
    """The paths that configs/*.cfg leave open: the little texts as train.spacy and dev.spacy, and vectors of one row."""
    for split in ("train", "dev"):
        write_documents(tiny_documents, tmp_path / f"{split}.spacy")
    nlp = blank([])
    nlp.vocab.vectors = Vectors(shape=(1, 139), attr="LOWER")
    nlp.to_disk(tmp_path / "vectors")
    files = {"train": "train.spacy", "dev": "dev.spacy", "vectors": "vectors"}
    return {f"paths.{name}": str(tmp_path / file) for name, file in files.items()}


def blank(pipes: List[str], **config) -> Language:
    fix_random_seed(0)
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "communique.Tokenizer.v1"}}})
    for pipe in pipes:
        nlp.add_pipe(pipe, config=config.get(pipe, {}))
    return nlp


def gold_examples(nlp: Language, documents: List[Document]) -> List[Example]:
    return [Example(nlp.make_doc(d.text), to_doc(d, nlp)) for d in documents]


@pytest.fixture(scope="session")
def trained_path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "nlp"
    nlp, examples, optimizer = initialized(read_tiny())
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(path)
    return path


@pytest.fixture
def trained(trained_path) -> Language:
    """Sentences by rule, entities by a ruler, relations learned: what is tested is the extractor."""
    return spacy.load(trained_path)


def initialized(documents: List[Document]):
    """The pipeline of `trained` before its training, with its examples and optimizer."""
    nlp = blank(["sentencizer", "entity_ruler", "relation_extractor"])
    examples = gold_examples(nlp, documents)
    optimizer = nlp.initialize(lambda: examples)
    patterns = {(e.label, e.text) for d in documents for e in d.entities}
    nlp.get_pipe("entity_ruler").add_patterns([{"label": l, "pattern": t} for l, t in sorted(patterns)])
    return nlp, examples, optimizer


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, content) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf8"))
        return path

    return write
