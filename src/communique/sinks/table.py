"""Tables to read: the relations of each document."""

from typing import Iterable, TextIO

from rich.console import Console
from rich.table import Table

from ..document import Document
from .sink import TextSink


class TableSink(TextSink):
    suffix = ".txt"

    def stream(self, file: TextIO, documents: Iterable[Document]) -> None:
        console = Console(file=file, width=None if file.isatty() else 120, markup=False)
        for document in documents:
            console.print(_table(document))


def _table(document: Document) -> Table:
    table = Table(title=document.id, title_justify="left", box=None, pad_edge=False)
    for column in ("head", "relation", "tail", "factuality", "date"):
        table.add_column(column, overflow="fold")
    table.add_column("score", justify="right")
    for r in document.relations:
        head, tail, date = (None if i is None else document.entities[i].text for i in (r.head, r.tail, r.date))
        score = "" if r.score is None else f"{r.score:.2f}"
        table.add_row(head, r.label, tail, r.factuality, date or "", score)
    return table
