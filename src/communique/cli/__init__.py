"""The command line: one Typer app, `communique`."""

from .app import app
from .corpus import check, convert, stats
from .evaluate import evaluate
from .extract import extract
from .info import info
from .query import query

__all__ = ["app", "check", "convert", "evaluate", "extract", "info", "query", "stats"]
