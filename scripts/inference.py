"""What a transformer pipeline costs on CPU, and what it finds, in several ways to run its transformer."""

import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Callable, Dict, Iterator, List, Tuple

import spacy
import srsly
import torch
import typer
from rich.console import Console
from rich.table import Table
from transformers.file_utils import ModelOutput

from communique.corpus.files import read_documents
from communique.evaluation.metrics import evaluate_documents
from communique.evaluation.predictions import predict

ONNX_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
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
    encoder = nlp.get_pipe("transformer").model.layers[0]
    shim = encoder.shims[0]
    whole = shim._model
    folder = Path(mkdtemp())
    rows: List[Dict[str, object]] = []
    table = Table(title=f"{n_words} words", title_justify="left", box=None)
    for column in ("", "pieces a batch", "threads", "words/s", "entities", "relations"):
        table.add_column(column, justify="left" if not column else "right")
    for name, pieces, threads, make in ways(whole, folder):
        torch.set_num_threads(threads)
        shim._model = make()
        encoder.attrs["max_batch_pieces"] = pieces
        start = time.perf_counter()
        found = predict(nlp, documents)
        seconds = time.perf_counter() - start
        figures = evaluate_documents(documents, found, found, 1, 0)
        row = {"way": name, "pieces": pieces, "threads": threads, "words per second": n_words / seconds,
               "entities": figures["ents"]["f"], "relations": figures["rels"]["f"]}  # fmt: skip
        rows.append(row)
        table.add_row(
            name, str(pieces), str(threads), f"{n_words / seconds:,.0f}", f"{row['entities']:.4f}", f"{row['relations']:.4f}"
        )
        srsly.write_json(output, rows)
    Console().print(table)


def ways(whole: torch.nn.Module, folder: Path) -> Iterator[Tuple[str, int, int, Callable[[], torch.nn.Module]]]:
    """Name, most word pieces in a batch, threads, and what makes the transformer. What is in int8 scales its
    activations by the largest of a batch, so that only a span at a time gives the same at any batch size."""
    for threads in (1, 2):
        for pieces in (8192, 2048, 1024, 512, 0):
            yield "float32", pieces, threads, lambda: whole
    yield "int8", 0, 1, lambda: quantized(whole, per_channel=False)
    yield "int8, a scale a channel", 0, 1, lambda: quantized(whole, per_channel=True)
    yield "int8, a scale a channel, feed-forward layers alone", 0, 1, lambda: quantized(whole, True, FEED_FORWARD)
    yield "onnxruntime", 512, 1, lambda: OnnxTransformer(whole, folder, False)
    yield "onnxruntime", 0, 1, lambda: OnnxTransformer(whole, folder, False)
    yield "onnxruntime, int8, a scale a channel", 0, 1, lambda: OnnxTransformer(whole, folder, True)


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


class OnnxTransformer(torch.nn.Module):
    """The transformer as ONNX Runtime runs it, on one thread."""

    def __init__(self, whole: torch.nn.Module, folder: Path, int8: bool) -> None:
        import onnxruntime
        from onnxruntime.quantization import QuantType, quantize_dynamic

        super().__init__()
        self.config = whole.config
        self.unused = torch.nn.Parameter(torch.zeros(1))
        path = folder / "whole.onnx"
        if not path.exists():
            ids = torch.ones((2, 9), dtype=torch.long)
            axes = {name: {0: "spans", 1: "pieces"} for name in (*ONNX_INPUTS, "last_hidden_state")}
            torch.onnx.export(
                Hidden(whole).eval(), (ids, ids, torch.zeros_like(ids)), path, input_names=list(ONNX_INPUTS),
                output_names=["last_hidden_state"], dynamic_axes=axes, dynamo=False,
            )  # fmt: skip
        if int8:
            quantize_dynamic(path, folder / "int8.onnx", per_channel=True, weight_type=QuantType.QInt8)
            path = folder / "int8.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def forward(self, **inputs: torch.Tensor) -> ModelOutput:
        given = {name: inputs[name].long().numpy() for name in ONNX_INPUTS}
        return ModelOutput(last_hidden_state=torch.from_numpy(self.session.run(None, given)[0]))


class Hidden(torch.nn.Module):
    def __init__(self, whole: torch.nn.Module) -> None:
        super().__init__()
        self.whole = whole

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.whole(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]


if __name__ == "__main__":
    typer.run(main)
