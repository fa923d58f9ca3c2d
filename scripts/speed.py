"""Words per second of several pipelines, on one core and on two, in one run; and what they take on disk."""

import os
import time
from pathlib import Path
from statistics import median
from typing import Annotated, Dict, List, Tuple

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when numpy is imported
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import spacy
import srsly
import typer
from rich.console import Console
from rich.table import Table
from spacy.tokens import DocBin


def main(
    pipelines: Annotated[List[Path], typer.Argument(help="Folders of trained pipelines.")],
    texts: Annotated[Path, typer.Option(help="A DocBin of which the texts are read.")],
    output: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")],
    cores: Annotated[List[int], typer.Option(help="Numbers of cores, with a process each.")] = [1, 2],
    documents: Annotated[int, typer.Option(help="Texts, 0 for all.")] = 0,
    rounds: Annotated[int, typer.Option(help="The pipelines take turns; the median round counts.")] = 3,
) -> None:
    """Print words per second."""
    corpus = [doc.text for doc in DocBin().from_disk(texts).get_docs(spacy.blank("en").vocab)][: documents or None]
    n_words = sum(len(text.split()) for text in corpus)
    loaded = {path: spacy.load(path) for path in pipelines}
    available = sorted(os.sched_getaffinity(0))
    speeds: Dict[Tuple[Path, int], List[float]] = {(path, n): [] for path in pipelines for n in cores}
    for nlp in loaded.values():
        list(nlp.pipe(corpus[:20]))
    for _ in range(rounds):
        for path, n in speeds:
            os.sched_setaffinity(0, available[:n])
            start = time.perf_counter()
            for _ in loaded[path].pipe(corpus, n_process=n):
                pass
            speeds[path, n].append(n_words / (time.perf_counter() - start))
    table = Table(title=f"{n_words} words, median of {rounds}", title_justify="left", box=None)
    for column in ("", "cores", "words/s", "lowest", "highest", "MB on disk"):
        table.add_column(column, justify="right" if column else "left")
    rows = []
    for (path, n), values in speeds.items():
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) / 1e6
        table.add_row(str(path), str(n), f"{median(values):,.0f}", f"{min(values):,.0f}", f"{max(values):,.0f}", f"{size:.0f}")
        rows.append({"pipeline": str(path), "cores": n, "words per second": values, "MB": size})
    Console().print(table)
    srsly.write_json(output, {"words": n_words, "speeds": rows})


if __name__ == "__main__":
    typer.run(main)
