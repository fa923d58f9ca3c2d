"""What a transformer pipeline costs on CPU, and what it finds, in several ways to run its transformer."""

import time
from pathlib import Path
from typing import Annotated, Callable, Dict, Iterator, List, Tuple

import spacy
import srsly
import torch
import typer
from rich.console import Console
from rich.table import Table

from communique.corpus.files import read_documents
from communique.evaluation.metrics import evaluate_documents
from communique.evaluation.predictions import predict

FEED_FORWARD = ("intermediate.dense", "output.dense")


def main(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline with a transformer.")],
    gold: Annotated[Path, typer.Argument(help="Gold documents.")],
    output: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")],
    limit: Annotated[int, typer.Option(help="Documents, 0 for all.")] = 0,
) -> None:
    """Time each way on all documents, one thread and two, and evaluate what it finds."""
    documents = list(read_documents(gold))[: limit or None]
    n_words = sum(len(document.text.split()) for document in documents)
    nlp = spacy.load(pipeline)
    component = nlp.get_pipe("transformer")
    shim = component.model.layers[0].shims[0]
    whole = shim._model
    rows: List[Dict[str, object]] = []
    table = Table(title=f"{n_words} words", title_justify="left", box=None)
    for column in ("", "slots a batch", "threads", "words/s", "entities", "relations"):
        table.add_column(column, justify="left" if not column else "right")
    for name, items, threads, make in ways(whole):
        torch.set_num_threads(threads)
        shim._model = make()
        component.cfg["max_batch_items"] = items
        start = time.perf_counter()
        found = predict(nlp, documents)
        seconds = time.perf_counter() - start
        figures = evaluate_documents(documents, found, found, 1, 0)
        row = {"way": name, "slots": items, "threads": threads, "words per second": n_words / seconds,
               "entities": figures["ents"]["f"], "relations": figures["rels"]["f"]}  # fmt: skip
        rows.append(row)
        table.add_row(
            name, str(items), str(threads), f"{n_words / seconds:,.0f}", f"{row['entities']:.4f}", f"{row['relations']:.4f}"
        )
        srsly.write_json(output, rows)
    Console().print(table)


def ways(whole: torch.nn.Module) -> Iterator[Tuple[str, int, int, Callable[[], torch.nn.Module]]]:
    """Name, most slots for word pieces in a batch, threads, and what makes the transformer."""
    for threads in (1, 2):
        for items in (4096, 1024, 512):
            yield "float32", items, threads, lambda: whole
    yield "int8", 1024, 1, lambda: quantized(whole, per_channel=False)
    yield "int8, a scale a channel", 1024, 1, lambda: quantized(whole, per_channel=True)
    yield "int8, a scale a channel, feed-forward layers alone", 1024, 1, lambda: quantized(whole, True, FEED_FORWARD)


def quantized(whole: torch.nn.Module, per_channel: bool, names: Tuple[str, ...] = ("",)) -> torch.nn.Module:
    """The transformer with linear layers in int8, weights beforehand and activations when they come."""
    from torch.ao.quantization import default_dynamic_qconfig, per_channel_dynamic_qconfig, quantize_dynamic

    qconfig = per_channel_dynamic_qconfig if per_channel else default_dynamic_qconfig
    chosen = {
        name: qconfig
        for name, module in whole.named_modules()
        if isinstance(module, torch.nn.Linear) and name.endswith(names) and not (names != ("",) and "attention" in name)
    }
    return quantize_dynamic(whole, chosen)


if __name__ == "__main__":
    typer.run(main)
