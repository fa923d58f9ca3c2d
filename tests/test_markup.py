import pytest

from communique.corpus.markup import format_markup, parse_markup

from .conftest import marked


def test_reads_mentions_relations_and_head():
    m = marked(
        "ann = Ann Bly | FRA | Q1\nfrance = France | FRA\nd = 2025-05-01",
        "[Ann Bly](HEAD_OF_STATE ann) of [France](COUNTRY france) spoke on [1 May](DATE d).\n> ann HEAD_OF_STATE_OF france @d",
    )
    document = m.document
    assert not m.faults
    assert document.id == "t" and document.meta["genre"] == "short"
    assert document.text == "Ann Bly of France spoke on 1 May."
    ann, france, day = document.entities
    assert (ann.start, ann.end, ann.text, ann.label, ann.cluster) == (0, 7, "Ann Bly", "HEAD_OF_STATE", 0)
    assert (ann.name, ann.state, ann.kb_id) == ("Ann Bly", "FRA", "Q1")
    assert (france.start, france.cluster, day.name) == (11, 1, "2025-05-01")
    (relation,) = document.relations
    assert (relation.head, relation.tail, relation.date, relation.date_iso) == (0, 1, 2, "2025-05-01")
    assert relation.sent == (0, len(document.text))


def test_signs_say_factuality():
    m = marked(
        "a = A | FRA\nb = B | KEN",
        "[A](COUNTRY a) and [B](COUNTRY b) talked.\n> a -CRITICISED b\n> a ?MET_WITH b\n> b SUPPORTED a",
    )
    assert [r.factuality for r in m.document.relations] == ["negated", "prospective", "asserted"]


def test_a_handle_means_the_nearest_mention_that_fits():
    m = marked(
        "ann = Ann | FRA\nfrance = France | FRA",
        "[French](NORP france) aide [Ann](OFFICIAL ann) has left [France](COUNTRY france), [French](NORP france) papers said.\n"
        "> ann OFFICIAL_OF france\n> ann VISITED france\n> ann CRITICISED france#3",
    )
    assert not m.faults
    assert [r.tail for r in m.document.relations] == [0, 2, 3]


def test_two_mentions_equally_near_need_a_number():
    m = marked("a = A | FRA\nb = B | KEN", "[A](COUNTRY a) [B](COUNTRY b) [A](COUNTRY a)\n> b CRITICISED a")
    (fault,) = m.faults
    assert "several mentions" in str(fault) and fault.line == 10


def test_white_space_and_brackets_survive():
    text = "One \\[sic\\] two.\\n\nThree\\\n, four\\s\\s\n\n\\u00a0Five \\\\ \\> six.\\n\\n\n"
    m = parse_markup(f"id: x\n\n{text}")
    assert not m.faults
    assert m.document.text == "One [sic] two.\nThree, four  \u00a0Five \\ > six.\n\n"
    again = parse_markup(format_markup(m.document)).document
    assert again == m.document


@pytest.mark.parametrize(
    "body, said",
    [
        ("[A(COUNTRY a) x", "never closed"),
        ("A] x", "closes no mention"),
        ("[A] x", "no label and handle"),
        ("[A [B](COUNTRY a)](COUNTRY a)", "a mention inside a mention"),
        ("[](COUNTRY a) x", "an empty mention"),
        ("[A](COUNTRY zz) x", "handle 'zz' is not in the head"),
        ("\\q x", "is no escape"),
        (" [A](COUNTRY a)", "white space around"),
        ("> a MET_WITH a", "a relation without a sentence"),
        ("[A](COUNTRY a) x\n> a MET a b", "not a relation"),
        ("[A](COUNTRY a) x.\nNext one.\n> a CRITICISED a", "has no mention in this sentence"),
        ("[A](COUNTRY a) x\n> a#2 CRITICISED a", "1 mentions of it"),
    ],
)
def test_faults_name_the_line_and_the_mend(body, said):
    m = marked("a = A | FRA", body)
    assert any(said in str(fault) for fault in m.faults), m.faults
    fault = next(fault for fault in m.faults if said in str(fault))
    assert str(fault).startswith(f"t.cmu:{fault.line}: ") and fault.line >= 8 and fault.mend
