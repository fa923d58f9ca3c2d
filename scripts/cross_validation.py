"""Where a pipeline that has not seen a document confidently disagrees with its annotation: what to read again."""

import random
from collections import Counter
from pathlib import Path
from typing import Annotated, Dict, Iterator, List, Set, Tuple

import spacy
import typer
from short_training import train
from spacy.language import Language

from communique.corpus.files import read_documents, write_documents
from communique.document import Document
from communique.evaluation.metrics import entity_keys, relation_keys
from communique.evaluation.predictions import predict, predict_on_gold


def main(
    config: Annotated[Path, typer.Argument(help="Configuration of the pipeline.")],
    corpus: Annotated[Path, typer.Argument(help="Folder of documents in the mark-up.")],
    vectors: Annotated[Path, typer.Argument(help="The static vectors.")],
    output: Annotated[Path, typer.Argument(help="Folder for the models and a list of disagreements a fold.")],
    folds: Annotated[int, typer.Option(help="Number of parts; each is predicted by a training on the others.")] = 5,
    only: Annotated[List[int], typer.Option(help="Only these folds, counted from 0.")] = [],
    steps: Annotated[int, typer.Option(help="Training steps of a fold.")] = 1000,
    sure: Annotated[float, typer.Option(help="A relation with this score that is not annotated is listed.")] = 0.65,
    absent: Annotated[float, typer.Option(help="An annotated relation with a lower score is listed.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Seed of the folds, and of the training.")] = 0,
) -> None:
    """Train on all documents but one fold, whatever their split, and list confident disagreements on that fold.

    Relations are compared on the annotated mentions, so that one disagreement is not listed twice. A mention is listed if
    the other documents are on the side of the prediction: what stands there is mostly annotated as the pipeline says.
    """
    documents = list(read_documents(corpus))
    random.Random(seed).shuffle(documents)
    for fold in only or range(folds):
        folder = output / f"fold-{fold}"
        folder.mkdir(parents=True, exist_ok=True)
        held_out, others = documents[fold::folds], [d for i, d in enumerate(documents) if i % folds != fold]
        # The thresholds are tuned on a part of the others.
        tuning = others[: len(others) // 10]
        write_documents(others, folder / "train.spacy")
        write_documents(tuning, folder / "dev.spacy")
        paths = {"train": folder / "train.spacy", "dev": folder / "dev.spacy", "vectors": vectors}
        train(config, folder, paths, steps, seed)
        nlp = spacy.load(folder / "model-last")
        blocks = list(disagreements(nlp, held_out, others, sure, absent))
        (folder / "disagreements.txt").write_text("\n\n".join(blocks) + "\n", encoding="utf8")
        lines = sum(block.count("\n") for block in blocks)
        print(f"fold {fold}: {len(held_out)} documents, {lines} disagreements in {len(blocks)} sentences", flush=True)


def disagreements(
    nlp: Language, held_out: List[Document], others: List[Document], sure: float, absent: float
) -> Iterator[str]:
    """A sentence, and under it a line for each disagreement: `+` only predicted, `-` only annotated, `~` another label."""
    relations = nlp.get_pipe("relations")
    relations.thresholds = {label: absent for label in relations.labels}
    annotated, occurrences = label_counts(others)
    predicted = predict(nlp, held_out)
    related = predict_on_gold(nlp, held_out)
    for gold, by_itself, on_gold in sorted(zip(held_out, predicted, related), key=lambda found: found[0].id):
        lines = [*mention_lines(gold, by_itself, annotated, occurrences), *relation_lines(gold, on_gold, sure)]
        for start, end in gold.sents:
            here = [line for offset, line in sorted(lines) if start <= offset < end]
            if here:
                yield "\n".join([f"{gold.id}: {' '.join(gold.text[start:end].split())}", *here])


def label_counts(documents: List[Document]) -> Tuple[Dict[str, Counter], Counter]:
    """How often each text is annotated with which label, and how often each word stands in the documents at all."""
    annotated: Dict[str, Counter] = {}
    for document in documents:
        for entity in document.entities:
            annotated.setdefault(entity.text, Counter())[entity.label] += 1
    whole = "\n".join(document.text for document in documents)
    occurrences = Counter({text: whole.count(text) for text in annotated})
    return annotated, occurrences


def mention_lines(
    gold: Document, predicted: Document, annotated: Dict[str, Counter], occurrences: Counter
) -> Iterator[Tuple[int, str]]:
    text = gold.text
    right, found = entity_keys(gold), entity_keys(predicted)
    right_spans = {(start, end): label for start, end, label in right}
    taken: Set[int] = {i for start, end in right_spans for i in range(start, end)}
    for start, end, label in sorted(found - right):
        counts = annotated.get(text[start:end], Counter())
        if (start, end) in right_spans:
            if counts[label] > counts[right_spans[start, end]]:
                yield start, f"    ~ [{text[start:end]}] {label}, annotated {right_spans[start, end]}"
        elif not taken.intersection(range(start, end)):
            if 2 * counts[label] > occurrences[text[start:end]] > 0 or not counts:
                yield start, f"    + [{text[start:end]}] {label}"
        elif counts[label] > 1:
            yield start, f"    + [{text[start:end]}] {label}, annotated otherwise"
    found_at = {i for start, end, _ in found for i in range(start, end)}
    for start, end, label in sorted(right - found):
        if not found_at.intersection(range(start, end)) and not annotated.get(text[start:end], Counter())[label]:
            yield start, f"    - [{text[start:end]}] {label}"


def relation_lines(gold: Document, predicted: Document, sure: float) -> Iterator[Tuple[int, str]]:
    text = gold.text
    right, found = relation_keys(gold), relation_keys(predicted)
    scores = {key: r.score for key, r in zip(found, predicted.relations)}
    for key, factuality in found.items():
        (start, end, _), (tail_start, tail_end, _), label = key
        written = f"[{text[start:end]}] {label} [{text[tail_start:tail_end]}]"
        if key not in right and scores[key] >= sure:
            yield start, f"    + {written} {factuality} {scores[key]:.2f}"
        elif key in right and right[key] != factuality and scores[key] >= sure:
            yield start, f"    ~ {written} {factuality}, annotated {right[key]}"
    for key, factuality in right.items():
        if key not in found:
            (start, end, _), (tail_start, tail_end, _), label = key
            yield start, f"    - [{text[start:end]}] {label} [{text[tail_start:tail_end]}] {factuality}"


if __name__ == "__main__":
    typer.run(main)
