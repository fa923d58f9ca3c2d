"""The formats that results are written in."""

from typing import Dict

from .docbin import DocBinSink
from .graph import CsvSink, GraphmlSink
from .jsonl import JsonlSink
from .parquet import ParquetSink
from .rdf import OxigraphSink, TurtleSink
from .sink import Sink, TextSink, read_parts
from .table import TableSink

SINKS: Dict[str, Sink] = {
    "jsonl": JsonlSink(),
    "table": TableSink(),
    "parquet": ParquetSink(),
    "docbin": DocBinSink(),
    "turtle": TurtleSink(),
    "oxigraph": OxigraphSink(),
    "graphml": GraphmlSink(),
    "csv": CsvSink(),
}

__all__ = ["SINKS", "Sink", "TextSink", "read_parts"]
