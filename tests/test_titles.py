import csv
from pathlib import Path

import pytest

from communique.pipeline.titles import Titles
from communique.scheme import PERSON_LABELS

from .conftest import blank

ROOT = Path(__file__).parent.parent
NLP = blank([])


@pytest.fixture(scope="module")
def titles():
    with (ROOT / "corpus" / "titles.tsv").open(encoding="utf8", newline="") as file:
        return Titles(csv.DictReader(file, delimiter="\t"))


def roles(titles, marked):
    """marked: Text with mentions in brackets as `[text|LABEL]`, people as `[text]`."""
    text, spans = "", []
    for part in marked.replace("]", "[").split("["):
        start = len(text)
        if marked.replace("]", "[").split("[").index(part) % 2:
            words, _, label = part.partition("|")
            text += words
            spans.append((start, len(text), label or "PERSON"))
        else:
            text += part
    doc = NLP.make_doc(text)
    doc.set_ents([doc.char_span(*span[:2], label=span[2]) for span in spans])
    return {ent.text: role for ent, role in titles.roles(doc, PERSON_LABELS)}


@pytest.mark.parametrize(
    "text,role",
    [
        ("President [Ann Bly] spoke", "HEAD_OF_STATE"),
        ("the prime minister, [Ann Bly], spoke", "HEAD_OF_GOV"),
        ("[Ann Bly], [Chad|COUNTRY]’s prime minister, spoke", "HEAD_OF_GOV"),
        ("[Iranian|NORP] President [Ann Bly]", "HEAD_OF_GOV"),
        ("Deputy Prime Minister [Ann Bly]", "OFFICIAL"),
        ("Vice-President [Ann Bly]", "OFFICIAL"),
        ("Foreign Minister Dr [Ann Bly]", "OFFICIAL"),
        ("the [IGAD|IGO] president, [Ann Bly]", "OFFICIAL"),
        ("the President of the [African Union|IGO], Mr [Ann Bly]", "OFFICIAL"),
        ("[Ann Bly], president of the think tank [Green Forum|ORG]", "PERSON"),
        ("former [Chadian|NORP] president [Ann Bly]", "PERSON"),
        ("President-elect [Ann Bly]", "PERSON"),
        ("ex-President [Ann Bly]", "PERSON"),
        ("the historian [Ann Bly]", "PERSON"),
        ("the exiled [Ann Bly]", "PERSON"),
        ("[Ann Bly] is a reporter for us", "PERSON"),
        ("A headline\nBy [Ann Bly], [Paris|LOC]", "PERSON"),
        ("By [Ann Bly]", "PERSON"),
        ("An attempt by [Ann Bly]", None),
        ("[Ann Bly] met the president", None),
        ("He met the President. [Ann Bly] did not", None),
        ("the president\n[Ann Bly]", None),
        ("Chancellor [Ann Bly]", None),
        ("[German|NORP] Chancellor [Ann Bly]", "HEAD_OF_GOV"),
    ],
)
def test_role_of_a_title(titles, text, role):
    assert roles(titles, text).get("Ann Bly") == role


def test_a_title_in_a_list_belongs_to_the_name_behind_it(titles):
    found = roles(titles, "[Ann Bly], President [Raul Roe] and the envoy [Bo Lee]")
    assert found == {"Raul Roe": "HEAD_OF_STATE", "Bo Lee": "OFFICIAL"}


def test_a_title_in_the_plural_is_that_of_all_in_the_list(titles):
    found = roles(titles, "former presidents [Ann Bly], [Raul Roe] and [Bo Lee] met [Cy Moe]")
    assert found == {"Ann Bly": "PERSON", "Raul Roe": "PERSON", "Bo Lee": "PERSON"}
    assert roles(titles, "President [Ann Bly] and [Raul Roe] met") == {"Ann Bly": "HEAD_OF_STATE"}


def test_an_owner_stands_beside_the_title(titles):
    assert roles(titles, "the talks in [Paris|LOC] where President [Ann Bly] spoke") == {"Ann Bly": "HEAD_OF_STATE"}


def test_without_a_table_there_is_no_role():
    assert roles(Titles([]), "President [Ann Bly]") == {}


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="no title, of, modifier, honorific or byline: .*'rank'"):
        Titles([{"kind": "rank", "words": "general", "label": "OFFICIAL"}])
