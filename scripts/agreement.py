"""A second, blind reading of documents: hand out the bare text, compare what comes back."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Annotated, List

import typer
from rich.console import Console

from communique.corpus.files import read_documents, write_documents
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
    once = [document for document in read_documents(first) if document.id in again]
    twice = [again[document.id] for document in once]
    for a, b in zip(once, twice):
        if a.text != b.text:
            raise typer.BadParameter(f"{a.id}: the second reading has another text")
    figures = evaluate_documents(once, twice, twice, samples, seed)
    # On gold entities there is nothing to read again; what both marked alike is in `rels`.
    del figures["rels_gold"]
    output.write_text(json.dumps({"documents": len(once), **figures}, indent=2) + "\n")
    differences.write_text("\n".join(list_mistakes(once, twice)) + "\n")
    for table in figure_tables(figures):
        Console().print(table)


if __name__ == "__main__":
    app()
