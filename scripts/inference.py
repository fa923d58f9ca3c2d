"""What a transformer pipeline costs on CPU, and what it finds, in several ways to run its transformer."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Dict, Iterator, List, Tuple

import spacy
import srsly
import torch
import typer
from rich.console import Console
from rich.table import Table
from thinc.api import Model

from communique.corpus.files import read_documents
from communique.evaluation.metrics import evaluate_documents
from communique.evaluation.predictions import predict
from communique.ml.int8_encoder import Int8Encoder, export, quantized

FEED_FORWARD = ("intermediate.dense", "output.dense")


def main(
    pipeline: Annotated[Path, typer.Argument(help="Folder of a trained pipeline with a transformer.")],
    gold: Annotated[Path, typer.Argument(help="Gold documents.")],
    output: Annotated[Path, typer.Option(help="Where the figures go, as JSON.")],
    limit: Annotated[int, typer.Option(help="Documents, 0 for all.")] = 0,
) -> None:
    """Time each way on all documents, and evaluate what it finds, with the thresholds that the pipeline has."""
    documents = list(read_documents(gold))[: limit or None]
    n_words = sum(len(document.text.split()) for document in documents)
    nlp = spacy.load(pipeline)
    rows: List[Dict[str, object]] = []
    table = Table(title=f"{n_words} words", title_justify="left", box=None)
    for column in ("", "pieces a batch", "threads", "words/s", "entities", "relations"):
        table.add_column(column, justify="left" if not column else "right")
    for name, pieces, threads in ways(nlp.get_pipe("transformer").model):
        torch.set_num_threads(threads)
        predict(nlp, documents[:3])
        start = time.perf_counter()
        found = predict(nlp, documents)
        seconds = time.perf_counter() - start
        figures = evaluate_documents(documents, found, found, 1, 0)
        row = {"way": name, "pieces": pieces, "threads": threads, "words per second": n_words / seconds,
               "entities": figures["ents"]["f"], "relations": figures["rels"]["f"]}  # fmt: skip
        rows.append(row)
        table.add_row(
            name, str(pieces or "a span"), str(threads), f"{n_words / seconds:,.0f}", f"{row['entities']:.4f}",
            f"{row['relations']:.4f}",
        )  # fmt: skip
        srsly.write_json(output, rows)
    Console().print(table)


def ways(model: Model) -> Iterator[Tuple[str, int, int]]:
    """Set the transformer to each way of running it, and give its name, the most word pieces in a batch (0 for a span at a time), and
    the threads. What is in int8 gets a span at a time: see `Int8Encoder`."""
    encoder = model.layers[0]
    whole = encoder.shims[0]._model
    inputs = model.tokenizer.model_input_names
    encoder._func.keywords["int8"] = False
    for threads in (1, 2):
        for pieces in (8192, 2048, 1024, 512, 0):
            encoder._func.keywords["max_batch_pieces"] = pieces
            yield "float32", pieces, threads
    for name, per_channel, layers in (
        ("int8 by torch", False, ("",)),
        ("int8 by torch, a scale a channel", True, ("",)),
        ("the same, feed-forward layers alone", True, FEED_FORWARD),
    ):
        encoder.shims[0]._model = quantized_by_torch(whole, per_channel, layers)
        yield name, 0, 1
    encoder.shims[0]._model = whole
    encoder._func.keywords["int8"] = True
    with TemporaryDirectory() as folder:
        export(whole, inputs, Path(folder) / "whole.onnx")
        encoder.attrs["int8"] = Int8Encoder((Path(folder) / "whole.onnx").read_bytes())
    yield "float32 by ONNX Runtime", 0, 1
    for threads in (1, 2):
        encoder.attrs["int8"] = quantized(whole, inputs)
        yield "int8 by ONNX Runtime, a scale a channel", 0, threads


def quantized_by_torch(whole: torch.nn.Module, per_channel: bool, names: Tuple[str, ...]) -> torch.nn.Module:
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
