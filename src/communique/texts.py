"""Texts to extract from, out of files, folders and streams."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterable, Iterator, List

from .errors import InputError

SUFFIXES = (".txt", ".jsonl")


@dataclass
class Text:
    """A text and what is known about it."""

    id: str
    text: str
    meta: Dict[str, Any] = field(default_factory=dict)


def read_texts(sources: Iterable[str], stdin: BinaryIO, max_chars: int) -> Iterator[Text]:
    """Read each source: a `.txt` file is one text, a `.jsonl` file one a line (`text`, and if there are `id` and
    `meta`), a folder all of these in it, `-` standard input, as JSON lines if its first character is a brace.

    stdin (BinaryIO): What `-` reads.
    max_chars (int): The longest text allowed.
    RAISES: InputError that names file and line.
    """
    for source in sources:
        if source == "-":
            yield from _check_length(_read_stream("-", stdin), max_chars)
            continue
        path = Path(source)
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
            if not files:
                raise InputError(f"{path}: no .txt or .jsonl file in this folder")
        elif path.exists():
            files = [path]
        else:
            raise InputError(f"{path}: no such file or folder")
        for file in files:
            with file.open("rb") as stream:
                read = _read_jsonl(str(file), stream) if file.suffix == ".jsonl" else _read_plain(str(file), stream)
                yield from _check_length(read, max_chars)


def batch_texts(texts: Iterable[Text], size: int) -> Iterator[List[Text]]:
    """Lists of at most `size` texts. If reading fails, what was read before comes out first."""
    batch: List[Text] = []
    try:
        for text in texts:
            batch.append(text)
            if len(batch) == size:
                yield batch
                batch = []
    except InputError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _check_length(texts: Iterator[Text], max_chars: int) -> Iterator[Text]:
    for text in texts:
        if len(text.text) > max_chars:
            raise InputError(
                f"{text.id}: {len(text.text)} characters, over the limit of {max_chars}: cut it, or raise --max-chars"
            )
        yield text


def _read_stream(name: str, stream: BinaryIO) -> Iterator[Text]:
    data = stream.read()
    read = _read_jsonl if data.lstrip().startswith(b"{") else _read_plain
    yield from read(name, BytesIO(data))


def _read_plain(name: str, stream: BinaryIO) -> Iterator[Text]:
    text = _decode(name, stream.read())
    if not text.strip():
        raise InputError(f"{name}: empty: there is no text in it")
    yield Text(name, text)


def _read_jsonl(name: str, stream: BinaryIO) -> Iterator[Text]:
    empty = True
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        empty = False
        place = f"{name}:{number}"
        try:
            data = json.loads(_decode(name, line, number))
        except json.JSONDecodeError as error:
            raise InputError(f"{place}: not JSON: {error.msg} in column {error.colno}") from None
        if not isinstance(data, dict) or not isinstance(data.get("text"), str):
            raise InputError(f"{place}: no text: each line must be an object with a string under 'text'")
        meta = data.get("meta") or {}
        yield Text(str(data.get("id", place)), data["text"], meta)
    if empty:
        raise InputError(f"{name}: empty: there is no document in it")


def _decode(name: str, data: bytes, line: int = 1) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line += data[: error.start].count(b"\n")
        raise InputError(f"{name}:{line}: not UTF-8: convert it, as with 'iconv -t utf-8'") from None
