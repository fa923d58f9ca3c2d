"""Which mentions name the same thing, from one document to the next."""

import pytest

from communique.document import Document, Entity
from communique.sinks.things import find_things, normalise


def things(*mentions, id="d1"):
    """Mentions as (text, label, cluster) and further fields of an entity."""
    text, entities = "", []
    for surface, label, cluster, *rest in mentions:
        entities.append(Entity(len(text), len(text) + len(surface), surface, label, cluster, *rest))
        text += surface + " "
    return find_things(Document(id, text, {}, entities))


@pytest.mark.parametrize(
    "name, key",
    [
        ("Robert Golob", "robert_golob"),
        ("ROBERT  GOLOB", "robert_golob"),
        ("Robert\u00a0Golob", "robert_golob"),
        ("U.S.", "us"),
        ("Côte d’Ivoire", "côte_divoire"),
        ("Cote\u0301", "coté"),
        ("北京", "北京"),
        ("हिंदी", "हिंदी"),
        ("ＮＡＴＯ", "nato"),
        ("=1+1", "1_1"),
        ("@;", ""),
    ],
)
def test_normalised_names(name, key):
    assert normalise(name) == key


def test_mentions_of_a_cluster_name_one_thing_by_its_fullest_name():
    golob, robert, other = things(("Golob", "PERSON", 0), ("Robert Golob", "HEAD_OF_GOV", 0), ("Golob", "PERSON", 1))
    assert golob is robert
    assert (golob.key, golob.name, golob.labels) == ("person:robert_golob", "Robert Golob", ("HEAD_OF_GOV", "PERSON"))
    assert other.key == "person:golob"


def test_a_person_is_the_same_in_any_office():
    (then,), (now,) = things(("Medvedev", "HEAD_OF_STATE", 0)), things(("Medvedev", "OFFICIAL", 0), id="d2")
    assert then.id == now.id


def test_what_is_linked_is_known_by_its_link():
    linked = ("Putin", "HEAD_OF_STATE", 0, "Q7747", "Vladimir Putin", "RUS")
    (thing,), (other,) = things(linked), things(("Vladimir Putin", "PERSON", 3, "Q7747"), id="d2")
    assert thing.id == other.id == thing.wikidata == "Q7747"
    assert (thing.name, thing.state) == ("Vladimir Putin", "RUS")
    (elsewhere,) = things(("Putin", "PERSON", 0, "viaf:7"))
    assert elsewhere.wikidata is None and elsewhere.key == "viaf:7"


def test_a_nationality_goes_with_its_state_where_that_is_known():
    russian, russia = things(("Russian", "NORP", 0), ("Russia", "COUNTRY", 0))
    assert russian is russia and russia.key == "country:russia" and russia.labels == ("COUNTRY", "NORP")
    (alone,) = things(("Russian", "NORP", 0))
    assert alone.key == "norp:russian"
    (coded,), (too,) = things(("Russian", "NORP", 0, None, None, "RUS")), things(("Russia", "COUNTRY", 0, None, None, "RUS"))
    assert coded.key == too.key == "country:rus"


def test_a_city_and_the_government_in_it_are_two():
    city, government = things(("Moscow", "LOC", 0), ("Moscow", "GOVERNMENT", 0))
    assert (city.key, government.key) == ("loc:moscow", "government:moscow")


def test_a_description_holds_in_its_document_alone():
    (one,), (other,) = things(("agreement", "TREATY", 0)), things(("agreement", "TREATY", 0), id="d2")
    assert one.id == "treaty:agreement@d1" != other.id
    (one,), (other,) = things(("New START", "TREATY", 0)), things(("New START", "TREATY", 0), id="d2")
    assert one.id == other.id == "treaty:new_start"


def test_an_organ_is_that_of_its_state_or_of_its_document():
    (unknown,) = things(("Foreign Ministry", "GOVERNMENT", 0))
    (french,) = things(("Foreign Ministry", "GOVERNMENT", 0, None, None, "FRA"))
    (place,) = things(("Kremlin", "GOVERNMENT", 0))
    assert [t.id for t in (unknown, french, place)] == [
        "government:foreign_ministry@d1",
        "government:fra:foreign_ministry",
        "government:kremlin",
    ]


def test_clusters_with_one_name_are_one_thing_and_no_cluster_is_by_text():
    upper, lower, other, again = things(("NATO", "IGO", 0), ("Nato", "IGO", 1), ("EU", "IGO", None), ("EU", "IGO", None))
    assert upper is lower and other is again and other.key == "igo:eu"


def test_a_name_of_signs_alone_has_a_key():
    one, other = things(("@;", "ORG", 0), ("&", "ORG", 1))
    assert one.key == "org:40-3b" and other.key == "org:26"
