"""The layers of the relation model against what they should compute, written out."""

import numpy
import pytest
from numpy.testing import assert_allclose
from thinc.api import NumpyOps

from communique.ml import pair_attention
from communique.ml.pair_attention import BUCKET_OF_DISTANCE, FARTHEST, PairAttention
from communique.ml.pair_batch import PairBatch
from communique.ml.pair_encoder import build_pair_encoder
from communique.ml.pooling import pool_spans, span_maxima, span_rows

LABELS = numpy.array([5, 6, 7, 5, 6], dtype="uint64")


@pytest.fixture
def batch():
    """Two sentences, with three mentions and with two."""
    return PairBatch(
        mentions=numpy.array([[0, 1], [3, 5], [6, 7], [9, 10], [12, 13]], dtype="i"),
        labels=LABELS,
        sents=numpy.array([[0, 8]] * 3 + [[8, 14]] * 2, dtype="i"),
        pairs=numpy.array([[0, 1], [0, 2], [1, 0], [2, 1], [3, 4], [4, 3]], dtype="i"),
        between=numpy.array([0, 1, 0, 0, 0, 0]),
        date_edges=numpy.zeros((0, 2), dtype="i"),
    )


def rng_array(*shape):
    return numpy.random.default_rng(sum(shape)).normal(size=shape).astype("f")


def written_out(model, tokens, mentions, batch):
    """Attention of one pair at a time."""
    q_head, q_tail, keys, values = (
        layer.predict(X) for layer, X in zip(model.layers, (mentions, mentions, tokens, tokens))
    )
    heads = model.attrs["heads"]
    depth = q_head.shape[1] // heads
    places = numpy.arange(BUCKET_OF_DISTANCE.max() + 1, dtype="uint64").reshape(-1, 1)
    biases = [layer.predict(places) for layer in model.layers[4:]]
    rows = []
    for head, tail in batch.pairs:
        spans = batch.mentions[[head, tail]]
        low = max(batch.sents[head, 0], spans.min() - model.attrs["window"])
        high = min(batch.sents[head, 1], spans.max() + model.attrs["window"])
        outputs = []
        for h in range(heads):
            part = slice(h * depth, (h + 1) * depth)
            logits = []
            for token in range(low, high):
                logit = (q_head[head, part] + q_tail[tail, part]) @ keys[token, part] / depth**0.5
                for (start, end), bias in zip(spans, biases):
                    distance = min(token - start, 0) + max(token - end + 1, 0)
                    logit += bias[BUCKET_OF_DISTANCE[max(-FARTHEST, min(FARTHEST, distance)) + FARTHEST], h]
                logits.append(logit)
            weights = numpy.exp(numpy.array(logits) - max(logits))
            outputs.append((weights / weights.sum()) @ values[low:high, part])
        rows.append(numpy.concatenate(outputs))
    return numpy.array(rows)


@pytest.mark.parametrize("size", [1, 32])
@pytest.mark.parametrize("stretch", [2, 128])
def test_attention_is_what_it_should_be_in_blocks_of_any_size(batch, size, stretch, monkeypatch):
    monkeypatch.setattr(pair_attention, "BLOCK", size)
    monkeypatch.setattr(pair_attention, "STRETCH", stretch)
    model = PairAttention(width=8, heads=2, window=2)
    model.set_dim("nI", 6)
    model.set_dim("nM", 12)
    model.initialize()
    tokens, mentions = rng_array(14, 6), rng_array(5, 12)
    found = model.predict((tokens, mentions, batch))
    assert_allclose(found, written_out(model, tokens, mentions, batch), rtol=1e-4, atol=1e-5)


def test_the_gradient_of_the_encoder_is_that_of_small_differences(batch):
    model = build_pair_encoder(width=16, window=3, rows=50, depth=2, dropout=0.0, attention_heads=2)
    model.set_dim("nI", 8)
    model.initialize()
    tokens = rng_array(14, 8)
    (pairs, mentions), backprop = model((tokens, batch), is_train=True)
    d_pairs, d_mentions = rng_array(*pairs.shape), rng_array(*mentions.shape)
    gradient = backprop((d_pairs, d_mentions))
    assert gradient.shape == tokens.shape

    def value(step):
        p, m = model.predict((tokens + step, batch))
        return float((p * d_pairs).sum() + (m * d_mentions).sum())

    # Maxout and maximum have kinks, so a few differences are off; a wrong gradient is off everywhere.
    off = []
    for place in numpy.ndindex(*tokens.shape):
        step = numpy.zeros_like(tokens)
        step[place] = 3e-3
        off.append(abs((value(step) - value(-step)) / 6e-3 - gradient[place]))
    assert numpy.quantile(off, 0.9) < 0.01
    assert abs(gradient).mean() > 0.1


def test_dropout_of_embeddings_does_not_reach_the_other_gradients(batch):
    model = build_pair_encoder(width=16, window=3, rows=50, depth=2, dropout=0.0, attention_heads=2)
    model.set_dim("nI", 8)
    model.initialize()
    tokens = rng_array(14, 8)
    gradients = []
    for drop in (0.0, 0.9):
        for node in model.walk():
            # Only the embeddings drop out; they add to a pair's vector and so do not touch another part's gradient.
            if node.name == "hashembed":
                node.attrs["dropout_rate"] = drop
                node.set_param("E", node.get_param("E") * 0)
        (pairs, mentions), backprop = model((tokens, batch), is_train=True)
        gradients.append(backprop((rng_array(*pairs.shape), rng_array(*mentions.shape))))
    assert_allclose(*gradients, rtol=1e-4, atol=1e-5)


def test_a_depth_of_one_is_refused():
    with pytest.raises(ValueError, match="depth of two"):
        build_pair_encoder(width=16, window=3, rows=50, depth=1, dropout=0.0, attention_heads=2)


def test_maxima_by_powers_of_two_are_those_of_all_rows():
    padded = rng_array(20, 3)
    spans = numpy.array([(a, b) for a in range(19) for b in range(20)] + [(19, 3)], dtype="i")
    pooled, _ = pool_spans(NumpyOps(), padded, *span_rows(spans, 19), mean=False)
    assert (span_maxima(NumpyOps(), padded, spans) == pooled).all()
    assert span_maxima(NumpyOps(), padded, spans[:0]).shape == (0, 3)


def test_the_encoder_says_the_same_in_training_and_behind_it(batch):
    model = build_pair_encoder(8, window=3, rows=20, depth=2, dropout=0.0, attention_heads=2)
    model.set_dim("nI", 6)
    model.initialize()
    tokens = rng_array(14, 6)
    (learning, _), _ = model((tokens, batch), is_train=True)
    assert (model.predict((tokens, batch))[0] == learning).all()
