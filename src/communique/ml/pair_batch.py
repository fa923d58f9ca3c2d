"""The candidate pairs of several docs as arrays: what the layers of the relation model share."""

from dataclasses import dataclass
from typing import List

import numpy

from ..pipeline.candidates import Candidates

# Tokens between two spans, in buckets.
DISTANCE_BUCKETS = numpy.array([0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 30, 45])


@dataclass
class PairBatch:
    """The candidates of several docs as one set of arrays; tokens and mentions count through the batch."""

    mentions: numpy.ndarray
    labels: numpy.ndarray
    sents: numpy.ndarray
    pairs: numpy.ndarray
    between: numpy.ndarray  # mentions between head and tail
    date_edges: numpy.ndarray

    @classmethod
    def from_candidates(cls, candidates: List[Candidates], lengths: List[int]) -> "PairBatch":
        """lengths: Tokens of each doc."""
        token = numpy.cumsum([0, *lengths])
        row = numpy.cumsum([0, *(len(c.mentions) for c in candidates)])
        pair = numpy.cumsum([0, *map(len, candidates)])
        between, edges = [], [numpy.zeros((0, 2), dtype="i")]
        for i, c in enumerate(candidates):
            between.append(numpy.abs(c.pairs[:, 0] - c.pairs[:, 1]) - 1)
            dates = numpy.flatnonzero(c.dates)
            if len(dates) and len(c.pairs):
                same = c.sents[c.pairs[:, 0], 0][:, None] == c.sents[dates, 0][None]
                same &= c.pairs[:, :1] != dates[None]
                same &= c.pairs[:, 1:] != dates[None]
                p, d = numpy.nonzero(same)
                edges.append(numpy.stack([p + pair[i], dates[d] + row[i]], axis=1).astype("i"))
        return cls(
            numpy.concatenate([c.mentions + t for c, t in zip(candidates, token)]),
            numpy.concatenate([c.labels for c in candidates]),
            numpy.concatenate([c.sents + t for c, t in zip(candidates, token)]),
            numpy.concatenate([c.pairs + r for c, r in zip(candidates, row)]),
            numpy.concatenate(between),
            numpy.concatenate(edges),
        )
