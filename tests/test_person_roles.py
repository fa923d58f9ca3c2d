from spacy.tokens import Doc, Span

from communique.pipeline.person_roles import PersonRoles
from communique.scheme import PERSON_LABELS

from .conftest import blank

NLP = blank([])


def unified(words, ents):
    doc = Doc(NLP.vocab, words=words.split())
    doc.set_ents([Span(doc, start, end, label) for start, end, label in ents])
    return [(ent.start, ent.text, ent.label_) for ent in PersonRoles(PERSON_LABELS)(doc).ents]


def test_surnames_take_the_role_of_the_full_name():
    found = unified(
        "President Ann Bly spoke . Bly left Chad . Then Bly slept .",
        [(1, 3, "HEAD_OF_STATE"), (5, 6, "COUNTRY"), (7, 8, "COUNTRY")],
    )
    assert found == [(1, "Ann Bly", "HEAD_OF_STATE"), (5, "Bly", "HEAD_OF_STATE"), (7, "Chad", "COUNTRY"), (10, "Bly", "HEAD_OF_STATE")]


def test_the_majority_decides_and_full_names_weigh_double():
    text = "Ann Bly , Bly , Bly , Bly"
    assert {label for *_, label in unified(text, [(0, 2, "PERSON"), (3, 4, "OFFICIAL"), (5, 6, "OFFICIAL"), (7, 8, "OFFICIAL")])} == {"OFFICIAL"}
    assert {label for *_, label in unified(text, [(0, 2, "PERSON"), (3, 4, "OFFICIAL")])} == {"PERSON"}


def test_two_people_with_one_surname():
    found = unified(
        "Raul Roe met Ann Roe ; Roe left", [(0, 2, "HEAD_OF_STATE"), (3, 5, "PERSON"), (6, 7, "HEAD_OF_STATE")]
    )
    assert [label for *_, label in found] == ["HEAD_OF_STATE", "PERSON", "PERSON"]


def test_without_a_full_name_nothing_changes():
    ents = [(0, 1, "OFFICIAL"), (2, 3, "COUNTRY")]
    assert unified("Bly in Chad", ents) == [(0, "Bly", "OFFICIAL"), (2, "Chad", "COUNTRY")]
    assert unified("Bly in Chad", []) == []


def test_a_surname_inside_of_another_mention_stays():
    found = unified("Ann Bly of the Bly Foundation", [(0, 2, "PERSON"), (4, 6, "ORG")])
    assert found == [(0, "Ann Bly", "PERSON"), (4, "Bly Foundation", "ORG")]
