"""Which disagreements the cross-validation of the corpus lists."""

from dataclasses import replace

from cross_validation import label_counts, mention_lines, relation_lines

from communique.document import Document, Entity, Relation


def document(text, *mentions, relations=()):
    entities = []
    for mention, label in mentions:
        start = text.index(mention)
        entities.append(Entity(start, start + len(mention), mention, label, len(entities)))
    return Document("d", text, {}, entities, list(relations))


OTHERS = [document("Chad met Kenya.", ("Chad", "COUNTRY"), ("Kenya", "COUNTRY"))] * 3 + [
    document("In Chad it rained.", ("Chad", "LOC")),
    document("May was there, and may be again; may it.", ("May", "DATE")),
]


def listed(gold, predicted):
    return [line.strip() for _, line in mention_lines(gold, predicted, *label_counts(OTHERS))]


def test_a_mention_is_listed_where_the_other_documents_side_with_the_prediction():
    text = "Chad slept."
    as_country, as_place = document(text, ("Chad", "COUNTRY")), document(text, ("Chad", "LOC"))
    assert listed(as_place, as_country) == ["~ [Chad] COUNTRY, annotated LOC"]
    assert listed(as_country, as_place) == []


def test_a_mention_that_is_not_annotated_is_listed_if_it_mostly_is_elsewhere():
    assert listed(document("Kenya slept."), document("Kenya slept.", ("Kenya", "COUNTRY"))) == ["+ [Kenya] COUNTRY"]
    others = [document("may, may, may", ("may", "DATE"))]
    counts = label_counts(others)
    assert not list(mention_lines(document("may"), document("may", ("may", "DATE")), *counts))


def test_an_annotated_mention_is_listed_if_no_other_document_has_it():
    assert listed(document("Mali and Kenya.", ("Mali", "COUNTRY"), ("Kenya", "COUNTRY")), document("Mali and Kenya.")) == [
        "- [Mali] COUNTRY"
    ]


def test_relations_are_listed_by_their_scores():
    found = Relation(0, 1, "MET_WITH", "asserted", None, None, 0.9, (0, 15))
    gold = replace(OTHERS[0], relations=[])

    def lines(gold, predicted):
        return [line.strip() for _, line in relation_lines(gold, predicted, sure=0.65)]

    assert lines(gold, replace(gold, relations=[found])) == ["+ [Chad] MET_WITH [Kenya] asserted 0.90"]
    assert lines(gold, replace(gold, relations=[replace(found, score=0.5)])) == []
    assert lines(replace(gold, relations=[found]), gold) == ["- [Chad] MET_WITH [Kenya] asserted"]
    denied = replace(found, factuality="negated")
    assert lines(replace(gold, relations=[denied]), replace(gold, relations=[found])) == [
        "~ [Chad] MET_WITH [Kenya] asserted, annotated negated"
    ]
    assert lines(replace(gold, relations=[found]), replace(gold, relations=[found])) == []
