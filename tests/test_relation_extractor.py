from collections import Counter

import numpy
import pytest
import spacy
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from spacy.util import load_model_from_config
from thinc.api import fix_random_seed

from communique.docs import to_doc
from communique.document import Document
from communique.pipeline.relation_extractor import RelationExtractor
from communique.pipeline.relation_scorer import relation_keys
from communique.pipeline.thresholds import best_thresholds, tune
from communique.scheme import SYMMETRIC

from .conftest import blank, gold_examples, initialized

TEXTS = [
    "French President Ann Bly signed a pact with Kenya in May.",
    "No name here.",
    "Chad condemned Kenya. Chad will condemn France.",
    "",
    "Kenya did not condemn France.",
]


def found(doc):
    return [
        (doc[slice(*r["head"])].text, r["label"], doc[slice(*r["tail"])].text, r["factuality"])
        for r in doc._.relations
    ]


def test_loss_falls_and_known_relations_are_learned(tiny_documents):
    nlp, examples, optimizer = initialized(tiny_documents)
    losses = []
    for _ in range(60):
        losses.append(nlp.update(examples, sgd=optimizer)["relation_extractor"])
    assert losses[-1] < losses[0] / 10
    scores = nlp.evaluate(gold_examples(nlp, tiny_documents))
    assert scores["rels_f"] == 1.0 and scores["rels_fact_f"] == 1.0
    doc = nlp(TEXTS[0])
    assert ("Ann Bly", "SIGNED", "pact", "asserted") in found(doc)
    signed = next(r for r in doc._.relations if r["label"] == "SIGNED")
    assert doc[slice(*signed["date"])].text == "May"
    assert ("Kenya", "CRITICISED", "France", "negated") in found(nlp(TEXTS[4]))
    assert ("Chad", "CRITICISED", "France", "prospective") in found(nlp(TEXTS[2]))


def test_a_score_is_learned_as_a_probability(tiny_documents):
    nlp, examples, optimizer = initialized(tiny_documents)
    nlp.get_pipe("relation_extractor").cfg["threshold"] = 0.0
    for eg in examples:
        eg.reference._.relations = [
            {**relation, "score": 0.7 if relation["label"] == "CRITICISED" else None} for relation in eg.reference._.relations
        ]
    for _ in range(60):
        nlp.update(examples, sgd=optimizer)
    scores = {(r["label"], doc[slice(*r["tail"])].text): r["score"] for doc in [nlp(TEXTS[4])] for r in doc._.relations}
    assert 0.6 < scores["CRITICISED", "France"] < 0.8
    scores = {r["label"]: r["score"] for r in nlp(TEXTS[0])._.relations}
    assert scores["SIGNED"] > 0.9


def test_rare_labels_weigh_more(tiny_documents):
    gradients = {}
    for rare_weight in (0.0, 1.0):
        nlp = blank(["sentencizer", "relation_extractor"], relation_extractor={"rare_weight": rare_weight})
        examples = gold_examples(nlp, tiny_documents)
        nlp.initialize(lambda: examples)
        extractor = nlp.get_pipe("relation_extractor")
        candidates, gold = extractor._training_pairs(examples)
        scores = extractor.model.predict(([eg.predicted for eg in examples], candidates))
        gradients[rare_weight] = extractor.get_loss(examples, (candidates, gold, scores))[1].relations
    counts = Counter(r.label for document in tiny_documents for r in document.relations)
    assert len(set(counts.values())) > 1
    for k, label in enumerate(extractor.labels):
        plain, weighted = gradients[0.0][:, k], gradients[1.0][:, k]
        positive = plain < 0
        assert positive.any()
        numpy.testing.assert_allclose(weighted[positive], plain[positive] * max(counts.values()) / counts[label], rtol=1e-5)
        assert (weighted[~positive] == plain[~positive]).all()


def test_a_symmetric_relation_is_found_once(trained):
    assert found(trained("France met Chad.")) == [("France", "MET_WITH", "Chad", "asserted")]


def test_batches_without_a_candidate(trained):
    docs = list(trained.pipe(["No name.", "", "Nothing. At all."]))
    assert [doc._.relations for doc in docs] == [(), (), ()]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_same_result_at_any_batch_size(trained, size):
    one_by_one = [trained(text)._.relations for text in TEXTS]
    assert any(one_by_one)
    assert [doc._.relations for doc in trained.pipe(TEXTS, batch_size=size)] == one_by_one


def test_update_without_a_candidate_still_feeds_a_shared_tok2vec(tiny_documents):
    nlp = blank(["sentencizer"])
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    nlp.add_pipe("ner", config={"model": {"tok2vec": listener}})
    nlp.add_pipe("relation_extractor", config={"model": {"tok2vec": listener}})
    examples = gold_examples(nlp, tiny_documents)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(3):  # output layers start at zero, and then have no gradient to give
        nlp.update(examples, sgd=optimizer)
    lonely = Document("x", "Kenya slept well.", {"sents": [[0, 17]]})
    doc = to_doc(lonely, nlp)
    doc.set_ents([doc.char_span(0, 5, label="COUNTRY")])
    embed = nlp.get_pipe("tok2vec").model
    before = embed.to_bytes()
    nlp.update([Example(nlp.make_doc(doc.text), doc)], sgd=optimizer)
    assert embed.to_bytes() != before


def test_learns_from_wrongly_predicted_entities(tiny_documents):
    nlp = blank(["sentencizer", "relation_extractor"])
    examples = gold_examples(nlp, tiny_documents)
    nlp.initialize(lambda: examples)
    extractor = nlp.get_pipe("relation_extractor")
    eg = examples[1]  # Kenyan President Ben Roe condemned Chad.
    predicted = eg.predicted
    predicted.set_ents(
        [predicted[0:1].char_span(0, 6, label="NORP"), predicted.char_span(7, 16, label="ORG")]  # "President" is wrong
    )
    (candidates,), _ = extractor._training_pairs([eg])
    (gold,) = extractor.propose([eg.reference])
    added = candidates.pairs[len(gold) :]
    spans = {tuple(map(tuple, candidates.mentions[pair].tolist())) for pair in added}
    assert spans and all((1, 2) in pair for pair in spans)


def test_gold_relations_survive_another_tokenization(tiny_documents):
    nlp = blank(["sentencizer", "relation_extractor"])
    reference = to_doc(tiny_documents[0], nlp)
    words = [token.text for token in reference]
    joined = ["French", "President", "Ann Bly", *words[4:]]
    spaces = [bool(token.whitespace_) for token in reference]
    predicted = Doc(nlp.vocab, words=joined, spaces=[spaces[0], spaces[1], spaces[3], *spaces[4:]])
    assert predicted.text == reference.text
    nlp.initialize(lambda: [Example(nlp.make_doc(reference.text), reference)])
    extractor = nlp.get_pipe("relation_extractor")
    _, (gold,) = extractor._training_pairs([Example(predicted, reference)])
    assert set(gold[((2, 3), (0, 1))]) == {"HEAD_OF_STATE_OF"}
    assert ((2, 3), (5, 6)) in gold  # Ann Bly, pact


def test_serialisation(trained, tmp_path):
    trained.get_pipe("relation_extractor").thresholds = {"SIGNED": 0.3}
    expected = [doc._.relations for doc in trained.pipe(TEXTS)]
    trained.to_disk(tmp_path / "nlp")
    from_bytes = load_model_from_config(trained.config).from_bytes(trained.to_bytes())
    # An entity ruler comes back from bytes without its patterns.
    from_bytes.get_pipe("entity_ruler").add_patterns(trained.get_pipe("entity_ruler").patterns)
    for nlp in (spacy.load(tmp_path / "nlp"), from_bytes):
        assert [doc._.relations for doc in nlp.pipe(TEXTS)] == expected
        assert nlp.get_pipe("relation_extractor").thresholds["SIGNED"] == pytest.approx(0.3)
        assert nlp.get_pipe("relation_extractor").labels == trained.get_pipe("relation_extractor").labels


def test_relations_are_plain_data(trained):
    doc = trained(TEXTS[0])
    assert doc._.relations
    assert Doc(trained.vocab).from_bytes(doc.to_bytes())._.relations == doc._.relations
    bin_ = DocBin(store_user_data=True, docs=[doc])
    (again,) = DocBin().from_bytes(bin_.to_bytes()).get_docs(trained.vocab)
    assert again._.relations == doc._.relations


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes(trained, method, monkeypatch):
    import multiprocessing

    monkeypatch.setattr("spacy.language.mp", multiprocessing.get_context(method), raising=True)
    expected = [doc._.relations for doc in trained.pipe(TEXTS)]
    assert [doc._.relations for doc in trained.pipe(TEXTS, n_process=2)] == expected


def test_thresholds(trained):
    extractor = trained.get_pipe("relation_extractor")
    extractor.thresholds = {label: 1.01 for label in extractor.labels}
    assert trained(TEXTS[0])._.relations == ()
    extractor.thresholds = {}
    assert trained(TEXTS[0])._.relations
    with pytest.raises(ValueError, match="no label 'NOPE'"):
        extractor.thresholds = {"NOPE": 0.5}


def test_tuning_keeps_thresholds_and_training_drops_them(trained, tiny_documents):
    gold = [to_doc(document, trained) for document in tiny_documents]
    thresholds = tune(trained, "relation_extractor", gold, support=1)
    extractor = trained.get_pipe("relation_extractor")
    assert set(thresholds) == set(extractor.labels) == set(extractor.cfg["thresholds"])
    assert trained.evaluate(gold_examples(trained, tiny_documents))["rels_f"] == 1.0
    trained.update(gold_examples(trained, tiny_documents))
    assert extractor.cfg["thresholds"] == {}


def test_best_thresholds():
    # Right at 0.9 and 0.6, wrong at 0.3: between 0.3 and 0.6 all is best, however many were never proposed.
    for n_gold in (2, 10):
        (threshold,) = best_thresholds({"A": [(0.9, True), (0.6, True), (0.3, False)]}, {"A": n_gold}, 1).values()
        assert 0.3 < threshold <= 0.6


def test_a_label_that_is_seldom_right_does_not_spoil_the_whole():
    good = [(0.8, True)] * 50
    # By itself B is best with a low threshold (F1 0.2); together it is best left out.
    found = {"A": good, "B": [(0.4, True)] * 4 + [(0.4, False)] * 26}
    thresholds = best_thresholds(found, {"A": 50, "B": 10}, 1)
    assert thresholds["B"] > 0.4 and thresholds["A"] <= 0.8


def test_a_rare_label_shares_a_threshold():
    found = {"A": [(0.8, True)] * 20 + [(0.4, False)] * 20, "B": [(0.2, True)]}
    assert len(set(best_thresholds(found, {"A": 20, "B": 1}, 2).values())) == 1
    assert len(set(best_thresholds(found, {"A": 20, "B": 1}, 1).values())) == 2


def test_rehearsal_keeps_what_was_learned(trained, tiny_documents):
    extractor = trained.get_pipe("relation_extractor")
    examples = gold_examples(trained, tiny_documents)
    with pytest.raises(ValueError, match="resume_training"):
        extractor.rehearse(examples)
    optimizer = trained.resume_training()
    model = extractor.model
    scorer = model.get_ref("scorer").layers[0]
    scorer.set_param("b", scorer.get_param("b") + 3.0)  # forget
    losses = [extractor.rehearse(examples, sgd=optimizer)["relation_extractor"] for _ in range(30)]
    assert losses[-1] < losses[0] / 10


def test_labels(trained, tiny_documents):
    extractor = trained.get_pipe("relation_extractor")
    assert extractor.labels == ("CRITICISED", "HEAD_OF_STATE_OF", "MET_WITH", "SIGNED", "SIGNED_WITH")
    assert extractor.add_label("SIGNED") == 0
    with pytest.raises(ValueError, match="initialized"):
        extractor.add_label("NEW")


def test_initialize_needs_labels_and_sound_gold(tiny_documents):
    nlp = blank(["sentencizer", "relation_extractor"])
    doc = nlp.make_doc("No name here.")
    doc._.relations = ()
    with pytest.raises(ValueError):
        nlp.initialize(lambda: [Example(nlp.make_doc(doc.text), doc)])
    reference = to_doc(tiny_documents[0], nlp)
    relations = reference._.relations
    reference._.relations = [{**relations[0], "score": 1.2}]
    with pytest.raises(ValueError, match="has the score 1.2: use one from 0 to 1"):
        nlp.initialize(lambda: [Example(nlp.make_doc(reference.text), reference)])
    reference._.relations = relations
    reference.set_ents([])
    with pytest.raises(ValueError, match="no entity of its doc"):
        nlp.initialize(lambda: [Example(nlp.make_doc(reference.text), reference)])


def test_training_is_the_same_twice(tiny_documents):
    def train():
        fix_random_seed(1)
        nlp = blank(["sentencizer", "relation_extractor"])
        examples = gold_examples(nlp, tiny_documents)
        optimizer = nlp.initialize(lambda: examples)
        for _ in range(3):
            nlp.update(examples, sgd=optimizer, drop=0.2)
        return nlp.get_pipe("relation_extractor").model.to_bytes()

    assert train() == train()


def test_long_documents_take_linear_work(trained):
    text = TEXTS[0] + " "
    extractor = trained.get_pipe("relation_extractor")

    def n_pairs(n):
        doc = trained.make_doc(text * n)
        for name in ("sentencizer", "entity_ruler"):
            doc = trained.get_pipe(name)(doc)
        return len(extractor.propose([doc])[0])

    assert n_pairs(40) == 4 * n_pairs(10)


def test_gradient_of_the_model_is_right(tiny_documents):
    """Against finite differences, for a weight of each layer."""
    nlp = blank(["sentencizer", "relation_extractor"], relation_extractor={"rare_weight": 0.5})
    examples = gold_examples(nlp, tiny_documents)
    nlp.initialize(lambda: examples)
    extractor: RelationExtractor = nlp.get_pipe("relation_extractor")
    model = extractor.model
    rng = numpy.random.default_rng(0)
    for node in model.walk():
        for name in node.param_names:
            if node.has_param(name):
                param = node.get_param(name)
                node.set_param(name, param + rng.normal(0, 0.05, param.shape).astype("f"))
    candidates, gold = extractor._training_pairs(examples)
    X = ([eg.predicted for eg in examples], candidates)

    def loss():
        scores, _ = model.begin_update(X)
        return extractor.get_loss(examples, (candidates, gold, scores))[0]

    scores, backprop = model.begin_update(X)
    model.finish_update(lambda key, param, grad: (param, grad))
    _, gradient = extractor.get_loss(examples, (candidates, gold, scores))
    backprop(gradient)
    checked = 0
    for node in model.walk():
        for name in node.grad_names:
            grad = node.get_grad(name)
            if node.name.startswith(("linear", "hashembed")) and numpy.abs(grad).max() > 1e-3:
                place = numpy.unravel_index(numpy.abs(grad).argmax(), grad.shape)
                param = node.get_param(name).copy()
                values = []
                for step in (0.003, -0.003):
                    moved = param.copy()
                    moved[place] += step
                    node.set_param(name, moved)
                    values.append(loss())
                node.set_param(name, param)
                assert (values[0] - values[1]) / 0.006 == pytest.approx(float(grad[place]), rel=0.03, abs=1e-3)
                checked += 1
    assert checked >= 10


def test_scores_do_not_depend_on_other_keys(trained):
    doc = trained(TEXTS[0])
    assert len(relation_keys(doc, SYMMETRIC)) == len(doc._.relations)


def test_update_with_pairs_and_no_date(tiny_documents):
    nlp = blank(["sentencizer", "relation_extractor"])
    examples = gold_examples(nlp, tiny_documents)
    optimizer = nlp.initialize(lambda: examples)
    assert not any(ent.label_ == "DATE" for ent in examples[1].reference.ents)
    assert nlp.update(examples[1:2], sgd=optimizer)["relation_extractor"] > 0
