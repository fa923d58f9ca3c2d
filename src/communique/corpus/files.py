"""Gold documents in files: mark-up, JSON lines and spaCy's `DocBin`, each read and written."""

import json
from pathlib import Path
from typing import Callable, Dict, Iterable, Iterator, List, Optional

import spacy
from spacy.language import Language
from spacy.tokens import DocBin

from ..docs import from_doc, to_doc
from ..document import Document
from ..errors import InputError
from .markup import SUFFIX, MarkupError, format_markup, iter_markup
from .sentences import with_sentences


def blank_pipeline() -> Language:
    """The tokenizer of every communique pipeline, and nothing else."""
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "communique.Tokenizer.v1"}}})


def read_documents(path: Path, split: Optional[str] = None) -> Iterator[Document]:
    """Read a folder or file of mark-up, a `.jsonl` file or a `.spacy` file.

    split (Optional[str]): Only the documents whose `meta` names this split.
    RAISES: InputError with file and line if it cannot be read.
    """
    reader = READERS.get(SUFFIX if path.is_dir() else path.suffix)
    if not path.exists():
        raise InputError(f"{path}: no such file or folder")
    if reader is None:
        raise InputError(f"{path}: cannot read this, only {', '.join(READERS)} or a folder of {SUFFIX}")
    for document in reader(path):
        if split is None or document.meta.get("split") == split:
            yield document


def write_documents(documents: Iterable[Document], path: Path) -> int:
    """Write to a folder of mark-up (a path without a suffix), a `.jsonl` file or a `.spacy` file.

    RETURNS (int): Number of documents.
    RAISES: InputError if the format is unknown or cannot say what a document says.
    """
    writer = WRITERS.get(path.suffix)
    if writer is None:
        raise InputError(f"{path}: cannot write this, only .jsonl, .spacy or a folder")
    documents = list(documents)
    writer(documents, path)
    return len(documents)


def _read_markup(path: Path) -> Iterator[Document]:
    for marked in iter_markup(path):
        if marked.faults:
            raise MarkupError(marked.faults)
        yield marked.document


def _write_markup(documents: List[Document], path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for document in documents:
        try:
            text = format_markup(with_sentences(document))
        except ValueError as error:
            raise InputError(f"{document.id}: {error}") from error
        (path / f"{document.id}{SUFFIX}").write_text(text, encoding="utf8", newline="\n")


def _read_jsonl(path: Path) -> Iterator[Document]:
    with path.open(encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield Document.from_json(json.loads(line))
                except ValueError as error:
                    raise InputError(f"{path}:{number}: {error}") from error


def _write_jsonl(documents: List[Document], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf8", newline="\n") as file:
        for document in documents:
            file.write(json.dumps(document.to_json(), ensure_ascii=False) + "\n")


def _read_docbin(path: Path) -> Iterator[Document]:
    for doc in DocBin().from_disk(path).get_docs(blank_pipeline().vocab):
        yield from_doc(doc)


def _write_docbin(documents: List[Document], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nlp = blank_pipeline()
    DocBin(store_user_data=True, docs=(to_doc(document, nlp) for document in documents)).to_disk(path)


READERS: Dict[str, Callable[[Path], Iterator[Document]]] = {
    SUFFIX: _read_markup,
    ".jsonl": _read_jsonl,
    ".spacy": _read_docbin,
}
WRITERS: Dict[str, Callable[[List[Document], Path], None]] = {
    "": _write_markup,
    ".jsonl": _write_jsonl,
    ".spacy": _write_docbin,
}
