"""One threshold a label, found on the development data when a trained pipeline is about to be saved."""

from pathlib import Path
from typing import Callable, Dict, List, Optional, Tuple

import numpy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.util import minibatch, registry

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
    """Set the thresholds of a pipeline's relation extractor to those with the best F1 on these docs.

    RETURNS (Dict[str, float]): The thresholds.
    """
    extractor = nlp.get_pipe(component)
    pipes = nlp.pipe_names
    later = pipes[pipes.index(component) :]
    found: Dict[str, List[Tuple[float, bool]]] = {label: [] for label in extractor.labels}
    total: Dict[str, int] = {label: 0 for label in extractor.labels}
    before = extractor.cfg["thresholds"]
    # At threshold 0 every possible label of every candidate is a relation, with its score.
    extractor.thresholds = {label: 0.0 for label in extractor.labels}
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
        extractor.cfg["thresholds"] = before
        raise
    shared = _best_threshold([pair for pairs in found.values() for pair in pairs], sum(total.values()))
    extractor.thresholds = {
        label: _best_threshold(found[label], total[label]) if total[label] >= support else shared
        for label in extractor.labels
    }
    return extractor.thresholds


def _best_threshold(scored: List[Tuple[float, bool]], n_gold: int) -> float:
    """The threshold with the best F1, among those from 0.05 to 0.95; of equally good ones the middle.

    scored: Score of each possible relation, and whether it is right.
    n_gold: Gold relations, those that were never a candidate among them.
    """
    grid = numpy.linspace(0.05, 0.95, 91)
    scores = numpy.array([score for score, _ in scored], dtype="f")
    right = numpy.array([is_right for _, is_right in scored], dtype=bool)
    over = scores[None] >= grid[:, None]
    hits = (over & right[None]).sum(axis=1)
    f_scores = 2 * hits / numpy.maximum(over.sum(axis=1) + n_gold, 1)
    # A neighbourhood votes, so that one lucky relation does not set the threshold.
    smooth = numpy.convolve(numpy.pad(f_scores, 5, mode="edge"), numpy.ones(11) / 11, mode="valid")
    best = numpy.flatnonzero(smooth >= smooth.max() - 1e-9)
    return round(float(grid[best[len(best) // 2]]), 2)
