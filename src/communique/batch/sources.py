"""Files by name: files, folders, globs, URLs and standard input, in an order that is always the same."""

import glob
import io
import os
from dataclasses import dataclass, field
from typing import BinaryIO, Callable, Collection, Iterator, Optional, Sequence, Tuple

from ..errors import InputError
from ..extras import require
from .compression import COMPRESSIONS, zstd
from .pages import MODULES as PAGE_MODULES

TEXT, PAGE, JSON, TABLE, PARQUET = ".txt", ".html", ".jsonl", ".csv", ".parquet"
SUFFIXES = {
    ".txt": TEXT,
    ".html": PAGE,
    ".htm": PAGE,
    ".xhtml": PAGE,
    ".jsonl": JSON,
    ".ndjson": JSON,
    ".csv": TABLE,
    ".parquet": PARQUET,
}


@dataclass
class File:
    """A file of any kind, not yet open.

    kind (str): What is in it, one of the values of `SUFFIXES`; empty where that shows at its first bytes.
    size (int): In bytes, as it lies; 0 if that is not known.
    """

    name: str
    kind: str
    compression: str
    size: int
    open_raw: Callable[[], BinaryIO] = field(repr=False)


def find_files(inputs: Sequence[str], stdin: BinaryIO, excluded: Collection[str] = ()) -> Iterator[File]:
    """The files of each input: a file, a folder, a glob, an fsspec URL of any of these, or `-` for standard input. Of a
    folder, all with a known suffix, sorted by name at each level. No more than the names of one folder are held.

    excluded (Collection[str]): Absolute paths that are passed over: where the results go.
    RAISES: InputError if there is nothing, or a library is missing for it.
    """
    for name in inputs:
        found = False
        for file in _find(name, stdin, excluded):
            found = True
            if file.kind == PARQUET:
                require("parquet", "pyarrow")
            elif file.kind == PAGE:
                require("html", *PAGE_MODULES)
            if file.compression == ".zst" and zstd() is None:
                require("zstd", "backports.zstd")
            yield file
        if not found:
            raise InputError(f"{name}: no {', '.join(SUFFIXES)} file in it")


def _find(name: str, stdin: BinaryIO, excluded: Collection[str]) -> Iterator[File]:
    if name == "-":
        yield File("-", "", "", 0, lambda: stdin if hasattr(stdin, "peek") else io.BufferedReader(stdin))
    elif "://" in name:
        yield from _find_remote(name)
    elif os.path.isdir(name):
        yield from _walk(name, excluded)
    elif os.path.exists(name):
        yield _local(name)
    elif glob.has_magic(name):
        paths = sorted(glob.glob(name, recursive=True))
        if not paths:
            raise InputError(f"{name}: no file or folder matches")
        for path in paths:
            if any(os.path.abspath(path).startswith(folder + os.sep) or os.path.abspath(path) == folder for folder in excluded):
                continue
            # With ** a folder and what lies in it both match.
            if os.path.isfile(path):
                yield _local(path)
            elif "**" not in name:
                yield from _walk(path, excluded)
    else:
        raise InputError(f"{name}: no such file or folder")


def _walk(folder: str, excluded: Collection[str]) -> Iterator[File]:
    with os.scandir(folder) as scan:
        entries = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in scan)
    for name, is_folder in entries:
        path = os.path.join(folder, name)
        if os.path.abspath(path) in excluded:
            continue
        if is_folder:
            yield from _walk(path, excluded)
        elif _kind(path)[0] and os.path.isfile(path):
            yield _local(path)


def _local(path: str) -> File:
    kind, compression = _kind(path)
    # A name that is not UTF-8 could not be written to the results.
    shown = os.fsencode(path).decode("utf8", "replace")
    return File(shown, kind or TEXT, compression, os.path.getsize(path), lambda: open(path, "rb"))


def _find_remote(url: str) -> Iterator[File]:
    require("remote", "fsspec")
    from fsspec.core import url_to_fs

    try:
        fs, path = url_to_fs(url)
    except ImportError as error:
        raise InputError(f"{url}: {error}: pip install \"communique[remote]\"") from error
    except ValueError as error:
        raise InputError(f"{url}: {error}") from error
    # In a chain such as zip://*.txt::s3://news/a.zip the paths are those of the first link.
    _, separator, rest = url.partition("::")
    protocol = url.partition("://")[0]

    def remote(path: str, size: Optional[int]) -> File:
        kind, compression = _kind(path)
        shown = f"{protocol}://{path}{separator}{rest}" if separator else str(fs.unstrip_protocol(path))
        return File(shown, kind or TEXT, compression, size or 0, lambda: fs.open(path, "rb"))

    def walk(folder: str) -> Iterator[File]:
        entries = sorted((e["name"], e["type"], e["size"]) for e in fs.ls(folder, detail=True))
        for name, type, size in entries:
            if type == "directory":
                yield from walk(name)
            elif _kind(name)[0]:
                yield remote(name, size)

    if glob.has_magic(path):
        for match in sorted(fs.glob(path)):
            if fs.isfile(match):
                yield remote(match, fs.info(match)["size"])
    elif fs.isdir(path):
        yield from walk(path)
    elif fs.exists(path):
        yield remote(path, fs.info(path)["size"])
    else:
        raise InputError(f"{url}: no such file or folder")


def _kind(path: str) -> Tuple[str, str]:
    stem, suffix = os.path.splitext(path.lower())
    if suffix in COMPRESSIONS:
        return SUFFIXES.get(os.path.splitext(stem)[1], ""), suffix
    return SUFFIXES.get(suffix, ""), ""
