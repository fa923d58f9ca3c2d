"""A transformer with weights in int8, for CPUs."""

import logging
import os
import warnings
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, Dict, Sequence, Tuple

from spacy.language import Language
from spacy.util import registry
from thinc.api import Model
from thinc.model import deserialize_attr, serialize_attr

from ..extras import require


class Int8Encoder:
    """What ONNX Runtime makes of a transformer: weights in int8 with a scale for each channel, activations in int8
    with one for each call (dynamic quantization).

    onnx (bytes): The network as ONNX. Empty for a transformer that has no such copy.
    """

    def __init__(self, onnx: bytes = b"") -> None:
        self.onnx = onnx
        self._sessions: Dict[int, Any] = {}

    def __call__(self, pieces: Any):
        """
        pieces (WordpieceBatch): The word pieces of spans.
        RETURNS (torch.Tensor): The last hidden states, shape (spans, pieces, width).
        RAISES: InputError if onnxruntime is not installed.
        """
        import torch

        # A session does not outlive the fork of its process.
        session = self._sessions.get(os.getpid())
        if session is None:
            session = self._sessions.setdefault(os.getpid(), _session(self.onnx))
        given = {name.name: getattr(pieces, name.name).astype("int64") for name in session.get_inputs()}
        return torch.from_numpy(session.run(None, given)[0])

    def __reduce__(self) -> Tuple[Callable, Tuple[bytes]]:
        return Int8Encoder, (self.onnx,)


@serialize_attr.register(Int8Encoder)
def _serialize(_: Int8Encoder, value: Int8Encoder, name: str, model: Model) -> bytes:
    return value.onnx


@deserialize_attr.register(Int8Encoder)
def _deserialize(_: Int8Encoder, value: bytes, name: str, model: Model) -> Int8Encoder:
    return Int8Encoder(value)


@registry.callbacks("communique.int8_transformer.v1")
def create_int8_transformer(component: str) -> Callable[[Language], Language]:
    """A callback for `training.before_to_disk`: save the transformer in int8 beside its own weights. On a CPU the saved
    pipeline predicts with the former, unless `int8` of its model is false, and learns with the latter.

    component (str): Name of the transformer in the pipeline.
    RAISES: InputError if onnx or onnxruntime is not installed.
    """
    require("trf", "onnx", "onnxruntime")

    def add_int8(nlp: Language) -> Language:
        model = nlp.get_pipe(component).model
        model.layers[0].attrs["int8"] = quantized(model.transformer, model.tokenizer.model_input_names)
        return nlp

    return add_int8


def quantized(transformer: Any, inputs: Sequence[str]) -> Int8Encoder:
    """
    transformer (torch.nn.Module): A Hugging Face transformer.
    inputs (Sequence[str]): What its tokenizer gives it, such as `input_ids` and `attention_mask`.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with TemporaryDirectory() as folder:
        whole, small = Path(folder) / "whole.onnx", Path(folder) / "int8.onnx"
        export(transformer, inputs, whole)
        # It advises shape inference, which for a transformer finds nothing more.
        logging.disable(logging.WARNING)
        try:
            quantize_dynamic(whole, small, per_channel=True, weight_type=QuantType.QInt8)
        finally:
            logging.disable(logging.NOTSET)
        return Int8Encoder(small.read_bytes())


def export(transformer: Any, inputs: Sequence[str], path: Path) -> None:
    """Write a transformer as ONNX, in float. Arguments as those of `quantized`."""
    import torch

    class LastHiddenState(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.transformer = deepcopy(transformer).cpu()

        def forward(self, *given):
            return self.transformer(**dict(zip(inputs, given))).last_hidden_state

    ids = torch.ones((2, 9), dtype=torch.long)
    axes = {name: {0: "spans", 1: "pieces"} for name in (*inputs, "last_hidden_state")}
    with warnings.catch_warnings():
        # Of the exporter's successor, and of shapes that are constants, which these are not.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            LastHiddenState().eval(), tuple(ids * 0 if name == "token_type_ids" else ids for name in inputs), str(path),
            input_names=list(inputs), output_names=["last_hidden_state"], dynamic_axes=axes, dynamo=False,
        )  # fmt: skip


def _session(onnx: bytes) -> Any:
    require("trf", "onnxruntime")
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
