"""The relation extractor: a trainable component that relates the entities of a sentence to each other."""

from collections import Counter
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from spacy.vocab import Vocab
from thinc.api import Config, Model, Optimizer, set_dropout_rate

from ..ml.pair_scorer import N_FACTUALITIES, RelationScores
from ..scheme import FACTUALITIES, SYMMETRIC
from .calibration import sigmoid
from .candidates import CandidateFunction, Candidates
from .gold_relations import (
    GoldRelations,
    aligned_relations,
    validate_relations,
    with_gold_entities,
    with_sentences,
    wrong_pairs,
)
from .relation_scorer import make_relation_scorer


def get_relations(doc: Doc) -> Optional[Tuple[Dict[str, Any], ...]]:
    """Behind `doc._.relations`. None if nobody has looked for relations in the doc."""
    relations = doc.user_data.get("relations")
    if relations is None:
        return None
    # `DocBin` gives lists back as tuples, `Doc.from_bytes` tuples as lists.
    return tuple(
        {key: tuple(value) if isinstance(value, list) else value for key, value in relation.items()}
        for relation in relations
    )


def set_relations(doc: Doc, relations: Optional[Iterable[Dict[str, Any]]]) -> None:
    """Plain data, so that it survives `DocBin`, `Doc.to_bytes` and worker processes."""
    doc.user_data["relations"] = None if relations is None else list(relations)


Doc.set_extension("relations", getter=get_relations, setter=set_relations, force=True)

default_model_config = """
[model]
@architectures = "communique.RelationModel.v1"

[model.tok2vec]
@architectures = "spacy.Tok2Vec.v2"

[model.tok2vec.embed]
@architectures = "spacy.MultiHashEmbed.v2"
width = 96
rows = [5000, 1000, 2500, 1000]
attrs = ["NORM", "PREFIX", "SUFFIX", "SHAPE"]
include_static_vectors = false

[model.tok2vec.encode]
@architectures = "spacy.MaxoutWindowEncoder.v2"
width = 96
window_size = 1
maxout_pieces = 3
depth = 4

[model.encoder]
@architectures = "communique.PairEncoder.v1"
width = 128
window = 10
rows = 200
depth = 2
dropout = 0.0
attention_heads = 8

[model.scorer]
@architectures = "communique.PairScorer.v1"
date_width = 32
"""
DEFAULT_MODEL = Config().from_str(default_model_config)["model"]


@Language.factory(
    "relation_extractor",
    assigns=["doc._.relations"],
    requires=["doc.ents", "token.sent_start"],
    default_config={
        "model": DEFAULT_MODEL,
        "candidates": {"@misc": "communique.typed_pairs.v1", "max_distance": 80},
        "symmetric": sorted(SYMMETRIC),
        "threshold": 0.5,
        "predicted_pairs": 1.0,
        "rare_weight": 0.0,
        "scorer": {"@scorers": "communique.relation_scorer.v1"},
    },
    default_score_weights={
        "rels_f": 1.0,
        "rels_p": 0.0,
        "rels_r": 0.0,
        "rels_fact_f": 0.0,
        "rels_per_type": None,
    },
)
def make_relation_extractor(
    nlp: Language,
    name: str,
    model: Model[Tuple[List[Doc], List[Candidates]], RelationScores],
    candidates: CandidateFunction,
    symmetric: List[str],
    threshold: float,
    predicted_pairs: float,
    rare_weight: float,
    scorer: Optional[Callable],
) -> "RelationExtractor":
    """Construct a RelationExtractor.

    model (Model[Tuple[List[Doc], List[Candidates]], RelationScores]): Takes docs and their candidates, returns logits.
    candidates (CandidateFunction): Proposes the pairs to score.
    symmetric (List[str]): Labels of relations without direction; each is found once, from the mention that stands first.
    threshold (float): The least score of a relation, for labels that have no threshold of their own.
    predicted_pairs (float): In training, the most pairs of wrongly predicted entities that are learned from as
        negatives, for each gold pair of the batch. Predicted entities are seen only where `ner` is among the
        `annotating_components` of the training.
    rare_weight (float): The weight of a gold relation in the loss: how much rarer its label is than the most frequent one, to this
        power. 0 for the same weight for all, 1 for the same for each label.
    scorer (Optional[Callable]): The scoring method.
    """
    return RelationExtractor(
        nlp.vocab,
        model,
        candidates,
        name,
        symmetric=symmetric,
        threshold=threshold,
        predicted_pairs=predicted_pairs,
        rare_weight=rare_weight,
        scorer=scorer,
    )


class RelationExtractor(TrainablePipe):
    """Relates the entities of a sentence, and writes what it finds to `doc._.relations`.

    That is a tuple of dicts: `head` and `tail` as (start, end) in tokens, `label`, `factuality`, `score`, and `date` as
    (start, end) or None, sorted by head, tail and label.
    """

    def __init__(
        self,
        vocab: Vocab,
        model: Model[Tuple[List[Doc], List[Candidates]], RelationScores],
        candidates: CandidateFunction,
        name: str = "relations",
        *,
        symmetric: Sequence[str] = tuple(sorted(SYMMETRIC)),
        threshold: float = 0.5,
        predicted_pairs: float = 1.0,
        rare_weight: float = 0.0,
        scorer: Optional[Callable] = make_relation_scorer(),
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.candidates = candidates
        self.name = name
        self.scorer = scorer
        self.cfg: Dict[str, Any] = {
            "labels": [],
            "symmetric": list(symmetric),
            "threshold": threshold,
            "thresholds": {},
            "calibration": {},
            "predicted_pairs": predicted_pairs,
            "rare_weight": rare_weight,
            "label_weights": {},
        }
        self._rehearsal_model: Optional[Model] = None

    @property
    def labels(self) -> Tuple[str, ...]:
        """The labels, in the order of the model's outputs."""
        return tuple(self.cfg["labels"])

    @property
    def label_data(self) -> List[str]:
        return list(self.labels)

    @property
    def thresholds(self) -> Dict[str, float]:
        """The least score of each label."""
        return {label: self.cfg["thresholds"].get(label, self.cfg["threshold"]) for label in self.labels}

    @thresholds.setter
    def thresholds(self, thresholds: Dict[str, float]) -> None:
        """RAISES: ValueError for a label that the component does not have."""
        for label in thresholds:
            if label not in self.labels:
                raise ValueError(f"'{self.name}' has no label {label!r}, only {', '.join(self.labels)}")
        self.cfg["thresholds"] = {label: float(value) for label, value in thresholds.items()}

    @property
    def calibration(self) -> Dict[str, Tuple[float, float]]:
        """Slope and intercept over the logit of each label whose scores are calibrated."""
        return {label: (slope, intercept) for label, (slope, intercept) in self.cfg["calibration"].items()}

    @calibration.setter
    def calibration(self, lines: Dict[str, Tuple[float, float]]) -> None:
        self.cfg["calibration"] = {label: list(line) for label, line in lines.items()}

    def add_label(self, label: str) -> int:
        """RETURNS (int): 0 if the label was there already, else 1.
        RAISES: ValueError if the model is initialized, and so has a fixed number of outputs.
        """
        if label in self.labels:
            return 0
        if self.model.get_ref("scorer").has_dim("nO"):
            raise ValueError(f"cannot add the label {label!r} to '{self.name}': its model is initialized")
        self.cfg["labels"].append(label)
        self.vocab.strings.add(label)
        return 1

    def propose(self, docs: Iterable[Doc]) -> List[Candidates]:
        """The candidates of each doc; for a symmetric label only the pair whose head stands first."""
        symmetric = numpy.array([label in self.cfg["symmetric"] for label in self.labels], dtype=bool)
        return [c.one_way(symmetric) for c in self.candidates(docs, self.labels)]

    def predict(self, docs: Iterable[Doc]) -> Tuple[List[Candidates], RelationScores]:
        """Score the candidates of a batch of docs, without modifying them.

        RETURNS: The candidates of each doc, and the logits of all of them one after the other.
        """
        docs = list(docs)
        candidates = self.propose(docs)
        return candidates, self.model.predict((docs, candidates))

    def set_annotations(
        self, docs: Iterable[Doc], candidates_scores: Tuple[List[Candidates], RelationScores]
    ) -> None:
        """Write the relations over their thresholds to the docs.

        candidates_scores: What `predict` returned for these docs.
        """
        candidates, scores = candidates_scores
        ops = self.model.ops
        slopes, intercepts = numpy.array([self.calibration.get(label, (1.0, 0.0)) for label in self.labels], dtype="f").T
        probabilities = sigmoid(ops.to_numpy(scores.relations) * slopes + intercepts)
        factuality = ops.to_numpy(scores.factuality).argmax(axis=2)
        date_of_pair = _best_dates(scores.date_edges, ops.to_numpy(scores.dates))
        thresholds = numpy.array(list(self.thresholds.values()), dtype="f")
        pair_offset = mention_offset = 0
        for doc, c in zip(docs, candidates):
            rows = slice(pair_offset, pair_offset + len(c))
            keep = (probabilities[rows] >= thresholds) & c.possible
            relations: List[Dict[str, Any]] = []
            for i, k in zip(*numpy.nonzero(keep)):
                head, tail = map(tuple, c.mentions[c.pairs[i]].tolist())
                date = date_of_pair.get(pair_offset + int(i))
                relations.append(
                    {
                        "head": head,
                        "tail": tail,
                        "label": self.labels[k],
                        "factuality": FACTUALITIES[factuality[rows][i, k]],
                        # Four places hold at any batch size; the next ones depend on the order of sums.
                        "score": round(float(probabilities[rows][i, k]), 4),
                        "date": None if date is None else tuple(c.mentions[date - mention_offset].tolist()),
                    }
                )
            doc._.relations = relations
            pair_offset += len(c)
            mention_offset += len(c.mentions)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Learn from a batch of examples: from the pairs of their gold entities, and from those of the entities
        that stand on the predicted docs, if an annotating component put some there.

        drop (float): The dropout rate.
        sgd (Optional[Optimizer]): The optimizer.
        losses (Optional[Dict[str, float]]): Record of the loss, updated under the component's name.
        RETURNS (Dict[str, float]): The updated losses.

        Thresholds and calibration are dropped: they belonged to the weights as they were.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "RelationExtractor.update")
        examples = [eg for eg in examples if eg.reference._.relations is not None]
        if not any(len(eg.predicted) for eg in examples):
            return losses
        self.cfg["thresholds"], self.cfg["calibration"] = {}, {}
        candidates, gold = self._training_pairs(examples)
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(([eg.predicted for eg in examples], candidates))
        loss, d_scores = self.get_loss(examples, (candidates, gold, scores))
        backprop(d_scores)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(
        self,
        examples: Iterable[Example],
        scores: Tuple[List[Candidates], List[GoldRelations], RelationScores],
    ) -> Tuple[float, RelationScores]:
        """The loss and its gradient: binary cross-entropy of each possible label of each pair; for the gold
        relations among them, cross-entropy of the factuality and of the date. A gold relation that has a score counts
        as true with that probability, in the manner of distillation (Hinton et al., 2015); one without is true.

        examples (Iterable[Example]): The batch.
        scores: The candidates, the gold relations and the logits.
        RETURNS: The loss, and the gradient with the shapes of the logits.
        """
        candidates, gold, logits = scores
        ops = self.model.ops
        n_examples = max(len(gold), 1)
        column = {label: k for k, label in enumerate(self.labels)}
        relations = ops.to_numpy(logits.relations)
        factuality = ops.to_numpy(logits.factuality)
        dates = ops.to_numpy(logits.dates)
        target = numpy.zeros_like(relations)
        d_factuality = numpy.zeros_like(factuality)
        d_dates = numpy.zeros_like(dates)
        edges_of_pair = _edges_of_pair(logits.date_edges)
        loss = 0.0
        offset = mention_offset = 0
        for c, relations_of_spans in zip(candidates, gold):
            spans = [tuple(span) for span in c.mentions.tolist()]
            for i, (head, tail) in enumerate(c.pairs.tolist()):
                for label, (fact, date, sure) in relations_of_spans.get((spans[head], spans[tail]), {}).items():
                    k = column.get(label)
                    if k is None or not c.possible[i, k]:
                        continue
                    row = offset + i
                    target[row, k] = sure
                    logs = _log_softmax(factuality[row, k])
                    d_factuality[row, k] = numpy.exp(logs) * sure
                    d_factuality[row, k, FACTUALITIES.index(fact)] -= sure
                    loss -= sure * float(logs[FACTUALITIES.index(fact)])
                    edges = edges_of_pair.get(row, [])
                    if edges:
                        logs = _log_softmax(numpy.append(dates[edges], 0.0))
                        rows = [int(logits.date_edges[edge, 1]) - mention_offset for edge in edges]
                        right = [j for j, m in enumerate(rows) if date is not None and spans[m] == date]
                        goal = right[0] if right else len(edges)
                        loss -= sure * float(logs[goal])
                        probabilities = numpy.exp(logs)
                        probabilities[goal] -= 1.0
                        d_dates[edges] += sure * probabilities[:-1]
            offset += len(c)
            mention_offset += len(c.mentions)
        weights = numpy.array([self.cfg["label_weights"].get(label, 1.0) for label in self.labels], dtype="f")
        possible = numpy.concatenate([c.possible for c in candidates]) * numpy.where(target > 0, weights, 1.0)
        d_relations = (sigmoid(relations) - target) * possible
        surprise = target * numpy.logaddexp(0, -relations) + (1 - target) * numpy.logaddexp(0, relations)
        loss += float((surprise * possible).sum())
        scale = 1.0 / n_examples
        return loss * scale, RelationScores(
            ops.asarray(d_relations * scale, dtype="f"),
            ops.asarray(d_factuality * scale, dtype="f"),
            ops.asarray(d_dates * scale, dtype="f"),
            logits.date_edges,
        )

    def rehearse(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optional[Optimizer] = None,
        losses: Optional[Dict[str, float]] = None,
    ) -> Dict[str, float]:
        """Learn to go on saying what the model said when its training was resumed, on the entities that the examples
        have, without looking at their relations: against forgetting.

        RAISES: ValueError if `nlp.resume_training` was not called.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        if self._rehearsal_model is None:
            raise ValueError(f"call nlp.resume_training() before rehearsing '{self.name}'")
        docs = [with_gold_entities(eg) for eg in examples]
        candidates = self.propose(docs)
        if not any(map(len, candidates)):
            return losses
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update((docs, candidates))
        target = self._rehearsal_model.predict((docs, candidates))
        scale = 1.0 / len(docs)
        gradient = RelationScores(
            (scores.relations - target.relations) * scale,
            (scores.factuality - target.factuality) * scale,
            (scores.dates - target.dates) * scale,
            scores.date_edges,
        )
        backprop(gradient)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += float((gradient.relations**2).sum())
        return losses

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Optional[Language] = None,
        labels: Optional[List[str]] = None,
    ) -> None:
        """Initialize the component for training, with a representative set of examples.

        get_examples (Callable[[], Iterable[Example]]): Returns gold examples.
        nlp (Optional[Language]): The pipeline that the component is part of.
        labels (Optional[List[str]]): The labels, as `init labels` makes them; taken from the examples if
            there are none.
        RAISES: ValueError if there is no label, an example relates what is no entity of it, or names an unknown
            factuality.
        """
        validate_get_examples(get_examples, "RelationExtractor.initialize")
        sample: List[Example] = []
        counts: Counter = Counter()
        for eg in get_examples():
            validate_relations(eg.reference)
            counts.update(relation["label"] for relation in eg.reference._.relations or [])
            if len(sample) < 10:
                sample.append(eg)
        for label in labels or sorted(counts):
            self.add_label(label)
        self._require_labels()
        self.cfg["label_weights"] = {
            label: (max(counts.values()) / counts[label]) ** self.cfg["rare_weight"] for label in self.labels if counts[label]
        }
        docs = [with_gold_entities(eg) for eg in sample]
        candidates = self.propose(docs)
        n = sum(map(len, candidates))
        ops = self.model.ops
        Y = RelationScores(
            ops.alloc2f(n, len(self.labels)),
            ops.alloc3f(n, len(self.labels), N_FACTUALITIES),
            ops.alloc1f(0),
            numpy.zeros((0, 2), dtype="i"),
        )
        self.model.initialize(X=(docs, candidates) if docs else None, Y=Y)

    def _training_pairs(
        self, examples: List[Example]
    ) -> Tuple[List[Candidates], List[GoldRelations]]:
        """The pairs to learn from, and the gold relations of each example by the spans of head and tail.

        All pairs of gold entities; and pairs of which an end was predicted wrongly, up to a share. A prediction that
        overlaps a gold entity says nothing clear about relations, and is left out; one with the right span and
        another label keeps the relations of that span.
        """
        gold_docs = [with_gold_entities(eg) for eg in examples]
        gold_candidates = self.propose(gold_docs)
        relations = [aligned_relations(eg, self.cfg["symmetric"]) for eg in examples]
        seen_docs = [with_sentences(eg.predicted, gold) for eg, gold in zip(examples, gold_docs)]
        seen_candidates = self.propose(seen_docs)
        room = int(self.cfg["predicted_pairs"] * sum(map(len, gold_candidates)))
        joined = []
        for gold, seen in zip(gold_candidates, seen_candidates):
            rows = wrong_pairs(gold, seen)
            if len(rows) > room:
                rows = numpy.sort(numpy.random.permutation(rows)[:room])
            room -= len(rows)
            joined.append(gold.joined(seen.select(rows)))
        return joined, relations


def _edges_of_pair(date_edges: numpy.ndarray) -> Dict[int, List[int]]:
    edges: Dict[int, List[int]] = {}
    for edge, pair in enumerate(date_edges[:, 0].tolist()):
        edges.setdefault(pair, []).append(edge)
    return edges


def _best_dates(date_edges: numpy.ndarray, logits: numpy.ndarray) -> Dict[int, int]:
    """Pair -> the mention of its best date, for pairs with one that is likelier than none."""
    best: Dict[int, Tuple[float, int]] = {}
    for (pair, mention), logit in zip(date_edges.tolist(), logits.tolist()):
        if logit > best.get(pair, (0.0, 0))[0]:
            best[pair] = (logit, mention)
    return {pair: mention for pair, (_, mention) in best.items()}


def _log_softmax(x: numpy.ndarray) -> numpy.ndarray:
    x = x - x.max()
    return x - numpy.log(numpy.exp(x).sum())
