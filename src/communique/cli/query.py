"""`communique query`."""

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from .app import app, one_line_errors


class ResultFormat(str, Enum):
    table = "table"
    csv = "csv"
    json = "json"


@app.command(epilog="Example: communique query out/store 'SELECT ?who WHERE { wd:Q159 c:MET_WITH ?x . ?x rdfs:label ?who }'")
def query(
    store: Annotated[Path, typer.Argument(help="What 'communique extract --format oxigraph -o STORE' has made.")],
    sparql: Annotated[Optional[str], typer.Argument(metavar="QUERY", help="SPARQL 1.1.")] = None,
    file: Annotated[Optional[Path], typer.Option("-f", "--file", help="Read the query out of this file.")] = None,
    format: Annotated[ResultFormat, typer.Option(help="Of the rows of a SELECT.")] = ResultFormat.table,
) -> None:
    """Ask a store in SPARQL. The prefixes c, dcterms, rdf, rdfs, wd and xsd are known. CONSTRUCT and DESCRIBE give Turtle,
    ASK gives true or false."""
    from ..errors import InputError
    from ..sinks import SINKS
    from ..sinks.rdf import PREFIXES

    with one_line_errors():
        SINKS["oxigraph"].check()
        if (sparql is None) == (file is None):
            raise InputError("one query is wanted: as the last argument, or in a file with --file")
        text = file.read_text(encoding="utf8") if sparql is None else sparql
        # Not before the check: pyoxigraph is an extra.
        from pyoxigraph import QueryBoolean, QueryTriples, RdfFormat

        opened = _open(store)
        try:
            result = opened.query(text, prefixes=PREFIXES)
        except SyntaxError as error:
            where = "" if file is None else f"{file}: "
            raise InputError(f"{where}not SPARQL: {error.msg}") from None
        if isinstance(result, QueryBoolean):
            typer.echo(str(bool(result)).lower())
        elif isinstance(result, QueryTriples):
            result.serialize(sys.stdout.buffer, RdfFormat.TURTLE)
        elif format is ResultFormat.table:
            _print_table(result)
        else:
            _print_rows(result, format)


def _open(path: Path):
    from pyoxigraph import Store

    from ..errors import InputError
    from ..sinks import SINKS

    for folder in (path, path / SINKS["oxigraph"].whole):
        # What the storage engine keeps in every store.
        if (folder / "CURRENT").is_file():
            try:
                return Store.read_only(str(folder))
            except (OSError, RuntimeError) as error:
                raise InputError(f"{folder}: cannot be opened: {error}") from None
    raise InputError(f"{path}: no store: make one with 'communique extract ... --format oxigraph -o OUT'")


def _print_rows(result, format: ResultFormat) -> None:
    from pyoxigraph import QueryResultsFormat

    kinds = {ResultFormat.csv: QueryResultsFormat.CSV, ResultFormat.json: QueryResultsFormat.JSON}
    result.serialize(sys.stdout.buffer, kinds[format])
    if format is ResultFormat.json:
        typer.echo()


def _print_table(result) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for variable in result.variables:
        table.add_column(variable.value, overflow="fold")
    for row in result:
        table.add_row(*("" if value is None else _shown(value) for value in row))
    Console(width=None if sys.stdout.isatty() else 120, markup=False).print(table)


def _shown(term) -> str:
    """A literal by its text, what a prefix names by its short name."""
    from ..sinks.rdf import PREFIXES

    value = term.value
    if "datatype" in dir(term):
        return value
    short = next((f"{prefix}:{value.removeprefix(iri)}" for prefix, iri in PREFIXES.items() if value.startswith(iri)), None)
    return short or value
