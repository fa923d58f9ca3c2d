"""Distil word vectors out of a small sentence transformer, without torch, and add what a lexicon of names knows.

Each word is run through the transformer by itself, as model2vec does, and the outputs are reduced by PCA. The network is
BERT's (Devlin et al., 2019), written in NumPy: 40,000 words take about a minute on one core. A column for each kind of
name (surname of a head of state, demonym, acronym of an organisation …) says whether the word is known as one.
"""

import csv
import importlib.util
import math
from pathlib import Path
from typing import Annotated, Dict, List

import numpy
import spacy
import typer
from safetensors.numpy import load_file
from spacy.vectors import Vectors
from tokenizers import Tokenizer
from tqdm import tqdm
from wordfreq import top_n_list

Weights = Dict[str, numpy.ndarray]


def main(
    output: Annotated[Path, typer.Argument(help="Where the vectors go, a folder that `initialize.vectors` can name.")],
    model: Annotated[str, typer.Option(help="Folder of the transformer, or a package that holds it in `model`.")],
    lexicon: Annotated[Path, typer.Option(help="Table of names: word, kinds.")],
    words: Annotated[int, typer.Option(help="How many of the most frequent English words, beside those of the lexicon.")] = 20000,
    width: Annotated[int, typer.Option(help="Width of the distilled part of a vector.")] = 128,
) -> None:
    """Write a spaCy vocabulary with one vector for each word, whatever its case."""
    folder = model_folder(model)
    weights = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    kinds = read_lexicon(lexicon)
    vocabulary = list(dict.fromkeys([*top_n_list("en", words), *kinds]))
    distilled = reduce_width(embed_words(vocabulary, tokenizer, weights), width)
    vectors = numpy.hstack([distilled, kind_columns(vocabulary, kinds)])
    nlp = spacy.blank("en")
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings,
        data=vectors,
        keys=[nlp.vocab.strings.add(word.lower()) for word in vocabulary],
        attr="LOWER",
        name="communique_vectors",
    )
    nlp.to_disk(output)
    print(f"{len(vocabulary)} words, {vectors.shape[1]} wide: {output}")


def model_folder(model: str) -> Path:
    """The folder itself, or `model` inside of the package of that name, which is not imported: it may want torch."""
    if Path(model).is_dir():
        return Path(model)
    spec = importlib.util.find_spec(model)
    if spec is None or spec.origin is None:
        raise typer.BadParameter(f"{model} is neither a folder nor an installed package")
    return Path(spec.origin).parent / "model"


def read_lexicon(path: Path) -> Dict[str, List[str]]:
    """Lower-case word -> its kinds."""
    with path.open(encoding="utf8", newline="") as file:
        return {row["word"]: row["kinds"].split() for row in csv.DictReader(file, delimiter="\t")}


def kind_columns(words: List[str], kinds: Dict[str, List[str]]) -> numpy.ndarray:
    """float32 (words, kinds): which words are known as which kinds of name."""
    names = sorted({kind for found in kinds.values() for kind in found})
    columns = numpy.zeros((len(words), len(names)), dtype="f")
    for i, word in enumerate(words):
        for kind in kinds.get(word, []):
            # Rows of the distilled part have length one: a known name weighs half as much as the word itself.
            columns[i, names.index(kind)] = 0.5
    return columns


def embed_words(words: List[str], tokenizer: Tokenizer, weights: Weights) -> numpy.ndarray:
    """float32 (words, transformer's width): the mean of the outputs for the pieces of each word."""
    pieces = [encoding.ids for encoding in tokenizer.encode_batch(words)]
    by_length: Dict[int, List[int]] = {}
    for i, ids in enumerate(pieces):
        by_length.setdefault(len(ids), []).append(i)
    output = numpy.zeros((len(words), weights["embeddings.LayerNorm.weight"].shape[0]), dtype="f")
    with tqdm(total=len(words), desc="words", unit="word") as progress:
        for length, rows in sorted(by_length.items()):
            for start in range(0, len(rows), 512):
                batch = rows[start : start + 512]
                ids = numpy.array([pieces[i] for i in batch])
                output[batch] = encode(ids, weights).mean(axis=1)
                progress.update(len(batch))
    return output


def encode(ids: numpy.ndarray, weights: Weights, n_heads: int = 12) -> numpy.ndarray:
    """BERT's encoder on sequences of one length: int (batch, pieces) to float32 (batch, pieces, width)."""
    batch, length = ids.shape
    X = weights["embeddings.word_embeddings.weight"][ids]
    X = X + weights["embeddings.position_embeddings.weight"][:length]
    X = X + weights["embeddings.token_type_embeddings.weight"][0]
    X = layer_norm(X, weights, "embeddings.LayerNorm")
    width = X.shape[-1]
    for i in range(sum(name.endswith("attention.self.query.weight") for name in weights)):
        layer = f"encoder.layer.{i}"

        def heads(name: str) -> numpy.ndarray:
            Y = linear(X, weights, f"{layer}.attention.self.{name}")
            return Y.reshape(batch, length, n_heads, width // n_heads).transpose(0, 2, 1, 3)

        attention = heads("query") @ heads("key").transpose(0, 1, 3, 2) * (width / n_heads) ** -0.5
        attention = numpy.exp(attention - attention.max(axis=-1, keepdims=True))
        attention /= attention.sum(axis=-1, keepdims=True)
        mixed = (attention @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, width)
        X = X + linear(mixed, weights, f"{layer}.attention.output.dense")
        X = layer_norm(X, weights, f"{layer}.attention.output.LayerNorm")
        hidden = gelu(linear(X, weights, f"{layer}.intermediate.dense"))
        X = X + linear(hidden, weights, f"{layer}.output.dense")
        X = layer_norm(X, weights, f"{layer}.output.LayerNorm")
    return X


def linear(X: numpy.ndarray, weights: Weights, name: str) -> numpy.ndarray:
    # One product of matrices: over three axes NumPy would make one product for each word.
    Y = X.reshape(-1, X.shape[-1]) @ weights[f"{name}.weight"].T
    return (Y + weights[f"{name}.bias"]).reshape(*X.shape[:-1], -1)


def layer_norm(X: numpy.ndarray, weights: Weights, name: str) -> numpy.ndarray:
    X = X - X.mean(axis=-1, keepdims=True)
    X = X / numpy.sqrt((X * X).mean(axis=-1, keepdims=True) + 1e-12)
    return X * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(X: numpy.ndarray) -> numpy.ndarray:
    return 0.5 * X * (1 + numpy.tanh((2 / math.pi) ** 0.5 * (X + 0.044715 * X * X * X)))


def reduce_width(vectors: numpy.ndarray, width: int) -> numpy.ndarray:
    """Principal components, each row at length one."""
    centred = vectors - vectors.mean(axis=0)
    _, _, components = numpy.linalg.svd(centred.T @ centred)
    reduced = centred @ components[:width].T
    return (reduced / numpy.linalg.norm(reduced, axis=1, keepdims=True)).astype("f")


if __name__ == "__main__":
    typer.run(main)
