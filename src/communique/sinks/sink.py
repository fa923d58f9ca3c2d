"""What a format of results can do."""

import json
from pathlib import Path
from typing import Iterable, Iterator, Optional, TextIO, Tuple

from ..document import Document
from ..extras import require


class Sink:
    """A format that documents are written in. The same documents give the same bytes.

    suffix (str): Of a file in this format; empty if it is a folder.
    whole (Optional[str]): If the parts of a run cannot each be an output of their own: what the one output is called.
        The parts are then JSON lines, and `combine` makes the output of them.
    extra (Optional[str]): The extra of this package that brings what the format needs.
    modules (Tuple[str, ...]): The modules that are then there.
    """

    suffix: str
    whole: Optional[str] = None
    extra: Optional[str] = None
    modules: Tuple[str, ...] = ()

    def check(self) -> None:
        """RAISES: InputError if a library that the format needs is not installed."""
        if self.extra is not None:
            require(self.extra, *self.modules)

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        """Write all documents to a path where nothing is yet. They are taken one at a time, and not kept unless the
        format says so."""
        raise NotImplementedError

    def combine(self, parts: Iterable[Path], path: Path) -> None:
        """Write the documents of JSON lines files to one path where nothing is yet."""
        self.write(path, read_parts(parts))


class TextSink(Sink):
    """A format that can be written to a text stream as the documents come."""

    def stream(self, file: TextIO, documents: Iterable[Document]) -> None:
        """Write the documents, each as soon as it is there."""
        raise NotImplementedError

    def write(self, path: Path, documents: Iterable[Document]) -> None:
        with path.open("w", encoding="utf8", newline="\n") as file:
            self.stream(file, documents)


def read_parts(parts: Iterable[Path]) -> Iterator[Document]:
    """The documents of JSON lines files that this package has written, one file after the other."""
    for part in parts:
        with part.open(encoding="utf8", newline="\n") as lines:
            for line in lines:
                yield Document.from_json(json.loads(line))
