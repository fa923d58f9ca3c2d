import pytest
from spacy.tokens import Doc, Span

from communique.errors import InputError

from communique.pipeline.person_roles import PersonRoles
from communique.scheme import PERSON_LABELS

from .conftest import blank

NLP = blank([])


TITLES = "kind\twords\tof\tlabel\ntitle\tpresident\t\tHEAD_OF_STATE\n"
LEADERS = "name\tlabel\nAnn Bly\tHEAD_OF_GOV\nRoe\tHEAD_OF_STATE\n"


def unified(words, ents, roles=None):
    doc = Doc(NLP.vocab, words=words.split())
    doc.set_ents([Span(doc, start, end, label) for start, end, label in ents])
    return [(ent.start, ent.text, ent.label_) for ent in (roles or PersonRoles(PERSON_LABELS))(doc).ents]


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "titles.tsv").write_text(TITLES, encoding="utf8")
    (tmp_path / "leaders.tsv").write_text(LEADERS, encoding="utf8")
    return tmp_path


@pytest.fixture
def roles(tables):
    roles = PersonRoles(PERSON_LABELS)
    roles.initialize(lambda: [], titles=tables / "titles.tsv", leaders=tables / "leaders.tsv")
    return roles


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


def test_a_title_outvotes_the_recognizer(roles):
    ents = [(1, 3, "PERSON"), (5, 7, "PERSON"), (9, 10, "OFFICIAL")]
    found = unified("President Cy Moe spoke . Cy Moe left . Moe", ents, roles)
    assert {label for *_, label in found} == {"HEAD_OF_STATE"}


def test_a_known_leader_outvotes_one_mention_but_not_a_title(roles):
    assert unified("Ann Bly of Chad", [(0, 2, "PERSON"), (3, 4, "COUNTRY")], roles)[0][2] == "HEAD_OF_GOV"
    assert unified("Roe spoke", [(0, 1, "OFFICIAL")], roles)[0][2] == "HEAD_OF_STATE"
    assert unified("President Ann Bly", [(1, 3, "OFFICIAL")], roles)[0][2] == "HEAD_OF_STATE"


def test_tables_survive_serialization(roles, tmp_path):
    roles.to_disk(tmp_path / "roles")
    for again in (
        PersonRoles(PERSON_LABELS).from_bytes(roles.to_bytes()),
        PersonRoles(PERSON_LABELS).from_disk(tmp_path / "roles"),
    ):
        assert again.titles.rows == roles.titles.rows and again.leaders == roles.leaders
        assert unified("President Ann Bly", [(1, 3, "OFFICIAL")], again)[0][2] == "HEAD_OF_STATE"


def test_a_wrong_table_is_one_line(tables):
    roles = PersonRoles(PERSON_LABELS)
    (tables / "titles.tsv").write_text(TITLES + "rank\tgeneral\t\tOFFICIAL\n", encoding="utf8")
    with pytest.raises(InputError, match="titles.tsv: no title, of, modifier, honorific or byline"):
        roles.initialize(lambda: [], titles=tables / "titles.tsv")
    with pytest.raises(InputError, match="titles.tsv: line 1 must name the columns name, label"):
        roles.initialize(lambda: [], leaders=tables / "titles.tsv")


def test_a_known_leader_votes_once(roles):
    ents = [(1, 3, "HEAD_OF_STATE"), (4, 6, "OFFICIAL"), (7, 9, "OFFICIAL"), (10, 12, "OFFICIAL"), (13, 15, "OFFICIAL")]
    text = "President Ann Bly . Ann Bly . Ann Bly . Ann Bly . Ann Bly"
    assert {label for *_, label in unified(text, ents, roles)} == {"HEAD_OF_STATE"}
