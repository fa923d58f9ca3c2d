"""A second, blind reading of documents: hand out the bare text, compare what comes back."""

import json
from copy import deepcopy
from dataclasses import replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, List, Tuple

import typer
from rich.console import Console

from communique.corpus.files import read_documents, write_documents
from communique.document import Document
from communique.evaluation.metrics import evaluate_documents
from communique.evaluation.mistakes import list_mistakes
from communique.evaluation.table import figure_tables

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command()
def bare(
    corpus: Annotated[Path, typer.Argument(help="The annotated documents.")],
    output: Annotated[Path, typer.Argument(help="Folder for the bare ones.")],
    ids: Annotated[List[str], typer.Argument(help="Which documents.")],
) -> None:
    """Write documents without their annotation: sentences stay, mentions and relations go."""
    documents = []
    for document in read_documents(corpus):
        if document.id in ids:
            document = deepcopy(document)
            document.entities, document.relations = [], []
            document.meta["handles"] = []
            documents.append(document)
    write_documents(documents, output)


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="The annotated documents.")],
    second: Annotated[Path, typer.Argument(help="The second reading, of some of them.")],
    output: Annotated[Path, typer.Option(help="Where the agreement goes, as JSON.")],
    differences: Annotated[Path, typer.Option(help="Where each difference goes: - only in the first, + only in the second.")],
    samples: Annotated[int, typer.Option(help="Bootstrap samples.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
) -> None:
    """Report the agreement of two readings as F1, over all and for each label."""
    again = {document.id: document for document in read_documents(second)}
    pairs = [shared_sentences(d, again[d.id]) for d in read_documents(first) if d.id in again]
    once, twice = [a for a, _ in pairs], [b for _, b in pairs]
    figures = evaluate_documents(once, twice, twice, samples, seed)
    # On gold entities there is nothing to read again; what both marked alike is in `rels`.
    del figures["rels_gold"]
    output.write_text(json.dumps({"documents": len(once), **figures}, indent=2) + "\n")
    differences.write_text("\n".join(list_mistakes(once, twice)) + "\n")
    for table in figure_tables(figures):
        Console().print(table)


def shared_sentences(first: Document, second: Document) -> Tuple[Document, Document]:
    """Both documents cut down to the sentences that both have, in case one was edited after the other was handed out."""
    texts = [[document.text[start:end] for start, end in document.sents] for document in (first, second)]
    matches = SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks()
    rows = [[i for match in matches for i in range(match[side], match[side] + match.size)] for side in range(2)]
    return select_sentences(first, rows[0]), select_sentences(second, rows[1])


def select_sentences(document: Document, rows: List[int]) -> Document:
    text, sents, entities, place = "", [], [], {}
    for start, end in (document.sents[row] for row in rows):
        shift = len(text) - start
        sents.append([len(text), len(text) + end - start])
        for i, entity in enumerate(document.entities):
            if start <= entity.start and entity.end <= end:
                place[i] = len(entities)
                entities.append(replace(entity, start=entity.start + shift, end=entity.end + shift))
        text += document.text[start:end] + "\n"
    relations = [
        replace(r, head=place[r.head], tail=place[r.tail], date=None, date_iso=None)
        for r in document.relations
        if r.head in place
    ]
    return Document(document.id, text, {"sents": sents}, entities, relations)


if __name__ == "__main__":
    app()
