"""`communique extract`."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Iterator, List, Optional, TextIO

import typer

from .app import app, one_line_errors


class Format(str, Enum):
    jsonl = "jsonl"
    table = "table"


@app.command(
    epilog="Example: communique extract article.txt --format table   |   cat news.jsonl | communique extract - -o out.jsonl"
)
def extract(
    sources: Annotated[
        List[str], typer.Argument(metavar="FILE...", help=".txt or .jsonl files, folders of them, or - for standard input.")
    ],
    output: Annotated[Optional[Path], typer.Option("-o", "--output", help="Write here, not to standard output.")] = None,
    format: Annotated[Format, typer.Option(help="One JSON object a document and line, or tables to read.")] = Format.jsonl,
    pipeline: Annotated[Optional[str], typer.Option(help="Name or folder of the pipeline.", show_default="en_communique_sm")] = None,
    max_chars: Annotated[int, typer.Option(help="The longest text taken.")] = 1_000_000,
) -> None:
    """Extract entities and relations from texts. Progress and errors go to standard error."""
    from ..document import Document
    from ..docs import from_doc
    from ..pipelines import load_pipeline
    from ..texts import batch_texts, read_texts

    with one_line_errors():
        nlp = load_pipeline(pipeline)
        nlp.max_length = max_chars

        def documents() -> Iterator[Document]:
            for batch in batch_texts(read_texts(sources, sys.stdin.buffer, max_chars), nlp.batch_size):
                for doc, text in zip(nlp.pipe(text.text for text in batch), batch):
                    yield from_doc(doc, text.id, text.meta)

        if output is None:
            _write(documents(), sys.stdout, format)
        else:
            with output.open("w", encoding="utf8", newline="\n") as file:
                _write(documents(), file, format)


def _write(documents: Iterator, file: TextIO, format: Format) -> None:
    for document in documents:
        if format is Format.jsonl:
            file.write(json.dumps(document.to_json(), ensure_ascii=False) + "\n")
            file.flush()
        else:
            _write_table(document, file)


def _write_table(document, file: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=document.id, title_justify="left", box=None, pad_edge=False)
    for column in ("head", "relation", "tail", "factuality", "date"):
        table.add_column(column, overflow="fold")
    table.add_column("score", justify="right")
    for r in document.relations:
        names = [None if i is None else document.entities[i].text for i in (r.head, r.tail, r.date)]
        table.add_row(names[0], r.label, names[1], r.factuality, names[2] or "", f"{r.score:.2f}")
    width = None if file.isatty() else 120
    Console(file=file, width=width, markup=False).print(table)
