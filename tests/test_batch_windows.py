"""Long texts, cut and put together again, against the same texts uncut."""

import time

import pytest
from hypothesis import given, settings, strategies as st

from communique.batch.extraction import Limits, extract
from communique.batch.record import Record
from communique.batch.windows import Window, cut, join
from communique.document import Document, Entity

SENTENCES = [
    "French President Ann Bly signed a pact with Kenya in May. ",
    "Kenya did not condemn France. ",
    "Kenyan President Ben Roe condemned Chad.\n",
    "Chad will condemn France.\n\n",
    "Ann Bly met Kenya. ",
    "Nothing of note happened in the long weeks that came after it. ",
]


def only(nlp, text, **limits):
    (document,) = extract(nlp, [Record("s", 1, "d", text=text, meta={"m": 1})], Limits(**limits))
    return document


@given(st.text("ab .\n", max_size=400), st.integers(20, 60))
@settings(deadline=None)
def test_windows_cover_the_text_and_overlap(text, window):
    overlap = window // 5
    spans = cut(text, window, overlap)
    assert spans[0][0] == 0 and spans[-1][1] == len(text)
    assert all(end - start <= window for start, end in spans)
    for (_, end), (start, _) in zip(spans, spans[1:]):
        assert overlap <= end - start <= 2 * overlap
    for (_, end), (start, _) in zip(spans, spans[2:]):
        assert end <= start


@pytest.mark.parametrize("shift", range(0, 60, 6))
def test_a_cut_text_gives_what_the_uncut_one_gives(trained, shift):
    """The cuts fall elsewhere in the sentences with every shift."""
    text = "x" * shift + " " + "".join(SENTENCES[(i * i + i // 7) % len(SENTENCES)] for i in range(60))
    whole = only(trained, text)
    windowed = only(trained, text, window=500, overlap=100)
    assert len(cut(text, 500, 100)) > 5 and len(whole.relations) > 40
    assert windowed.to_json() == whole.to_json()


def test_a_text_of_three_hundred_pages_takes_linear_time(trained):
    page = "".join(SENTENCES) * 12  # some 3,000 characters
    only(trained, page)

    def seconds(pages):
        start = time.process_time()
        document = only(trained, page * pages)
        assert len(document.relations) == pages * len(only(trained, page).relations)
        return time.process_time() - start

    short = seconds(30)
    assert seconds(300) < 10 * short * 2


def test_clusters_go_on_in_the_next_window():
    def window(start, text, *entities):
        return Window(start, Document("", text, {}, [Entity(*e) for e in entities]), [0])

    text = "Ann Bly came. Bly left. Bly slept. She met Bly of Q1 and Bly of Q2."
    first = window(0, text[:23], (0, 7, "Ann Bly", "PERSON", 0), (14, 17, "Bly", "PERSON", 0))
    second = window(14, text[14:], (0, 3, "Bly", "PERSON", 0), (10, 13, "Bly", "PERSON", 0), (29, 32, "Bly", "PERSON", 1))
    assert [e.cluster for e in join("d", text, {}, [first, second]).entities] == [0, 0, 0, 0]
    second.document.entities[2].text = "B."
    assert [e.cluster for e in join("d", text, {}, [first, second]).entities] == [0, 0, 0, 1]
