"""`communique evaluate`."""

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from .app import app, one_line_errors


@app.command(epilog="Example: communique evaluate training/sm/model-best corpus/documents --split test --errors errors.txt")
def evaluate(
    pipeline: Annotated[str, typer.Argument(help="Name or folder of the pipeline.")],
    gold: Annotated[Path, typer.Argument(help="Gold documents: a folder or file of mark-up, a .jsonl or a .spacy file.")],
    split: Annotated[Optional[str], typer.Option(help="Only the documents of this split.")] = None,
    output: Annotated[Optional[Path], typer.Option("-o", "--output", help="Write the figures to this file, as JSON.")] = None,
    errors: Annotated[Optional[Path], typer.Option(help="Write each mistake in its sentence to this file.")] = None,
    against: Annotated[Optional[str], typer.Option(help="Another pipeline: by how much is the first one better?")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, not tables.")] = False,
    samples: Annotated[int, typer.Option(help="Bootstrap samples of the 95% intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.")] = 0,
) -> None:
    """Precision, recall and F1 of a pipeline on gold documents, over all labels and for each, and what its scores are worth."""
    from rich.console import Console

    from ..corpus.files import read_documents
    from ..errors import InputError
    from ..evaluation.metrics import count_documents, evaluate_documents, paired_difference
    from ..evaluation.mistakes import list_mistakes
    from ..evaluation.predictions import predict, predict_on_gold
    from ..evaluation.reliability import reliability
    from ..evaluation.table import difference_table, figure_tables, reliability_table
    from ..pipelines import load_pipeline

    with one_line_errors():
        nlp = load_pipeline(pipeline)
        documents = list(read_documents(gold, split))
        if not documents:
            raise InputError(f"{gold}: no document{'' if split is None else f' of the split {split!r}'} in it")
        predicted = predict(nlp, documents)
        on_gold = predict_on_gold(nlp, documents)
        figures = evaluate_documents(documents, predicted, on_gold, samples, seed)
        result = {
            "pipeline": f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}",
            "documents": len(documents),
            **figures,
            "reliability": reliability(documents, predicted),
        }
        if against is not None:
            other = load_pipeline(against)
            others = count_documents(documents, predict(other, documents), predict_on_gold(other, documents))
            result["against"] = {
                name: paired_difference(counts.total(), others[name].total(), samples, seed)
                for name, counts in count_documents(documents, predicted, on_gold).items()
            }
        if output is not None:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf8")
        if errors is not None:
            errors.parent.mkdir(parents=True, exist_ok=True)
            errors.write_text("\n".join(list_mistakes(documents, predicted)) + "\n", encoding="utf8")
    if as_json:
        typer.echo(json.dumps(result, indent=2))
        return
    console = Console()
    for table in figure_tables(figures):
        console.print(table)
        console.print()
    console.print(reliability_table(result["reliability"]))
    if against is not None:
        console.print()
        console.print(difference_table(result["against"], against))
