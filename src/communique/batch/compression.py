"""Compressed files."""

import bz2
import gzip
import lzma
from importlib import import_module
from typing import Any, BinaryIO

COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")


def zstd() -> Any:
    """The module for Zstandard, part of Python since 3.14 and a backport before; None if it is not installed."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def decompress(raw: BinaryIO, compression: str) -> BinaryIO:
    """compression: One of `COMPRESSIONS`, or nothing."""
    if compression == ".gz":
        return gzip.GzipFile(fileobj=raw)
    if compression == ".bz2":
        return bz2.BZ2File(raw)
    if compression == ".xz":
        return lzma.LZMAFile(raw)
    if compression == ".zst":
        return zstd().ZstdFile(raw)
    return raw
