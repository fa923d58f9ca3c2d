"""JSON lines: one document a line."""

import json
import shutil
from pathlib import Path
from typing import Iterable, TextIO

from ..document import Document
from .sink import TextSink


class JsonlSink(TextSink):
    suffix = ".jsonl"

    def stream(self, file: TextIO, documents: Iterable[Document]) -> None:
        for document in documents:
            file.write(json.dumps(document.to_json(), ensure_ascii=False) + "\n")
            file.flush()

    def combine(self, parts: Iterable[Path], path: Path) -> None:
        with path.open("wb") as output:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, output)
