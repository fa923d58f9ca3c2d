"""Scores and thresholds of each label, fitted to the development data when a trained pipeline is about to be saved."""

from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import minibatch, registry

from .calibration import calibrated, fit_lines
from .relation_scorer import relation_keys


@registry.callbacks("communique.tune_thresholds.v1")
def create_threshold_tuner(
    path: Optional[Path], component: str, support: int
) -> Callable[[Language], Language]:
    """A callback for `training.before_to_disk`.

    path (Optional[Path]): The development data, a `DocBin` with gold relations.
    component (str): Name of the relation extractor in the pipeline.
    support (int): The fewest gold relations of a label for a threshold of its own; the others share the one
        that is best for all labels together.
    RAISES: ValueError at the first call, if the path is None.
    """

    def tune_thresholds(nlp: Language) -> Language:
        if path is None:
            raise ValueError("no development data to tune thresholds on: set paths.dev, as with --paths.dev dev.spacy")
        if component in nlp.pipe_names:
            docs = list(DocBin().from_disk(path).get_docs(nlp.vocab))
            tune(nlp, component, docs, support)
        return nlp

    return tune_thresholds


def tune(nlp: Language, component: str, gold_docs: List, support: int) -> Dict[str, float]:
    """Calibrate the scores of a pipeline's relation extractor on these docs, and set its thresholds to those with the
    best F1 on them.

    RETURNS (Dict[str, float]): The thresholds.
    """
    extractor = nlp.get_pipe(component)
    pipes = nlp.pipe_names
    later = pipes[pipes.index(component) :]
    found: Dict[str, List[Tuple[float, bool]]] = {label: [] for label in extractor.labels}
    total: Dict[str, int] = {label: 0 for label in extractor.labels}
    before = extractor.cfg["thresholds"], extractor.cfg["calibration"]
    # At threshold 0 every possible label of every candidate is a relation, with its score.
    extractor.thresholds = {label: 0.0 for label in extractor.labels}
    extractor.calibration = {}
    try:
        for batch in minibatch(gold_docs, 32):
            texts = [doc.text for doc in batch]
            with nlp.select_pipes(disable=later[1:]):
                docs = list(nlp.pipe(texts))
            for doc, gold_doc in zip(docs, batch):
                gold = relation_keys(gold_doc, extractor.cfg["symmetric"])
                for _, _, label in gold:
                    if label in total:
                        total[label] += 1
                keys = relation_keys(doc, extractor.cfg["symmetric"])
                for key, relation in zip(keys, doc._.relations):
                    found[key[2]].append((relation["score"], key in gold))
    except BaseException:
        extractor.cfg["thresholds"], extractor.cfg["calibration"] = before
        raise
    extractor.calibration = fit_lines(found)
    for label, line in extractor.calibration.items():
        scores, right = zip(*found[label])
        found[label] = list(zip(calibrated(numpy.array(scores), line).tolist(), right))
    extractor.thresholds = best_thresholds(found, total, support)
    return extractor.thresholds


GRID = numpy.linspace(0.05, 0.95, 91)


def best_thresholds(
    found: Dict[str, List[Tuple[float, bool]]], total: Dict[str, int], support: int, rounds: int = 3
) -> Dict[str, float]:
    """The thresholds with the best micro-F1 over all labels: first one that all share, then label by label, the others
    held. The best F1 of each label by itself would be another aim: it lets a label that is seldom right make
    many guesses, which the figure over all labels pays for.

    found: For each label the score of each possible relation, and whether it is right.
    total: Gold relations of each label, those that were never a candidate among them.
    support (int): The fewest gold relations of a label for a threshold of its own.
    """
    hits, predicted = {}, {}
    for label, scored in found.items():
        scores = numpy.array([score for score, _ in scored], dtype="f")
        right = numpy.array([is_right for _, is_right in scored], dtype=bool)
        over = scores[None] >= GRID[:, None]
        hits[label], predicted[label] = (over & right[None]).sum(axis=1), over.sum(axis=1)
    n_gold = sum(total.values())
    shared = _best(sum(hits.values()), sum(predicted.values()), n_gold)
    chosen = {label: shared for label in found}
    for _ in range(rounds):
        for label in found:
            if total[label] >= support:
                other_hits = sum(hits[o][chosen[o]] for o in found if o != label)
                other_predicted = sum(predicted[o][chosen[o]] for o in found if o != label)
                chosen[label] = _best(hits[label] + other_hits, predicted[label] + other_predicted, n_gold)
    return {label: round(float(GRID[i]), 2) for label, i in chosen.items()}


def _best(hits: numpy.ndarray, predicted: numpy.ndarray, n_gold: int) -> int:
    """Where on the grid F1 is best; of equally good places the middle. A neighbourhood votes, so that one lucky
    relation does not set the threshold."""
    f_scores = 2 * hits / numpy.maximum(predicted + n_gold, 1)
    smooth = numpy.convolve(numpy.pad(f_scores, 5, mode="edge"), numpy.ones(11) / 11, mode="valid")
    best = numpy.flatnonzero(smooth >= smooth.max() - 1e-9)
    return int(best[len(best) // 2])
