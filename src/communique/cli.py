"""The command line: one Typer app, `communique`."""

from pathlib import Path
from typing import Annotated, List

import typer

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
corpus_app = typer.Typer(no_args_is_help=True, help="Check, count and convert the corpus.")
app.add_typer(corpus_app, name="corpus")


def fail(message: str) -> typer.Exit:
    """One line to standard error, and the exit to raise."""
    typer.echo(f"communique: {message}", err=True)
    return typer.Exit(2)


@corpus_app.command("check")
def check(
    paths: Annotated[List[Path], typer.Argument(help="Folders or files in the mark-up.")] = [
        Path("corpus/documents")
    ],
    suspicious: Annotated[bool, typer.Option(help="List what is suspicious too.")] = True,
) -> None:
    """Name every fault by file and line, with what mends it; then what is suspicious."""
    from .corpus.check import check_documents
    from .corpus.markup import MarkupError, iter_markup

    try:
        documents = [marked for path in paths for marked in iter_markup(path)]
    except (MarkupError, OSError) as error:
        raise fail(str(error))
    faults, suspicions = check_documents(documents)
    for fault in faults:
        typer.echo(f"fault       {fault}")
    for suspicion in suspicions if suspicious else []:
        typer.echo(f"suspicious  {suspicion}")
    typer.echo(f"{len(documents)} documents, {len(faults)} faults, {len(suspicions)} suspicions")
    if faults:
        raise typer.Exit(1)


@corpus_app.command("stats")
def stats() -> None:
    """Counts."""
