"""Augmenters of training documents: what they promise for any document and seed, and what they do to single names."""

import random
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.training import Example
from spacy.util import load_config, registry

from communique.augmentation.boilerplate import create_boilerplate
from communique.augmentation.copies import create_augmented_copies
from communique.augmentation.date_swaps import create_date_swaps
from communique.augmentation.edits import Edit, apply_edits, takes_an
from communique.augmentation.instrument_swaps import create_instrument_swaps
from communique.augmentation.organisation_swaps import create_organisation_swaps
from communique.augmentation.person_swaps import create_person_swaps
from communique.augmentation.state_swaps import create_state_swaps
from communique.augmentation.surface_noise import create_case_noise, create_punctuation_noise, create_quote_noise
from communique.corpus.files import read_documents
from communique.docs import from_doc, to_doc
from communique.errors import InputError

from .conftest import blank, marked

ROOT = Path(__file__).parent.parent
TABLES = ROOT / "corpus"
NLP = blank([])
# What each needs in the configuration, and here.
KINDS = {
    "boilerplate": (create_boilerplate, {"lines": TABLES / "boilerplate"}),
    "dates": (create_date_swaps, {}),
    "people": (create_person_swaps, {"lexicon": TABLES / "lexicon.tsv"}),
    "organisations": (create_organisation_swaps, {"organisations": TABLES / "organisations.tsv"}),
    "instruments": (create_instrument_swaps, {"instruments": TABLES / "instruments.tsv"}),
    "states": (create_state_swaps, {"states": TABLES / "states.tsv"}),
    "quotes": (create_quote_noise, {}),
    "punctuation": (create_punctuation_noise, {}),
    "case": (create_case_noise, {}),
}
RICH = marked(
    "russia = Russia | RUS\nputin = Vladimir Putin | RUS\nkremlin = Kremlin | RUS\nus = United States | USA\nxi = Xi Jinping | CHN\n"
    "charles = Charles III | GBR\neu = European Union\nau = African Union\nhamas = Hamas\npact = free trade agreement\n"
    "paris = Paris Agreement\nd13 = 2025-11-13\nd12 = 2025-11-12\nweek = 2025-11\nmoscow = Moscow\naf = Pakistan Air Force | PAK\n"
    "pak = Pakistan | PAK",
    "[Putin](HEAD_OF_STATE putin) Signs [Pact](TREATY pact)\n> putin SIGNED pact\n\n"
    "[Russian](NORP russia) President [Vladimir Putin](HEAD_OF_STATE putin) and an [American](NORP us) envoy signed a "
    "[free trade agreement](TREATY pact) in [Moscow](LOC moscow) on [Wednesday](DATE d12), [12 November](DATE d12).\n"
    "> putin HEAD_OF_STATE_OF russia\n> putin SIGNED pact @d12#1\n> us SIGNED pact @d12#1\n"
    "The [Kremlin](GOVERNMENT kremlin) said \"the [U.S.](COUNTRY us) and [Moscow](GOVERNMENT russia)\" trust each other – at last.\n"
    "The [Russians](NORP russia) have backed the [United States](COUNTRY us)' bid for the [European Union](IGO eu) ([EU](IGO eu)).\n"
    "> russia SUPPORTED us\n"
    "[Xi Jinping](HEAD_OF_STATE xi), King [Charles III](HEAD_OF_STATE charles) and [Hamas](ORG hamas) did not; [Xi](HEAD_OF_STATE xi) "
    "left the [Paris Agreement](TREATY paris) in [November](DATE week), and the [Agreement](TREATY paris) lives.\n"
    "> xi -PARTY_TO paris#1 @week\n"
    "The [Pakistan Air Force](GOVERNMENT af) of [Pakistan](COUNTRY pak) was silent [today](DATE d13).",
    "rich",
)
assert not RICH.faults, RICH.faults


@pytest.fixture(scope="module")
def corpus():
    """Some of the training documents, and one with a bit of everything."""
    paths = sorted((TABLES / "documents").glob("*.cmu"))
    documents = [document for path in random.Random(0).sample(paths, 12) for document in read_documents(path)]
    return [RICH.document, *documents]


def make(kind, share=1.0, seed=0):
    create, tables = KINDS[kind]
    return create(**tables, share=share, seed=seed)


def example_of(document):
    return Example(NLP.make_doc(document.text), to_doc(document, NLP))


def augmented(kind, document, **kwargs):
    (example,) = make(kind, **kwargs)(NLP, example_of(document))
    return from_doc(example.reference)


def texts(document, label=None):
    return [entity.text for entity in document.entities if label in (None, entity.label)]


def outside(document):
    """The text between the mentions."""
    ends = [0, *(entity.end for entity in document.entities)]
    starts = [*(entity.start for entity in document.entities), len(document.text)]
    return [document.text[end:start] for end, start in zip(ends, starts)]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1000), share=st.floats(0.1, 1.0))
def test_annotation_stays_aligned(kind, corpus, data, seed, share):
    document = data.draw(st.sampled_from(corpus))
    (example,) = make(kind, share, seed)(NLP, example_of(document))
    original, reference = to_doc(document, NLP), example.reference
    assert [token.text for token in example.predicted] == [token.text for token in reference]
    # Reading it back finds the very same mentions, so that none ends inside a token or overlaps another.
    again = to_doc(from_doc(reference), NLP)
    assert [(e.start, e.end, e.label) for e in again.ents] == [(e.start, e.end, e.label) for e in reference.ents]
    assert all(ent.text == ent.text.strip() and ent.text for ent in reference.ents)
    assert all(r["head"] in {(e.start, e.end) for e in reference.ents} for r in reference._.relations)
    assert all(reference[r["head"][0]].sent == reference[r["tail"][0]].sent for r in reference._.relations)
    if kind == "boilerplate":
        assert is_within([e.label_ + e.text for e in original.ents], [e.label_ + e.text for e in reference.ents])
        assert is_within([s.text.strip() for s in original.sents], [s.text.strip() for s in reference.sents])
        return
    assert [e.label_ for e in reference.ents] == [e.label_ for e in original.ents]
    assert relations_by_mention(reference) == relations_by_mention(original)
    assert len(list(reference.sents)) == len(list(original.sents))
    assert ents_by_sentence(reference) == ents_by_sentence(original)
    clusters = [[entity.cluster for entity in from_doc(doc).entities] for doc in (original, reference)]
    assert clusters[0] == clusters[1]


def is_within(part, whole):
    rest = iter(whole)
    return all(one in rest for one in part)


def relations_by_mention(doc):
    place = {(ent.start, ent.end): i for i, ent in enumerate(doc.ents)}
    return [
        (place[r["head"]], r["label"], r["factuality"], place[r["tail"]], r["date"] and place[r["date"]])
        for r in doc._.relations
    ]


def ents_by_sentence(doc):
    return [[ent.label_ for ent in sent.ents] for sent in doc.sents]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10000))
def test_the_text_differs_and_the_seed_decides(kind, seed):
    one, other = (augmented(kind, RICH.document, seed=seed) for _ in range(2))
    assert one == other
    if kind == "quotes":  # They may be the same ones.
        assert any(augmented(kind, RICH.document, seed=s).text != RICH.document.text for s in range(seed, seed + 9))
    else:
        assert one.text != RICH.document.text


@pytest.mark.parametrize("kind", KINDS)
def test_no_share_changes_nothing(kind, corpus):
    augment = make(kind, share=0.0)
    for document in corpus:
        example = example_of(document)
        assert list(augment(NLP, example)) == [example]


@pytest.mark.parametrize("kind", ["people", "organisations", "instruments", "states", "dates"])
def test_swaps_change_names_and_what_agrees_with_them_only(kind, corpus):
    for document in corpus:
        new = augmented(kind, document)
        assert [without_agreement(text) for text in outside(new)] == [without_agreement(text) for text in outside(document)]


def without_agreement(text):
    """Without the `n` of an article before a name, the `s` of a possessive and the full stop of an abbreviation after."""
    return re.sub(r"\b([Aa])n $", r"\1 ", re.sub(r"^(['’])s\b|^\.(?=\s|$)", r"\1", text))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10000))
def test_one_name_through_the_document(seed):
    new = augmented("people", RICH.document, seed=seed)
    short, full, chinese, monarch, chinese_short = texts(new, "HEAD_OF_STATE")
    assert full.split()[-1] == short and short != "Putin"
    assert chinese.split()[0] == chinese_short and chinese_short != "Xi"
    assert monarch.endswith(" III")
    new = augmented("states", RICH.document, seed=seed)
    state = {entity.state for entity in new.entities if entity.cluster == RICH.document.entities[2].cluster}
    assert len(state) == 1 and state != {"RUS"}
    assert new.entities[3].state in state, "the president goes with the state"
    assert "Pakistan" not in new.text and texts(new)[-3].endswith(" Air Force")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10000))
def test_an_organisation_keeps_its_kind_and_its_abbreviation(seed):
    new = augmented("organisations", RICH.document, seed=seed)
    name, abbreviation = texts(new, "IGO")
    rows = [line.split("\t") for line in (TABLES / "organisations.tsv").read_text(encoding="utf8").splitlines()]
    (row,) = [row for row in rows if row[2].split(" | ")[0].removeprefix("the ") == name]
    assert row[:2] == ["IGO", "union"] and row[3].split(" | ")[0] == f"the {abbreviation}"
    assert name != "European Union"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10000))
def test_a_title_brings_its_noun_and_a_phrase_keeps_its_form(seed):
    pact, phrase, title, noun = texts(augmented("instruments", RICH.document, seed=seed), "TREATY")
    assert noun.lower() in title.lower() and noun[0].isupper() and title != "Paris Agreement"
    assert pact[0].isupper() and phrase.islower() and phrase != "free trade agreement"


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10000))
def test_dates_move_together(seed):
    new = augmented("dates", RICH.document, seed=seed)
    dates = [entity for entity in new.entities if entity.label == "DATE"]
    weekday, day, month, today = dates
    moved = date.fromisoformat(day.name)
    assert day.text == f"{moved.day} {moved:%B}" and weekday.text == f"{moved:%A}"
    assert today.text == "today" and today.name == new.meta["date"]
    assert (date.fromisoformat(today.name) - moved).days == 1
    assert month.text == f"{date.fromisoformat(month.name + '-01'):%B}"


@pytest.mark.parametrize(
    "text, value, years",
    [
        ("Christmas", "2025-12-25", {"12-25"}),
        ("end of November", "2025-11-30", {"11-30"}),
    ],
)
def test_holidays_and_parts_of_a_month_stay_where_they_are(text, value, years):
    document = marked(f"chad = Chad | TCD\nd = {value}", f"[Chad](COUNTRY chad) waits for [{text}](DATE d).").document
    for seed in range(20):
        (moved,) = [entity for entity in augmented("dates", document, seed=seed).entities if entity.label == "DATE"]
        assert moved.text == text and moved.name[5:] in years and moved.name != value


@pytest.mark.parametrize("text, value", [("13.11.2025", "2025-11-13"), ("3 May", "2025-05-04"), ("Friday", "2025-11-13")])
def test_a_document_with_a_date_of_another_form_stays(text, value):
    document = marked(f"chad = Chad | TCD\nd = {value}", f"[Chad](COUNTRY chad) waited on [{text}](DATE d).").document
    assert augmented("dates", document).text == document.text


def test_articles_and_apostrophes_agree(write):
    header = "code\tname\tnickname\tabbreviation\tlong_name\tdemonym\tperson\tpeople\tcapital\tseat\tparliament\tforeign_ministry\tdefence_ministry\n"
    states = write(
        "states.tsv",
        header
        + "TCD\tChad\t\t\t\tChadian\tChadian\tChadians\tNdjamena\t\t\t\t\n"
        + "HND\tHonduras\t\t\t\tHonduran\tHonduran\tHondurans\tTegucigalpa\t\t\t\t\n"
        + "ITA\tItaly\t\t\t\tItalian\tItalian\tItalians\tRome\t\t\t\t\n",
    )
    swap = create_state_swaps(states, share=1.0, seed=0)
    document = marked(
        "hnd = Honduras | HND\nchad = Chad | TCD",
        "A [Honduran](NORP hnd) envoy read [Honduras](COUNTRY hnd)’ reply to [Chad](COUNTRY chad).",
    ).document
    (example,) = swap(NLP, example_of(document))
    # Italy is the only state that is not in the text yet.
    assert example.text in (
        "An Italian envoy read Italy’s reply to Chad.",
        "A Honduran envoy read Honduras’ reply to Italy.",
    )


@pytest.mark.parametrize("name, an", [
    ("Iranian", True), ("Ukrainian", False), ("Ugandan", False), ("European", False), ("Uzbek", True), ("EU", True), ("UN", False),
    ("U.S.", False), ("NATO", False), ("NPT", True), ("WHO", False), ("accord", True), ("8 May", True), ("11 June", True),
    ("union", False), ("Uruguayan", False), ("Élysée", True), ("1815", True), ("2015", False),
])  # fmt: skip
def test_takes_an(name, an):
    assert takes_an(name) == an


def test_edits_must_not_cut_annotation(tiny_documents):
    document = tiny_documents[0]
    end = document.entities[0].end
    with pytest.raises(ValueError, match="covers the edge"):
        apply_edits(document, [Edit(end - 1, end + 1, "x")])
    with pytest.raises(ValueError, match="overlap"):
        apply_edits(document, [Edit(0, 3, "x"), Edit(2, 4, "y")])
    around = apply_edits(document, [Edit(0, 0, "> "), Edit(end, end, "!")])
    assert texts(around) == texts(document) and around.sents[0][0] == 0


def test_lines_bring_their_relations_and_share_clusters(tmp_path):
    head = "id: {}\ndate: 2025-11-13\ngenre: short\nregion: world\nsplit: train\nchad = Chad | TCD\nmali = Mali | MLI\n\n"
    for place in ("before", "between", "after"):
        line = "Read more: [Mali](COUNTRY mali) condemns [Chad](COUNTRY chad)\n> mali CRITICISED chad\n"
        (tmp_path / f"{place}.cmu").write_text(head.format(place) + line, encoding="utf8")
    document = marked("chad = Chad | TCD", "[Chad](COUNTRY chad) is silent.\n[Chad](COUNTRY chad) is dry.").document
    for seed in range(8):
        (example,) = create_boilerplate(tmp_path, share=1.0, seed=seed)(NLP, example_of(document))
        new = from_doc(example.reference)
        assert len(new.relations) == new.text.count("Read more") > 0
        assert len({entity.cluster for entity in new.entities if entity.text == "Chad"}) == 1
        assert len({entity.cluster for entity in new.entities}) == 2


def test_copies_go_through_all_in_turn(corpus):
    chain = create_augmented_copies(make("people"), make("case"), copies=2)
    for document in corpus[:3]:
        original = example_of(document)
        first, *copies = chain(NLP, original)
        assert first is original and len(copies) == 2
        assert len({copy.text for copy in copies}) == 2
    assert list(create_augmented_copies(copies=1)(NLP, original)) == [original, original]


def test_the_configuration_builds_its_augmenters_in_their_order():
    config = load_config(ROOT / "configs" / "sm.cfg")
    assert set(config["corpora"]["train"]["augmenter"]["*"]) == set(KINDS)
    for name, block in config["corpora"]["train"]["augmenter"]["*"].items():
        assert registry.augmenters.get(block["@augmenters"]) is KINDS[name][0]


def test_a_table_without_a_column_is_named(write):
    with pytest.raises(InputError, match="states.tsv:1: no column name"):
        create_state_swaps(write("states.tsv", "code\tlong_name\n"), share=1.0, seed=0)


@pytest.mark.parametrize("table", ["states", "organisations", "instruments"])
def test_the_tables_name_nothing_twice(table):
    rows = (TABLES / f"{table}.tsv").read_text(encoding="utf8").splitlines()
    assert len(set(rows)) == len(rows)
    width = rows[0].count("\t")
    assert all(row.count("\t") == width for row in rows)
    cells = [cell for row in rows for cell in row.split("\t")]
    assert all(cell == cell.strip() and "  " not in cell and "the the" not in cell for cell in cells)
