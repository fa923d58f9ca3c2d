"""Words per second on one core: a pipeline with and without its relation extractor, beside yardsticks, in one run."""

import json
import os
import time
from pathlib import Path
from typing import Annotated, Callable, Dict, List

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when numpy is imported

import spacy
import typer
from rich.console import Console
from rich.table import Table
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import is_package

from communique.corpus.files import blank_pipeline
from communique.pipeline.relation_extractor import RelationExtractor

YARDSTICK = "en_core_web_sm"


def main(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline.")],
    texts: Annotated[Path, typer.Argument(help="A DocBin of which the texts are read.")],
    output: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")],
    rounds: Annotated[int, typer.Option(help="The systems take turns; the median round counts.")] = 5,
) -> None:
    """Print words per second and ratios."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    corpus = [doc.text for doc in DocBin().from_disk(texts).get_docs(spacy.blank("en").vocab)]
    n_words = sum(len(text.split()) for text in corpus)
    systems = load_systems(pipeline)
    speeds: Dict[str, List[float]] = {name: [] for name in systems}
    for i in range(rounds + 1):
        for name, run in systems.items():
            start = time.perf_counter()
            run(corpus)
            if i:  # the first round warms up
                speeds[name].append(n_words / (time.perf_counter() - start))
    medians = {name: sorted(values)[len(values) // 2] for name, values in speeds.items()}
    base = medians["without relations"]
    table = Table(title=f"{n_words} words, one core, median of {rounds}", title_justify="left", box=None)
    for column in ("", "words/s", "lowest", "highest", "to 'without relations'"):
        table.add_column(column, justify="left" if not column else "right")
    for name, median in medians.items():
        low, high = min(speeds[name]), max(speeds[name])
        table.add_row(name, f"{median:,.0f}", f"{low:,.0f}", f"{high:,.0f}", f"{median / base:.2f}")
    console = Console()
    console.print(table)
    console.print(f"The relation extractor adds {base / medians['whole pipeline'] - 1:.0%} to the time.")
    if YARDSTICK not in medians:
        console.print(f"{YARDSTICK} is not installed, and so not compared.")
    output.write_text(json.dumps({"words": n_words, "words per second": speeds}, indent=2) + "\n")


def load_systems(pipeline: Path) -> Dict[str, Callable[[List[str]], None]]:
    whole = spacy.load(pipeline)
    extractors = [name for name, pipe in whole.pipeline if isinstance(pipe, RelationExtractor)]
    systems = {
        "blank tokenizer": runner(blank_pipeline()),
        "without relations": runner(spacy.load(pipeline, exclude=extractors)),
        "whole pipeline": runner(whole),
    }
    if is_package(YARDSTICK):
        yardstick = spacy.load(YARDSTICK)
        yardstick.select_pipes(enable=["tok2vec", "ner"])
        systems[YARDSTICK] = runner(yardstick)
    return systems


def runner(nlp: Language) -> Callable[[List[str]], None]:
    def run(corpus: List[str]) -> None:
        for _ in nlp.pipe(corpus):
            pass

    return run


if __name__ == "__main__":
    typer.run(main)
