"""Documents out of files, one at a time, and what of them cannot be read."""

import codecs
import csv
import io
import json
import lzma
import re
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from ..errors import InputError
from .charsets import decode
from .compression import decompress, zstd
from .record import Record, SetAside, Unusable
from .sources import JSON, PAGE, PARQUET, TABLE, TEXT, File

SURROGATES = re.compile("[\ud800-\udfff]")
MAX_BYTES_A_CHARACTER = 6  # a \uXXXX escape of JSON
ROWS = 100  # of Parquet held at a time


@dataclass
class Layout:
    """How documents lie in their sources.

    text_key, id_key (str): Key of JSON, column of CSV and Parquet.
    meta_keys (Sequence[str]): What of the rest passes through as `meta`: an object is merged into it, anything else stands
        under its own name.
    encoding (Optional[str]): The character set of `.txt`, `.jsonl` and `.csv`, and of pages that declare none.
    max_chars (int): The longest text taken.
    """

    text_key: str = "text"
    id_key: str = "id"
    meta_keys: Sequence[str] = ("meta", "title", "date", "url")
    encoding: Optional[str] = None
    max_chars: int = 5_000_000

    def check(self) -> None:
        """RAISES: InputError if there is no such character set."""
        if self.encoding is not None:
            try:
                codecs.lookup(self.encoding)
            except LookupError:
                raise InputError(f"--encoding {self.encoding}: no such character set") from None

    @property
    def max_bytes(self) -> int:
        return MAX_BYTES_A_CHARACTER * self.max_chars


class RecordReader:
    """Reads documents out of files, one at a time. What cannot be read comes out as a `SetAside`, and reading goes on
    with the next document, or where nothing more can be made of a file, with the next file.

    position (int): Bytes of the files read so far.
    """

    def __init__(self, files: Iterator[File], layout: Layout) -> None:
        self.files = files
        self.layout = layout
        self.position = 0

    def __iter__(self) -> Iterator[Union[Record, SetAside]]:
        before = 0
        for file in self.files:
            for item in self._read(file, before):
                yield item
            before += file.size
            self.position = before

    def _read(self, file: File, before: int) -> Iterator[Union[Record, SetAside]]:
        offset = 0
        try:
            with file.open_raw() as raw:
                with decompress(raw, file.compression) as stream:
                    kind = file.kind or _sniff(stream)
                    for item in READERS[kind](file.name, stream, self.layout):
                        offset = item.offset
                        if file.size:
                            self.position = before + min(raw.tell(), file.size)
                        yield item
        except _unreadable() as error:
            offset = max(offset + (file.kind in (JSON, TABLE, PARQUET)), 1)
            reason = f"cannot be read on from here: {type(error).__name__}: {_one_line(error)}"
            yield SetAside(file.name, offset, None, reason)


def _unreadable() -> Tuple[type, ...]:
    errors = [OSError, EOFError, zlib.error, lzma.LZMAError, csv.Error]
    try:
        from pyarrow import ArrowException

        errors.append(ArrowException)
    except ImportError:
        pass
    module = zstd()
    if module is not None:
        errors.append(module.ZstdError)
    return tuple(errors)


def _sniff(stream: BinaryIO) -> str:
    """Of standard input: JSON lines if it begins with a brace, a page if with an angle bracket."""
    first = stream.peek(64).removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    return {b"{": JSON, b"<": PAGE}.get(first, TEXT)


def _read_whole(name: str, stream: BinaryIO, layout: Layout, html: bool = False) -> Iterator[Union[Record, SetAside]]:
    raw = stream.read(layout.max_bytes + 1)
    if len(raw) > layout.max_bytes:
        yield SetAside(name, 1, name, f"over {layout.max_bytes} bytes: cut it, or raise --max-chars")
    elif html:
        yield Record(name, 1, name, raw=raw, html=True)
    else:
        try:
            yield Record(name, 1, name, text=raw.decode(layout.encoding or "utf-8-sig"))
        except UnicodeDecodeError:
            yield Record(name, 1, name, raw=raw)  # for the worker to guess


def _read_page(name: str, stream: BinaryIO, layout: Layout) -> Iterator[Union[Record, SetAside]]:
    return _read_whole(name, stream, layout, html=True)


def _read_jsonl(name: str, stream: BinaryIO, layout: Layout) -> Iterator[Union[Record, SetAside]]:
    number = 0
    empty = True
    while line := stream.readline(layout.max_bytes + 1):
        number += 1
        if len(line) > layout.max_bytes and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = stream.readline(layout.max_bytes)
            empty = False
            yield SetAside(name, number, None, f"a line over {layout.max_bytes} bytes: cut it, or raise --max-chars")
            continue
        if not line.strip():
            continue
        empty = False
        try:
            data = json.loads(line.decode(layout.encoding or "utf-8-sig"), parse_constant=lambda name: None)
        except UnicodeDecodeError:
            yield SetAside(name, number, None, f"undecodable bytes: not {layout.encoding or 'UTF-8'}")
        except json.JSONDecodeError as error:
            yield SetAside(name, number, None, f"not JSON: {error.msg} in column {error.colno}")
        except (ValueError, RecursionError) as error:
            yield SetAside(name, number, None, f"not JSON: {_one_line(error)}")
        else:
            if isinstance(data, dict):
                yield _from_row(name, number, data, layout)
            else:
                yield SetAside(name, number, None, "no text: not a JSON object")
    if empty:
        yield SetAside(name, 1, None, "empty: there is no document in it")


def _read_csv(name: str, stream: BinaryIO, layout: Layout) -> Iterator[Union[Record, SetAside]]:
    csv.field_size_limit(layout.max_bytes)
    # What is no UTF-8 becomes surrogates, of which the bytes can be had again.
    lines = io.TextIOWrapper(stream, layout.encoding or "utf-8-sig", errors="surrogateescape", newline="")
    header = lines.readline(layout.max_bytes)
    if not header.strip():
        yield SetAside(name, 1, None, "empty: there is no document in it")
        return
    try:
        dialect: Any = csv.Sniffer().sniff(header, delimiters=",;\t")
    except csv.Error:
        dialect = csv.excel
    delimiter = dialect.delimiter
    columns = next(csv.reader([header], delimiter=delimiter))
    if layout.text_key not in columns:
        yield SetAside(name, 1, None, _no_column(layout.text_key, columns))
        return
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        number = reader.line_num + 2
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield SetAside(name, number, None, f"not CSV: {error}")
            continue
        if not values:
            continue
        guessed: List[str] = []
        try:
            row = {column: _mend(value, layout, guessed) for column, value in zip(columns, values)}
        except Unusable as error:
            yield SetAside(name, number, None, str(error))
            continue
        item = _from_row(name, number, row, layout)
        if guessed and isinstance(item, Record):
            item.meta.update(charset=guessed[0], charset_guessed=True)
        yield item


def _mend(value: str, layout: Layout, guessed: List[str]) -> str:
    try:
        value.encode("utf8")
        return value
    except UnicodeEncodeError:
        if layout.encoding:
            raise Unusable(f"undecodable bytes: not {layout.encoding}") from None
        text, charset = decode(value.encode("utf8", "surrogateescape"))
        guessed.extend([charset] if charset else [])
        return text


def _read_parquet(name: str, stream: BinaryIO, layout: Layout) -> Iterator[Union[Record, SetAside]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20) as file:
        names = file.schema_arrow.names
        if layout.text_key not in names:
            yield SetAside(name, 1, None, _no_column(layout.text_key, names))
            return
        columns = [c for c in dict.fromkeys((layout.id_key, layout.text_key, *layout.meta_keys)) if c in names]
        number = 0
        for batch in file.iter_batches(batch_size=ROWS, columns=columns, use_threads=False):
            for row in batch.to_pylist():
                number += 1
                yield _from_row(name, number, row, layout)


def _no_column(wanted: str, columns: Sequence[str]) -> str:
    shown = ", ".join(map(repr, columns[:20]))
    return f"no text: no column {wanted!r} among {shown}: name it with --text-key"


def _from_row(name: str, number: int, row: Dict[str, Any], layout: Layout) -> Union[Record, SetAside]:
    given = row.get(layout.id_key)
    id = _whole(str(given)) if given not in (None, "") else f"{name}:{number}"
    text = row.get(layout.text_key)
    if not isinstance(text, str):
        return SetAside(name, number, id, f"no text: no string under {layout.text_key!r}")
    meta: Dict[str, Any] = {}
    for key in layout.meta_keys:
        value = row.get(key)
        if isinstance(value, str) and key == "meta" and value.startswith("{"):
            try:  # a column of JSON, as tables have it
                value = json.loads(value, parse_constant=lambda name: None)
            except ValueError:
                pass
        if isinstance(value, dict):
            meta.update(_plain(value))
        elif value not in (None, ""):
            meta[key] = _plain(value)
    return Record(name, number, id, text=text, meta=meta)


def _plain(value: Any) -> Any:
    """What JSON can say of a value that a table holds."""
    if isinstance(value, dict):
        return {_whole(str(k)): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, float):
        return value if value - value == 0 else None  # neither infinite nor not a number
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (date, datetime, time)):
        return value.isoformat()
    return _whole(str(value))


def _whole(text: str) -> str:
    """Without the half surrogate pairs that an escape of JSON may hold and no file can."""
    return SURROGATES.sub("\ufffd", text)


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:500]


READERS: Dict[str, Callable[[str, BinaryIO, Layout], Iterator[Union[Record, SetAside]]]] = {
    TEXT: _read_whole,
    PAGE: _read_page,
    JSON: _read_jsonl,
    TABLE: _read_csv,
    PARQUET: _read_parquet,
}
