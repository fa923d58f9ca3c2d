import pytest

from communique.corpus.check import check_documents

from .conftest import marked

HANDLES = "ann = Ann Bly | FRA\nfrance = France | FRA\nkenya = Kenya | KEN\npact = pact\nd = 2025-05-01"
ALL = (
    "[Ann Bly](HEAD_OF_STATE ann), [France](COUNTRY france), [Kenya](COUNTRY kenya), a [pact](TREATY pact), [1 May](DATE d).\n"
)


def faults_of(handles, body):
    faults, _ = check_documents([marked(handles, body)])
    return [str(fault) for fault in faults]


def test_a_clean_document_has_no_fault():
    assert faults_of(HANDLES, ALL + "> ann HEAD_OF_STATE_OF france\n> ann SIGNED pact @d\n> kenya MET_WITH ann") == []


@pytest.mark.parametrize(
    "relation, said",
    [
        ("ann SIGNED france", "SIGNED cannot have the COUNTRY [France] as tail"),
        ("pact CRITICISED france", "cannot have the TREATY [pact] as head"),
        ("ann ADORES france", "unknown relation"),
        ("ann CRITICISED france @kenya", "is no DATE"),
        ("kenya MET_WITH france\n> france MET_WITH kenya", "the same relation as in line"),
        ("kenya CRITICISED france\n> kenya -CRITICISED france", "the same relation as in line"),
    ],
)
def test_relations_that_the_scheme_forbids(relation, said):
    faults = faults_of(HANDLES, f"{ALL}> {relation}")
    assert len(faults) == 1 and said in faults[0]


def test_direction_makes_two_asymmetric_relations():
    assert faults_of(HANDLES, f"{ALL}> kenya CRITICISED france\n> france CRITICISED kenya") == []


@pytest.mark.parametrize(
    "sentence, said",
    [
        ("[the Kremlin](GOVERNMENT k) spoke", "an article"),
        ("[Kremlin's](GOVERNMENT k) reply", "a possessive"),
        ("[Kremlin,](GOVERNMENT k) it said", "punctuation at the edge"),
        ("the [Krem](GOVERNMENT k)lin spoke", "cuts a token"),
        ("the [Kremlin](CASTLE k) spoke", "unknown label"),
    ],
)
def test_ragged_spans(sentence, said):
    faults = faults_of("k = Kremlin | RUS", sentence)
    assert len(faults) == 1 and said in faults[0]


@pytest.mark.parametrize("text", ["U.S.", "OPEC+", "Nov. 12", "Washington, D.C."])
def test_abbreviations_may_end_a_span(text):
    assert faults_of("k = x | USA", f"The [{text}](COUNTRY k) spoke") == []


@pytest.mark.parametrize(
    "handles, sentence, said",
    [
        ("k = Kenya", "[Kenya](COUNTRY k) spoke", "has no code"),
        ("k = Kenya | KE", "[Kenya](COUNTRY k) spoke", "unknown state 'KE'"),
        ("k = Kenya | KEN\nx = X", "[Kenya](COUNTRY k) spoke", "used by no mention"),
        ("k =", "[Ann](PERSON k) spoke", "has no name"),
        ("d = last week", "[Last week](DATE d) it rained", "is no date"),
        ("k = Kenya | KEN", "[Kenya](COUNTRY k) and the [UN](IGO k)", "is COUNTRY and IGO"),
    ],
)
def test_handles(handles, sentence, said):
    faults = faults_of(handles, sentence)
    assert len(faults) == 1 and said in faults[0]


def test_head_and_ids():
    one, two = marked("", "One.", "same"), marked("", "Two.", "same")
    two.path = "other.cmu"
    del two.document.meta["genre"]
    two.document.meta["region"] = "Atlantis"
    faults = [str(fault) for fault in check_documents([one, two])[0]]
    assert len(faults) == 3
    assert "id stands in same.cmu too" in " ".join(faults)
    assert "no genre" in " ".join(faults) and "unknown region 'Atlantis'" in " ".join(faults)


def test_suspicions():
    one = marked(
        HANDLES,
        "[Ann Bly](HEAD_OF_STATE ann) met a man from [Kenya](COUNTRY kenya).\nKenya of course is far, and Ann Bly said so in 2024 to the parliament.\n"
        "[French](NORP france) President [Ann Bly](HEAD_OF_STATE ann) slept.",
    )
    two = marked("", "It is said that of course is far, and Ann Bly said so in 2024 to nobody at all.", "u")
    two.path = "u.cmu"
    said = [str(s) for s in check_documents([one, two])[1]]
    assert any("'met' with two actors and no relation" in s for s in said)
    assert any("'Kenya' is COUNTRY elsewhere" in s and ":15:" in s for s in said) or any(
        "'Kenya' is COUNTRY elsewhere" in s for s in said
    )
    assert any("'2024' outside of a mention" in s for s in said)
    assert any("'parliament' outside of a mention" in s for s in said)
    assert any("without the office as a relation" in s for s in said)
    assert any("stands in t.cmu too" in s for s in said)
