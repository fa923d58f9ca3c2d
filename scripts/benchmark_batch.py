"""The cost of the command line: documents and words a second of `communique extract` with one process, two, and two Dask
workers, beside plain `nlp.pipe`; and the peak of its memory as the input grows. Each run is a process of its own."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Annotated, Dict, Iterator, List, Optional

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when numpy is imported

import spacy
import typer
from rich.console import Console
from rich.table import Table
from spacy.tokens import DocBin

SYSTEMS: Dict[str, Optional[List[str]]] = {
    "nlp.pipe": None,
    "1 process": ["--workers", "1"],
    "2 processes": ["--workers", "2"],
    "Dask, 2 workers": ["--engine", "dask", "--workers", "2"],
}
PART_SIZE = 100  # so that all workers have something to do on few documents
PLAIN = """
import json, sys
import spacy
nlp = spacy.load(sys.argv[1])
for doc in nlp.pipe(json.loads(line)["text"] for line in open(sys.argv[2], encoding="utf8")):
    pass
"""


def main(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline.")],
    texts: Annotated[Path, typer.Argument(help="A DocBin of which the texts are read.")],
    output: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")],
    documents: Annotated[int, typer.Option(help="Documents of a run; the texts are repeated.")] = 2000,
    rounds: Annotated[int, typer.Option(help="The systems take turns; the median round counts.")] = 3,
    sizes: Annotated[str, typer.Option(help="Documents of the runs whose memory is measured.")] = "1000,10000,100000",
) -> None:
    """Print two tables."""
    corpus = [doc.text for doc in DocBin().from_disk(texts).get_docs(spacy.blank("en").vocab)]
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        source, pair = Path(folder) / "in.jsonl", Path(folder) / "pair.jsonl"
        n_words = write_documents(source, (corpus[i % len(corpus)] for i in range(documents)))
        write_documents(pair, iter(corpus[:2]))
        found: Dict[str, List[Dict[str, float]]] = {name: [] for name in SYSTEMS}
        for _ in range(rounds):
            for name, arguments in SYSTEMS.items():
                # What a document costs, behind what a start costs: a document for each worker, so that all of them start.
                start = measure(pipeline, pair, Path(folder), arguments, part_size=1)
                run = measure(pipeline, source, Path(folder), arguments)
                found[name].append({**run, **{f"start {key}": start[key] for key in ("wall", "cpu")}})
        table = Table(title=f"{documents} documents, {n_words} words, median of {rounds}", title_justify="left", box=None)
        for column in ("", "start s", "documents/s", "words/s", "CPU ms a document", "CPU to nlp.pipe", "peak MB of a process"):
            table.add_column(column, justify="left" if not column else "right")
        base = median([run["cpu"] - run["start cpu"] for run in found["nlp.pipe"]])
        for name, runs in found.items():
            seconds = median([run["wall"] - run["start wall"] for run in runs])
            cpu = median([run["cpu"] - run["start cpu"] for run in runs])
            table.add_row(
                name,
                f"{median([run['start wall'] for run in runs]):.1f}",
                f"{documents / seconds:,.1f}",
                f"{n_words / seconds:,.0f}",
                f"{1000 * cpu / documents:.1f}",
                f"{cpu / base:.2f}",
                f"{max(run['peak'] for run in runs):.0f}",
            )
        console.print(table)
        memory: Dict[str, Dict[str, float]] = {}
        table = Table(title="Peak memory, documents of one sentence with a word of its own", title_justify="left", box=None)
        for column in ("documents", "peak MB", "documents/s"):
            table.add_column(column, justify="right")
        sentences = [sentence for text in corpus for sentence in text.split("\n") if 40 < len(sentence) < 160]
        for size in map(int, filter(None, sizes.split(","))):
            rng = random.Random(0)
            write_documents(source, (f"{rng.choice(sentences)} (report q{i}z)" for i in range(size)))
            memory[str(size)] = run = measure(pipeline, source, Path(folder), ["--workers", "1"])
            table.add_row(f"{size:,}", f"{run['peak']:.0f}", f"{size / run['wall']:,.1f}")
        console.print(table)
    output.write_text(json.dumps({"words": n_words, "runs": found, "memory": memory}, indent=2) + "\n")


def write_documents(path: Path, texts: Iterator[str]) -> int:
    """RETURNS (int): Number of words."""
    n_words = 0
    with path.open("w", encoding="utf8") as file:
        for i, text in enumerate(texts):
            file.write(json.dumps({"id": f"d{i}", "text": text}) + "\n")
            n_words += len(text.split())
    return n_words


def measure(
    pipeline: Path, source: Path, folder: Path, arguments: Optional[List[str]], part_size: int = PART_SIZE
) -> Dict[str, float]:
    """Run one system in a process of its own.

    arguments (Optional[List[str]]): Of the command line; None for plain `nlp.pipe`.
    RETURNS (Dict[str, float]): Seconds of `wall` clock and, with its children, `cpu`; `peak` resident memory of the largest
        process, in MB.
    """
    if arguments is None:
        command = [sys.executable, "-c", PLAIN, str(pipeline), str(source)]
    else:
        command = [sys.executable, "-m", "communique", "extract", str(source), "--pipeline", str(pipeline), "--quiet"]
        command += ["-o", str(folder / "out"), "--part-size", str(part_size), "--overwrite", *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise typer.Exit(1)
    return {
        "wall": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss / 1024,
    }


if __name__ == "__main__":
    typer.run(main)
