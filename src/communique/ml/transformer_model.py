"""A transformer by the name of its weights, not by their place."""

from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

from spacy.tokens import Doc, Span
from spacy.util import logger, registry
from thinc.api import Model, NumpyOps

from .int8_encoder import Int8Encoder


@registry.architectures("communique.TransformerModel.v1")
def build_transformer_model(
    name: str,
    get_spans: Callable[[List[Doc]], List[List[Span]]],
    tokenizer_config: Dict[str, Any] = {},
    transformer_config: Dict[str, Any] = {},
    layers: Optional[int] = None,
    mixed_precision: bool = False,
    grad_scaler_config: Dict[str, Any] = {},
    max_batch_pieces: int = 512,
    frozen: Sequence[str] = (),
    int8: bool = True,
) -> Model:
    """Build the model of `spacy-transformers.TransformerModel.v3`, for weights that may also lie in a Python package. The name
    is looked up when training begins: a trained pipeline loads without them, and holds the name and no path.

    In an update its output is also written to the docs, so that the component need not be among the
    `annotating_components` for others to be, which would cost a second run over each batch.

    name (str): An importable package that holds the weights in its folder `model`, a folder, or a name on the Hugging Face hub.
    get_spans (Callable[[List[Doc]], List[List[Span]]]): Cuts docs into what the transformer sees at once.
    tokenizer_config (Dict[str, Any]): Settings of the tokenizer.
    transformer_config (Dict[str, Any]): Settings of the transformer.
    layers (Optional[int]): How many of its layers are used, from the lowest. None for all.
    mixed_precision (bool): Half precision where a GPU has it.
    grad_scaler_config (Dict[str, Any]): Settings of the gradient's scale in mixed precision.
    max_batch_pieces (int): The most word pieces, padding among them, that go through the transformer at once when it predicts
        on a CPU, where small batches of equal length are the fastest. A longer span goes alone.
    frozen (Sequence[str]): Parameters that need no gradient, by a part of their names; where they are the lowest layers,
        backpropagation ends above them. The optimizer must leave them alone too.
    int8 (bool): Predict on a CPU with weights in int8, if the pipeline was saved with such (see
        `communique.int8_transformer.v1`), and not in float.
    """
    from spacy_transformers.layers import TransformerModel

    model = TransformerModel(
        name, get_spans, tokenizer_config, transformer_config, mixed_precision, grad_scaler_config
    )
    model.init = _init
    model._func = _forward
    # Bound to the function, since attributes are restored from what was saved, and these are settings of a machine.
    model.layers[0]._func = partial(_encode, max_batch_pieces=max_batch_pieces, int8=int8)
    model.layers[0].attrs["int8"] = Int8Encoder()
    model.attrs["frozen"] = list(frozen)
    model.attrs["layers"] = layers
    return model


def find_weights(name: str) -> str:
    """What Hugging Face loads the weights from: a folder, or the name itself if it is neither a package nor a folder.

    name (str): See `build_transformer_model`.
    """
    if name.isidentifier():
        spec = find_spec(name)
        for place in [] if spec is None else spec.submodule_search_locations or []:
            if (Path(place) / "model" / "config.json").is_file():
                return str(Path(place) / "model")
    return name


def _forward(model: Model, docs: List[Doc], is_train: bool):
    from spacy_transformers.layers.transformer_model import forward

    output, backprop = forward(model, docs, is_train)
    if is_train:
        for doc, data in zip(docs, output.doc_data):
            doc._.trf_data = data
    return output, backprop


def _encode(model: Model, pieces: Any, is_train: bool, max_batch_pieces: int, int8: bool):
    """Run the transformer on a `WordpieceBatch`. When it predicts on a CPU: in int8 a span at a time, since activations are
    scaled by the largest of a batch and would depend on its other spans; in float in batches of spans of about the same length.
    """
    from spacy_transformers.data_classes import WordpieceBatch
    from spacy_transformers.util import batch_by_length
    from thinc.layers.pytorchwrapper import forward
    from transformers.file_utils import ModelOutput

    if is_train:
        # It was made of the weights as they were.
        model.attrs["int8"] = Int8Encoder()
        if not any(parameter.requires_grad for parameter in model.shims[0]._model.parameters()):
            return forward(model, pieces, False)[0], lambda d_output: []
    if is_train or not len(pieces) or not isinstance(model.ops, NumpyOps):
        return forward(model, pieces, is_train)
    encoder = model.attrs["int8"] if int8 and model.attrs["int8"].onnx else None
    hidden = None
    lengths = [range(length) for length in pieces.lengths]
    for rows in batch_by_length(lengths, 0 if encoder else max_batch_pieces):
        longest = max(pieces.lengths[row] for row in rows)
        types = pieces.token_type_ids
        batch = WordpieceBatch(
            strings=[pieces.strings[row] for row in rows],
            input_ids=pieces.input_ids[rows, :longest],
            attention_mask=pieces.attention_mask[rows, :longest],
            lengths=[pieces.lengths[row] for row in rows],
            token_type_ids=None if types is None else types[rows, :longest],
        )
        output = encoder(batch) if encoder else forward(model, batch, False)[0].last_hidden_state
        if hidden is None:
            hidden = output.new_zeros((len(pieces), pieces.input_ids.shape[1], output.shape[2]))
        hidden[rows, :longest] = output
    return ModelOutput(last_hidden_state=hidden), lambda d_output: []


def _init(model: Model, X=None, Y=None) -> None:
    from spacy_transformers.layers.transformer_model import init
    from torch import zeros_like

    if model.attrs["has_transformer"]:
        return
    name = model.attrs["name"]
    model.attrs["name"] = find_weights(name)
    if model.attrs["layers"] is not None:
        model._init_transformer_config["num_hidden_layers"] = _checked_layers(model, name)
    try:
        init(model, X, Y)
    finally:
        model.attrs["name"] = name
    model.transformer.config._name_or_path = name
    model.tokenizer.name_or_path = name
    model.tokenizer.init_kwargs["name_or_path"] = name
    # Averages of the weights are loaded as a whole, and so have to hold those too that no component listens to.
    for key, parameter in model.transformer.named_parameters():
        parameter.grad = zeros_like(parameter)
        parameter.requires_grad_(not any(part in key for part in model.attrs["frozen"]))


def _checked_layers(model: Model, name: str) -> int:
    """The number of layers to use, which the transformer has: those that it lacks would silently be made of random weights.

    RAISES: ValueError if it has fewer.
    """
    from transformers import AutoConfig

    layers, there = model.attrs["layers"], AutoConfig.from_pretrained(model.attrs["name"]).num_hidden_layers
    if not 0 < layers <= there:
        raise ValueError(
            f"{name} has {there} layers, so it cannot be used with {layers}: set components.transformer.model.layers to {there} "
            "or fewer, or to null for all"
        )
    logger.info("Uses the lowest %d of %d layers of %s", layers, there, name)
    return layers
