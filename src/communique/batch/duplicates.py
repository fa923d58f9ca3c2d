"""Ids that were seen before."""

import sqlite3
from hashlib import blake2b
from typing import Iterable, Iterator, Union

from .record import Record, SetAside


def set_duplicates_aside(items: Iterable[Union[Record, SetAside]]) -> Iterator[Union[Record, SetAside]]:
    """Let the first record with an id pass, and set aside every later one. The ids lie in a temporary file, not in memory,
    as there may be very many."""
    # A database without a name is a file that SQLite makes, uses when its cache is full, and removes.
    seen = sqlite3.connect("", isolation_level=None)
    try:
        seen.execute("PRAGMA journal_mode = OFF")
        seen.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
        for item in items:
            if isinstance(item, Record):
                key = blake2b(item.id.encode("utf8", "surrogatepass"), digest_size=16).digest()
                if not seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (key,)).rowcount:
                    item = SetAside(item.source, item.offset, item.id, "duplicate id: an earlier document has it")
            yield item
    finally:
        seen.close()
