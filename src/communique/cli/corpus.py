"""`communique corpus`: check, stats, convert."""

import json
from pathlib import Path
from typing import Annotated, List, Optional

import typer
from rich.console import Console
from rich.table import Table

from .app import corpus_app, one_line_errors

CORPUS = Path("corpus/documents")
Paths = Annotated[List[Path], typer.Argument(help="Files in the mark-up, or folders of them.")]


@corpus_app.command(epilog="Example: communique corpus check corpus/documents")
def check(
    paths: Paths = [CORPUS],
    suspicious: Annotated[bool, typer.Option(help="List what is suspicious too.")] = True,
) -> None:
    """Name every fault by file and line, with what mends it; then what is suspicious, and how much the documents repeat
    each other. Exit code 1 if there is a fault or too much sameness."""
    from ..corpus.check import check_documents
    from ..corpus.markup import iter_markup
    from ..corpus.sameness import MAX_REPEATED, MAX_SHARED, measure_sameness

    with one_line_errors():
        documents = [marked for path in paths for marked in iter_markup(path)]
        faults, suspicions = check_documents(documents)
    for fault in faults:
        typer.echo(f"fault       {fault}")
    for suspicion in suspicions if suspicious else []:
        typer.echo(f"suspicious  {suspicion}")
    sameness = measure_sameness([marked.document for marked in documents])
    typer.echo(f"sameness    {sameness.repeated_grams:.2%} of the 5-grams stand in more than one document")
    for share, one, other in sameness.pairs if suspicious else sameness.pairs[:1]:
        typer.echo(f"sameness    {share:.1%} of the 5-grams shared by {one} and {other} (limit {MAX_SHARED:.0%})")
    for n, skeleton in sameness.skeletons if suspicious else sameness.skeletons[:1]:
        typer.echo(f"sameness    in {n} documents (limit {MAX_REPEATED}): {skeleton}")
    typer.echo(f"{len(documents)} documents, {len(faults)} faults, {len(suspicions)} suspicions")
    if faults or not sameness.within_limits:
        raise typer.Exit(1)


@corpus_app.command(epilog="Example: communique corpus stats --json corpus/documents")
def stats(
    path: Annotated[Path, typer.Argument(help="A folder or file of mark-up, a .jsonl or a .spacy file.")] = CORPUS,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count documents, words, and each label, relation, factuality, genre and split."""
    from ..corpus.files import read_documents
    from ..corpus.stats import count_documents

    with one_line_errors():
        counts = count_documents(read_documents(path))
    if as_json:
        typer.echo(json.dumps(counts, indent=2, ensure_ascii=False))
        return
    console = Console()
    for title, values in counts.items():
        table = Table(title=title, title_justify="left", box=None, show_header=False, pad_edge=False)
        table.add_column()
        table.add_column(justify="right")
        for name, count in values.items():
            table.add_row(str(name), str(count))
        console.print(table)
        console.print()


@corpus_app.command(epilog="Example: communique corpus convert corpus/documents train.spacy --split train")
def convert(
    source: Annotated[Path, typer.Argument(help="A folder or file of mark-up, a .jsonl or a .spacy file.")],
    target: Annotated[Path, typer.Argument(help="A .jsonl or .spacy file, or a folder for mark-up.")],
    split: Annotated[Optional[str], typer.Option(help="Only the documents of this split.")] = None,
) -> None:
    """Convert between the mark-up, the JSON of a result and spaCy's DocBin, in any direction."""
    from ..corpus.files import read_documents, write_documents

    with one_line_errors():
        n = write_documents(read_documents(source, split), target)
    typer.echo(f"{n} documents: {target}")
