"""`communique extract`."""

import sys
from contextlib import AbstractContextManager
from enum import Enum
from pathlib import Path
from typing import Annotated, Dict, List, Optional

import typer

from ..errors import InputError
from .app import app, one_line_errors

# Exit codes
SET_ASIDE = 3
INTERRUPTED = 130


class Format(str, Enum):
    """The names of `communique.sinks.SINKS`, which would take seconds to import for no more than `--help`."""

    jsonl = "jsonl"
    table = "table"
    parquet = "parquet"
    docbin = "docbin"
    turtle = "turtle"
    oxigraph = "oxigraph"
    graphml = "graphml"
    csv = "csv"


class EngineName(str, Enum):
    processes = "processes"
    dask = "dask"


@app.command(
    epilog="Example: communique extract article.txt --format table   |   communique extract news/ -o results --workers 4   |   "
    "cat news.jsonl | communique extract - -o out.jsonl"
)
def extract(
    inputs: Annotated[
        List[str],
        typer.Argument(
            metavar="INPUT...",
            help="Files (.txt, .html, .jsonl, .csv, .parquet; all but the last also as .gz, .bz2, .xz, .zst), folders, globs, "
            "fsspec URLs, or - for standard input.",
        ),
    ],
    output: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--output",
            help="A folder for parts, or with a suffix one file. Without it, results go to standard output as they come.",
        ),
    ] = None,
    format: Annotated[
        Optional[Format], typer.Option(help="How results are written.", show_default="by the suffix of the output, else jsonl")
    ] = None,
    pipeline: Annotated[
        Optional[str], typer.Option(help="Name or folder of the pipeline.", show_default="en_communique_sm")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the results of another run.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes. With 1, all is done in this one.")] = 1,
    engine: Annotated[EngineName, typer.Option(help="What runs the workers.")] = EngineName.processes,
    scheduler: Annotated[
        Optional[str], typer.Option(help="Address of the scheduler of a Dask cluster; without it, one is started here.")
    ] = None,
    text_key: Annotated[str, typer.Option(help="Key or column of the text.")] = "text",
    id_key: Annotated[str, typer.Option(help="Key or column of the id.")] = "id",
    meta_key: Annotated[
        List[str], typer.Option(help="Key or column that passes through as meta; may be given more than once.")
    ] = ["meta", "title", "date", "url"],
    encoding: Annotated[
        Optional[str], typer.Option(help="Character set of the input, where it does not say one.", show_default="UTF-8, else guessed")
    ] = None,
    max_chars: Annotated[int, typer.Option(min=1, help="The longest text taken.")] = 5_000_000,
    max_errors: Annotated[
        Optional[int], typer.Option(min=0, help="Stop when more documents than this are set aside.", show_default="no limit")
    ] = None,
    part_size: Annotated[int, typer.Option(min=1, help="Documents in a part.")] = 500,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Extract entities and relations from texts. Progress and errors go to standard error. What cannot be used is set
    aside with its source and the reason, in errors.jsonl or on standard error, and the exit code is then 3."""
    from ..batch.progress import Progress
    from ..batch.run import Plan, run_batch
    from ..batch.readers import Layout

    with one_line_errors():
        plan = Plan(
            inputs=inputs,
            pipeline=pipeline,
            format=_format(format, output),
            part_size=part_size,
            layout=Layout(text_key, id_key, tuple(meta_key), encoding, max_chars),
        )
        if output is None:
            for option, given in (("--workers", workers > 1), ("--engine", engine is EngineName.dask), ("--resume", resume)):
                if given:
                    raise InputError(f"{option} needs an output: name one with -o")
            set_aside = _stream(plan, max_errors)
            if set_aside:
                raise typer.Exit(SET_ASIDE)
            return
        progress = Progress(quiet)
        try:
            counts = run_batch(
                plan,
                output,
                _engine(engine, scheduler, workers),
                progress,
                sys.stdin.buffer,
                resume=resume,
                overwrite=overwrite,
                max_errors=max_errors,
            )
        except KeyboardInterrupt:
            typer.echo(f"communique: {output}: stopped: go on with --resume", err=True)
            raise typer.Exit(INTERRUPTED) from None
        progress.say(f"{output}: {_summary(counts)}{progress.speed()}")
        if counts["set_aside"]:
            raise typer.Exit(SET_ASIDE)


def _format(format: Optional[Format], output: Optional[Path]) -> str:
    if format is not None:
        return format.value
    from ..sinks import SINKS

    if output is None or not output.suffix or output.is_dir():
        return "jsonl"
    for name, sink in SINKS.items():
        if output.suffix == sink.suffix:
            return name
    raise InputError(f"{output}: no format has this suffix: name one with --format")


def _engine(name: EngineName, scheduler: Optional[str], workers: int) -> AbstractContextManager:
    from ..batch.engines import in_process, in_processes, on_dask

    if name is EngineName.dask:
        return on_dask(scheduler, workers)
    if scheduler is not None:
        raise InputError("--scheduler is for --engine dask")
    return in_process() if workers == 1 else in_processes(workers)


def _summary(counts: Dict[str, int]) -> str:
    done = f"{counts['documents']:,} documents, {counts['entities']:,} entities, {counts['relations']:,} relations"
    return f"{done}, {counts['set_aside']:,} set aside" + (" (see errors.jsonl)" if counts["set_aside"] else "")


def _stream(plan, max_errors: Optional[int]) -> int:
    """Write the results to standard output as they come, and a line to standard error for each document set aside.

    RETURNS (int): How many were set aside.
    """
    from ..batch.duplicates import set_duplicates_aside
    from ..batch.extraction import extract as extract_records
    from ..batch.record import SetAside
    from ..batch.readers import RecordReader
    from ..batch.sources import find_files
    from ..pipelines import load_pipeline
    from ..sinks import SINKS, TextSink

    sink = SINKS[plan.format]
    if not isinstance(sink, TextSink):
        raise InputError(f"--format {plan.format} cannot go to standard output: name an output with -o")
    sink.check()
    plan.layout.check()
    for _ in find_files(plan.inputs, sys.stdin.buffer):
        pass
    nlp = load_pipeline(plan.pipeline)
    set_aside = 0

    def documents():
        nonlocal set_aside
        records = set_duplicates_aside(RecordReader(find_files(plan.inputs, sys.stdin.buffer), plan.layout))
        for item in extract_records(nlp, records, plan.limits):
            if not isinstance(item, SetAside):
                yield item
                continue
            set_aside += 1
            typer.echo(f"communique: {item}", err=True)
            if max_errors is not None and set_aside > max_errors:
                raise InputError(f"{set_aside} documents set aside, over --max-errors {max_errors}")

    with nlp.memory_zone():
        sink.stream(sys.stdout, documents())
    return set_aside
