"""Tables of names: a thing a row, a way to name it a column."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Container, Dict, Iterable, List, Optional, Sequence, Tuple

from ..errors import InputError

ARTICLE = "the "


@dataclass(frozen=True)
class Form:
    """One way to write a name. `article` says that `the` stands before it."""

    text: str
    article: bool

    def like(self, mention: str, new: str) -> str:
        """A new name in capitals where the mention has this one in capitals."""
        return new.upper() if mention != self.text and mention.isupper() else new


class Thing:
    """A row: the cells that say what it is, and its names by column."""

    def __init__(self, cells: Dict[str, str], names: Dict[str, List[Form]]) -> None:
        self.cells = cells
        self.names = names
        self._places: Dict[str, List[Tuple[str, Form]]] = {}
        for text in (str, str.upper):
            for column, forms in names.items():
                for form in forms:
                    self._places.setdefault(text(form.text), []).append((column, form))

    def column_of(self, text: str, columns: Optional[Container[str]] = None) -> Optional[Tuple[str, Form]]:
        """The column in which a name stands, and the name. A name in capitals is found in any case where none is written
        so.

        columns (Optional[Container[str]]): Where to look, if not in all columns.
        """
        places = self._places.get(text, ())
        return next((place for place in places if columns is None or place[0] in columns), None)

    def name(self, columns: Iterable[str], article: bool) -> Optional[str]:
        """The first name of the first column that has one with or without an article, as asked."""
        for column in columns:
            for form in self.names.get(column, ()):
                if form.article == article:
                    return form.text
        return None


def read_rows(path: Path, columns: Sequence[str]) -> List[Dict[str, str]]:
    """The rows of a table of tab-separated values, without quoting.

    RAISES: InputError if a column is missing.
    """
    with open(path, encoding="utf8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise InputError(f"{path}:1: no column {', '.join(missing)}: name it in the first line")
        return list(reader)


def read_things(path: Path, kinds: Sequence[str], names: Sequence[str]) -> List[Thing]:
    """The rows of a table whose cells hold names.

    path (Path): A table; several names in a cell stand between ` | `, the usual one first, each with the article
        that it takes.
    kinds (Sequence[str]): The columns that say what a row is.
    names (Sequence[str]): The columns of names.
    RAISES: InputError if a column is missing.
    """
    things = []
    for row in read_rows(path, (*kinds, *names)):
        forms = {
            column: [Form(text.removeprefix(ARTICLE), text.startswith(ARTICLE)) for text in row[column].split(" | ")]
            for column in names
            if row[column]
        }
        things.append(Thing({kind: row[kind] for kind in kinds}, forms))
    return things
