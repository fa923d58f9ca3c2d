"""The formats that results are written in."""

from typing import Dict

from .jsonl import JsonlSink
from .sink import Sink, TextSink, read_parts
from .table import TableSink

SINKS: Dict[str, Sink] = {
    "jsonl": JsonlSink(),
    "table": TableSink(),
}

__all__ = ["SINKS", "Sink", "TextSink", "read_parts"]
