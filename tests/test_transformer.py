"""The accurate pipeline: what of it needs no torch, and what does, on a transformer of a few hundred weights."""

import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry
from thinc.api import Model

from communique.callbacks import create_sequence
from communique.errors import InputError
from communique.extras import create_extra_check
from communique.ml.int8_encoder import create_int8_transformer, quantized
from communique.ml.joined_tok2vec import build_joined_tok2vec
from communique.ml.transformer_model import build_transformer_model, find_weights
from communique.ml.two_rate_adam import create_two_rate_adam

from .conftest import gold_examples

ROOT = Path(__file__).parent.parent
TRF = ROOT / "configs" / "trf.cfg"


def listener(value: float, width: int, seen: list) -> Model:
    """Like a listener to a shared tok2vec that is not the last: its backprop gives nothing."""

    def forward(model, docs, is_train):
        return [numpy.full((len(doc), width), value, dtype="f") for doc in docs], seen.append

    return Model("listener", forward, dims={"nO": None})


def test_vectors_are_joined_and_gradients_parted():
    vocab = spacy.blank("en").vocab
    docs = [Doc(vocab, words=words) for words in (["a", "b"], [], ["c"])]
    first, second = [], []
    model = build_joined_tok2vec(listener(1, 2, first), listener(2, 3, second))
    model.initialize(X=docs)
    joined, backprop = model(docs, is_train=True)
    assert [Y.tolist() for Y in joined] == [[[1, 1, 2, 2, 2]] * 2, [], [[1, 1, 2, 2, 2]]]
    assert backprop([numpy.arange(5 * len(doc), dtype="f").reshape(-1, 5) for doc in docs]) == []
    assert [dY.tolist() for dY in first[0]] == [[[0, 1], [5, 6]], [], [[0, 1]]]
    assert [dY.tolist() for dY in second[0]] == [[[2, 3, 4], [7, 8, 9]], [], [[2, 3, 4]]]


def two_rate_adam(**settings):
    config = dict(L2=0.0, beta1=0.9, beta2=0.999, eps=1e-8, grad_clip=0.0, L2_is_weight_decay=True, use_averages=True)
    return create_two_rate_adam(0.01, 0.1, **{**config, **settings})


def test_a_transformer_learns_at_its_own_rate():
    optimizer = two_rate_adam()
    steps = {}
    for name in ("W", "encoder.layer.0.weight"):
        weights, _ = optimizer((7, name), numpy.zeros((3,), dtype="f"), numpy.ones((3,), dtype="f"))
        steps[name] = -float(weights[0])
    assert steps["W"] == pytest.approx(0.01, rel=1e-3)
    assert steps["encoder.layer.0.weight"] == pytest.approx(0.001, rel=1e-3)
    assert set(optimizer.averages) == {(7, "W"), "pytorch_7_encoder.layer.0.weight"}


def test_frozen_weights_stay_and_are_averages_of_themselves():
    optimizer = two_rate_adam(frozen=["word_embeddings"])
    weights, gradient = numpy.full((3,), 0.5, dtype="f"), numpy.ones((3,), dtype="f")
    for name in ("embeddings.word_embeddings.weight", "word_embeddings"):
        optimizer((7, name), weights.copy(), gradient.copy())
    assert optimizer.averages["pytorch_7_embeddings.word_embeddings.weight"].tolist() == [0.5, 0.5, 0.5]
    # A layer of Thinc may have any name.
    assert optimizer.averages[7, "word_embeddings"].tolist() != [0.5, 0.5, 0.5]


def test_weights_are_found_in_a_package_in_a_folder_or_by_name(tmp_path, monkeypatch):
    (tmp_path / "weights_of_ours" / "model").mkdir(parents=True)
    (tmp_path / "weights_of_ours" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert find_weights("weights_of_ours") == "weights_of_ours"
    (tmp_path / "weights_of_ours" / "model" / "config.json").write_text("{}")
    assert find_weights("weights_of_ours") == str(tmp_path / "weights_of_ours" / "model")
    for name in ("roberta-base", "microsoft/deberta-v3-base", str(tmp_path), "json"):
        assert find_weights(name) == name


def test_a_missing_extra_is_named():
    with pytest.raises(InputError, match=r'no_such_package is not installed: pip install "communique\[trf\]"'):
        create_extra_check("trf", "no_such_package")(spacy.Language)
    assert create_extra_check("trf", "spacy")(spacy.Language) is spacy.Language


def test_both_pipelines_differ_in_their_token_vectors_alone():
    sm, trf = (load_config(ROOT / "configs" / f"{name}.cfg") for name in ("sm", "trf"))
    assert [p for p in trf["nlp"]["pipeline"] if p not in ("transformer", "doc_cleaner")] == sm["nlp"]["pipeline"]
    del trf["components"]["transformer"], trf["components"]["doc_cleaner"]
    for config in (sm, trf):
        for name in ("ner", "senter"):
            del config["components"][name]["model"]["tok2vec"]
        del config["components"]["relations"]["model"]["tok2vec"]["tok2vec"]
    assert sm["components"] == trf["components"]


def test_who_asks_for_a_gpu_that_is_not_there_is_told(tmp_path):
    if spacy.prefer_gpu():
        pytest.skip("there is a GPU")
    command = [sys.executable, "-m", "spacy", "train", str(TRF), "--output", str(tmp_path), "--gpu-id"]
    result = subprocess.run([*command, "0"], capture_output=True, text=True)
    assert result.returncode != 0 and "GPU" in (result.stdout + result.stderr).strip().splitlines()[-1]


@pytest.fixture
def tiny_weights(tmp_path, monkeypatch) -> str:
    """A package with an untrained BERT of one layer."""
    transformers = pytest.importorskip("transformers", reason="the extra trf is not installed")
    torch = pytest.importorskip("torch", reason="the extra trf is not installed")
    pytest.importorskip("spacy_transformers", reason="the extra trf is not installed")
    folder = tmp_path / "tiny_weights" / "model"
    folder.mkdir(parents=True)
    (tmp_path / "tiny_weights" / "__init__.py").touch()
    words = "french president ann bly signed a pact with kenya in may did not condemn france ben roe chad will met".split()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", *words]))
    tokenizer = transformers.BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )
    transformers.BertModel(config).save_pretrained(folder)
    monkeypatch.syspath_prepend(tmp_path)
    return "tiny_weights"


@pytest.fixture
def initialized(tiny_weights, tiny_documents, training_files, monkeypatch):
    """The pipeline of configs/trf.cfg before its first step, with examples and the optimizer of the configuration."""
    monkeypatch.chdir(ROOT)
    overrides = {**training_files, "paths.transformer": tiny_weights}
    # Thousands of patterns, which nothing here looks at.
    overrides["initialize.components.known_names.path"] = None
    overrides["components.transformer.model.layers"] = 1
    # The lower half of the transformer, in its only layer.
    for name in ("components.transformer.model", "training.optimizer"):
        overrides[f"{name}.frozen"] = ["embeddings.", "attention."]
    nlp = init_nlp(load_config(TRF, overrides=overrides))
    training = registry.resolve({"training": nlp.config.interpolate()["training"]})["training"]
    return nlp, gold_examples(nlp, tiny_documents), training


def test_a_transformer_has_no_more_layers_than_its_weights(tiny_weights):
    strided = registry.get("span_getters", "spacy-transformers.strided_spans.v1")(64, 64)
    model = build_transformer_model(tiny_weights, strided, layers=1)
    model.initialize()
    assert len(model.transformer.encoder.layer) == 1
    with pytest.raises(ValueError, match="tiny_weights has 1 layers, so it cannot be used with 2: set components.transf"):
        build_transformer_model(tiny_weights, strided, layers=2).initialize()


def train(nlp, examples, training, steps):
    """As `spacy train` does it."""
    for _ in range(steps):
        losses = nlp.update(examples, sgd=False, annotates=training["annotating_components"], drop=0.0)
        for _, pipe in nlp.pipeline:
            if getattr(pipe, "is_trainable", False):
                pipe.finish_update(training["optimizer"])
        training["optimizer"].step_schedules()
    return losses


def test_all_components_train_the_shared_transformer(initialized):
    nlp, examples, training = initialized
    transformer = nlp.get_pipe("transformer").model.transformer
    names = {name for name, _ in nlp.pipeline if name in ("ner", "senter", "relations")}
    assert set(nlp.get_pipe("transformer").listening_components) == names
    before = {name: parameter.clone() for name, parameter in transformer.named_parameters()}
    first = train(nlp, examples, training, 1)
    assert all(bool(abs(parameter.grad).sum() == 0) for parameter in transformer.parameters())
    last = train(nlp, examples, training, 60)
    assert last["ner"] < first["ner"] / 2 and last["relations"] < first["relations"]
    moved = {name for name, parameter in transformer.named_parameters() if not bool((parameter == before[name]).all())}
    assert {"encoder.layer.0.intermediate.dense.weight", "encoder.layer.0.output.dense.weight"} <= moved
    assert not any("embeddings." in name or "attention." in name for name in moved)


def test_a_transformer_that_is_frozen_as_a_whole(initialized):
    nlp, examples, training = initialized
    transformer = nlp.get_pipe("transformer").model.transformer
    transformer.requires_grad_(False)
    training["optimizer"].frozen = ("",)
    before = {name: parameter.clone() for name, parameter in transformer.named_parameters()}
    first = train(nlp, examples, training, 1)
    last = train(nlp, examples, training, 60)
    assert last["ner"] < first["ner"] / 2
    assert all(bool((parameter == before[name]).all()) for name, parameter in transformer.named_parameters())


def test_averages_are_those_of_the_transformer_too(initialized):
    nlp, examples, training = initialized
    train(nlp, examples, training, 3)
    weight = nlp.get_pipe("transformer").model.transformer.encoder.layer[0].output.dense.weight
    now = weight.detach().clone()
    with nlp.use_params(training["optimizer"].averages):
        assert bool((weight != now).any())
    assert bool((weight == now).all())


def test_a_saved_pipeline_needs_no_weights_and_holds_no_path(initialized, tiny_weights, tmp_path):
    nlp, examples, training = initialized
    train(nlp, examples, training, 3)
    texts = [example.text for example in examples]
    expected = [doc.to_json() for doc in nlp.pipe(texts)]
    assert all(doc._.trf_data is None for doc in nlp.pipe(texts))
    vectors = last_states(nlp, texts)
    nlp.to_disk(tmp_path / "saved")
    shutil.rmtree(tmp_path / tiny_weights)
    for file in (tmp_path / "saved" / "transformer").rglob("*"):
        assert file.is_dir() or str(tmp_path).encode() not in file.read_bytes()
    assert load_config(tmp_path / "saved" / "config.cfg").interpolate()["components"]["transformer"]["model"]["name"] == tiny_weights
    loaded = spacy.load(tmp_path / "saved")
    assert [doc.to_json() for doc in loaded.pipe(texts)] == expected
    for now, before in zip(last_states(loaded, texts), vectors):
        numpy.testing.assert_allclose(now, before, atol=1e-5)


def last_states(nlp, texts):
    with nlp.select_pipes(disable=["doc_cleaner"]):
        return [doc._.trf_data.model_output.last_hidden_state for doc in nlp.pipe(texts)]


def test_a_text_without_tokens_and_a_long_one(initialized):
    nlp, _, _ = initialized
    docs = list(nlp.pipe(["", "Kenya met France. " * 60, "Chad."]))
    assert [len(doc) for doc in docs] == [0, 240, 2] and all(doc._.relations is not None for doc in docs)


def test_spans_of_one_length_go_through_together(initialized, monkeypatch):
    nlp, _, _ = initialized
    texts = ["Chad met Kenya in May. " * n for n in (3, 1, 3, 9, 1)]
    encoder = nlp.get_pipe("transformer").model.layers[0]
    seen = []
    predict = encoder.shims[0].predict
    monkeypatch.setattr(
        encoder.shims[0], "predict", lambda X: seen.append(tuple(X.kwargs["input_ids"].shape)) or predict(X)
    )
    states = {}
    for pieces in (0, 40, 10_000):
        encoder._func.keywords["max_batch_pieces"] = pieces
        states[pieces] = last_states(nlp, texts)
    lengths = [8, 8, 20, 20, 56]
    assert seen == [(1, length) for length in lengths[::-1]] + [(1, 56), (2, 20), (2, 8)] + [(5, 56)]
    for pieces in (40, 10_000):
        for now, before, n in zip(states[pieces], states[0], (20, 8, 20, 56, 8)):
            numpy.testing.assert_allclose(now[0, :n], before[0, :n], atol=1e-5)


def test_a_saved_pipeline_predicts_in_int8_and_learns_in_float(initialized, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra trf is not installed")
    nlp, examples, training = initialized
    train(nlp, examples, training, 3)
    texts = [example.text for example in examples] + ["Chad met Kenya in May. " * 9]
    floats = last_states(nlp, texts)
    create_int8_transformer("transformer")(nlp).to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    small = last_states(loaded, texts)
    one_by_one = [last_states(loaded, [text])[0] for text in texts]
    for now, alone, before in zip(small, one_by_one, floats):
        # Behind the span stands what its neighbours in the batch are longer.
        length = alone.shape[1]
        assert 1e-6 < abs(now - before)[:, :length].max() < 0.2
        assert (now[:, :length] == alone).all()
    off = spacy.load(tmp_path / "saved", config={"components.transformer.model.int8": False})
    for now, before in zip(last_states(off, texts), floats):
        numpy.testing.assert_allclose(now, before, atol=1e-5)
    loaded.to_disk(tmp_path / "again")
    for now, before in zip(last_states(spacy.load(tmp_path / "again"), texts), small):
        assert (now == before).all()
    worker = [doc.to_json() for doc in loaded.pipe(texts, n_process=2)]
    assert worker == [doc.to_json() for doc in loaded.pipe(texts)]
    optimizer = loaded.resume_training(sgd=training["optimizer"])
    loaded.update([Example(loaded.make_doc(eg.text), eg.reference) for eg in examples], sgd=optimizer)
    assert not loaded.get_pipe("transformer").model.layers[0].attrs["int8"].onnx


def test_callbacks_in_sequence():
    calls = []
    callbacks = [lambda nlp, name=name: calls.append(name) or nlp for name in "ab"]
    nlp = spacy.blank("en")
    assert create_sequence(*callbacks)(nlp) is nlp and calls == ["a", "b"]


@pytest.mark.parametrize("name, inputs", [("Roberta", ["input_ids", "attention_mask"]),
                                          ("DebertaV2", ["input_ids", "token_type_ids", "attention_mask"])])  # fmt: skip
def test_other_transformers_in_int8(name, inputs):
    torch = pytest.importorskip("torch", reason="the extra trf is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra trf is not installed")
    pytest.importorskip("onnxruntime", reason="the extra trf is not installed")
    sizes = dict(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    torch.manual_seed(0)
    model = getattr(transformers, f"{name}Model")(getattr(transformers, f"{name}Config")(**sizes)).eval()
    encoder = quantized(model, inputs)
    for n in (3, 90):
        ids = numpy.arange(n).reshape(1, -1) % 40 + 5
        pieces = SimpleNamespace(input_ids=ids, attention_mask=numpy.ones((1, n), "f"), token_type_ids=ids * 0)
        with torch.no_grad():
            states = model(torch.tensor(ids), torch.ones(1, n)).last_hidden_state
        assert 1e-6 < abs(encoder(pieces) - states).max() < 0.2
