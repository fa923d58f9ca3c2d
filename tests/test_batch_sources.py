"""What is read from files of every kind, and in what order."""

import bz2
import csv
import gzip
import io
import json
import lzma
import zipfile

import pytest

from communique.batch.charsets import decode
from communique.batch.record import Record, SetAside, Unusable
from communique.batch.readers import Layout, RecordReader
from communique.batch.sources import find_files
from communique.errors import InputError

PAGE = """<html><head><title>Ministers meet in Oslo</title><meta charset="{charset}">
<meta property="article:published_time" content="2025-03-04T10:00:00Z"></head><body><nav><a href="/">Home</a></nav>
<article><h1>Ministers meet in Oslo</h1><p>{text}</p><p>{text}</p></article><footer>Cookies and terms</footer></body></html>"""
SENTENCE = "The foreign minister of Norway met his colleague from Türkiye in Oslo on Tuesday, and both praised the café. "


def read(*inputs, stdin=b"", **layout):
    names = [str(name) for name in inputs]
    return list(RecordReader(find_files(names, io.BytesIO(stdin)), Layout(**layout)))


def texts(items):
    return [item.text for item in items]


def test_folders_are_read_in_the_order_of_names(write, tmp_path):
    for name in ("b/2.txt", "b/10.txt", "a.txt", "c.jsonl", "b.txt", "z.pdf"):
        write(f"in/{name}", '{"text": "c"}' if name == "c.jsonl" else name)
    assert texts(read(tmp_path / "in")) == ["a.txt", "b/10.txt", "b/2.txt", "b.txt", "c"]
    assert texts(read(tmp_path / "in" / "*.txt")) == ["a.txt", "b.txt"]
    assert texts(read(tmp_path / "in" / "**" / "*.txt")) == ["a.txt", "b.txt", "b/10.txt", "b/2.txt"]
    with pytest.raises(InputError, match="no file or folder matches"):
        read(tmp_path / "in" / "*.html")


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz", ".zst"])
def test_json_lines_plain_and_compressed(write, suffix):
    from backports import zstd

    lines = [json.dumps({"id": i, "text": f"t{i}", "meta": {"n": i}, "date": "2025-01-01", "x": 1}) + "\n" for i in range(3)]
    compress = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}[suffix]
    # Two streams in one file, as several writers leave them.
    path = write(f"a.jsonl{suffix}", b"".join(compress("".join(some).encode()) for some in (lines[:1], lines[1:])))
    items = read(path)
    assert texts(items) == ["t0", "t1", "t2"] and [item.id for item in items] == ["0", "1", "2"]
    assert [item.offset for item in items] == [1, 2, 3]
    assert items[2].meta == {"n": 2, "date": "2025-01-01"}


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_a_truncated_file_gives_what_is_whole_and_the_rest_is_set_aside(write, suffix):
    import random

    from backports import zstd

    compress = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstd.compress}[suffix]
    random.seed(0)
    lines = b"".join(json.dumps({"text": "%x" % random.getrandbits(2000)}).encode() + b"\n" for _ in range(3000))
    data = compress(lines)
    path = write(f"a.jsonl{suffix}", data[: len(data) * 2 // 3])
    other = write("b.txt", "The next file.")
    *items, error, last = read(path, other)
    assert last.text == "The next file."
    assert isinstance(error, SetAside) and error.source == str(path) and "cannot be read on" in error.reason
    # bzip2 gives a block or nothing.
    assert all(isinstance(item, Record) for item in items) and error.offset == max(len(items) + 1, 1)
    assert len(items) > 1000 or suffix == ".bz2"


def test_csv(write):
    rows = io.StringIO()
    writer = csv.writer(rows, delimiter=";")
    writer.writerow(["id", "body", "title"])
    writer.writerow(["1", 'One; "two"\nthree', "T"])
    writer.writerow(["2", "Café", ""])
    path = write("a.csv", "\ufeff" + rows.getvalue())
    items = read(path, text_key="body")
    assert texts(items) == ['One; "two"\nthree', "Café"]
    assert [item.offset for item in items] == [2, 4] and items[0].meta == {"title": "T"} and items[1].meta == {}
    (error,) = read(path)
    assert "no column 'text' among 'id', 'body', 'title'" in error.reason
    (item,) = read(write("latin.csv", "id,text\n1,Café au lait in Genève today\n".encode("cp1252")))
    assert item.text == "Café au lait in Genève today" and item.meta == {"charset": "cp1252", "charset_guessed": True}


def test_parquet(write, tmp_path):
    import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq

    day = datetime.date(2025, 1, 2)
    table = pa.table(
        {
            "doc": [f"d{i}" for i in range(250)],
            "text": [None if i == 7 else f"t{i}" for i in range(250)],
            "date": [day] * 250,
            "meta": [{"n": i, "f": float("nan")} for i in range(250)],
            "more": ["x"] * 250,
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100)
    items = read(tmp_path / "a.parquet", id_key="doc", meta_keys=("meta", "date"))
    assert len(items) == 250 and isinstance(items[7], SetAside) and items[7].id == "d7" and items[7].offset == 8
    assert items[249].text == "t249" and items[249].meta == {"n": 249, "f": None, "date": "2025-01-02"}
    data = (tmp_path / "a.parquet").read_bytes()
    (error,) = read(write("b.parquet", data[:1000]))
    assert isinstance(error, SetAside) and "cannot be read" in error.reason


def test_urls_and_archives(tmp_path):
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/news/b.txt", b"B")
    memory.pipe("/news/2025/a.txt", b"A")
    memory.pipe("/news/c.jsonl.gz", gzip.compress(b'{"text": "C"}'))
    try:
        items = read("memory://news")
        assert texts(items) == ["A", "B", "C"] and items[0].source == "memory:///news/2025/a.txt"
        assert texts(read("memory://news/*.txt")) == ["B"]
        with pytest.raises(InputError, match="memory://nothing: no such"):
            read("memory://nothing")
    finally:
        memory.rm("/news", recursive=True)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/1.txt", "one")
        archive.writestr("x/2.txt", "two")
    items = read(f"zip://**/*.txt::{tmp_path}/a.zip")
    assert texts(items) == ["one", "two"] and items[0].id == f"zip://x/1.txt::{tmp_path}/a.zip"
    with pytest.raises(InputError, match="nope"):
        read("nope://x")


def test_standard_input():
    assert texts(read("-", stdin=b"Plain text.")) == ["Plain text."]
    assert texts(read("-", stdin=b'\xef\xbb\xbf {"text": "a"}\n{"text": "b"}')) == ["a", "b"]
    assert read("-", stdin=b"<!doctype html><p>x")[0].html


def test_what_the_run_writes_is_no_input(write, tmp_path):
    write("news/a.txt", "A")
    write("news/out/part-00000.jsonl", '{"text": "no"}')
    for name in ("news", "news/**/*"):
        files = find_files([str(tmp_path / name)], io.BytesIO(), [str(tmp_path / "news" / "out")])
        assert [file.name for file in files] == [str(tmp_path / "news" / "a.txt")]


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "iso-8859-9"])
def test_pages_give_their_article_title_and_date(charset):
    from communique.batch.pages import read_page

    text = "Министр иностранных дел встретился с коллегой в Москве. " * 5 if charset == "windows-1251" else SENTENCE * 3
    page = PAGE.format(charset=charset, text=text.strip())
    found, known, guessed = read_page(page.encode(charset))
    assert text.strip() in found and "Cookies" not in found and "Home" not in found
    assert known == {"title": "Ministers meet in Oslo", "date": "2025-03-04"} and guessed is None


def test_a_page_that_declares_the_wrong_character_set():
    from communique.batch.pages import read_page

    page = PAGE.format(charset="utf-8", text=SENTENCE * 3)
    found, _, guessed = read_page(page.encode("cp1252"))
    assert SENTENCE.strip() in found and guessed == "cp1252"
    with pytest.raises(Unusable, match="no article"):
        read_page(b"<html><body></body></html>")


@pytest.mark.parametrize(
    "text, encoding, declared, guessed",
    [
        ("Genève and Zürich", "utf-8", None, None),
        ("Genève and Zürich", "utf-8-sig", None, None),
        ("Genève and Zürich", "utf-16", None, None),
        ("Le président a reçu à Genève l’été dernier son homologue", "cp1252", None, "cp1252"),
        ("Президент встретился с министром иностранных дел", "cp1251", "cp1251", None),
    ],
)
def test_character_sets(text, encoding, declared, guessed):
    assert decode(text.encode(encoding), declared) == (text, guessed)


def test_the_last_resort_is_the_detector():
    text = "Президент встретился с министром иностранных дел и обсудил с ним положение в стране. " * 5
    found, guessed = decode(text.encode("cp1251"))
    assert guessed is not None and found == text
    with pytest.raises(Unusable, match="undecodable"):
        decode(bytes(range(256)) * 4)


def test_half_surrogate_pairs_of_ids_and_meta_are_replaced(write):
    line = r'{"id": "a\ud800", "text": "x", "meta": {"k\udfff": ["\ud83d\ude00 \udead"]}}'
    (record,) = read(write("in.jsonl", line))
    assert record.id == "a\ufffd" and record.meta == {"k\ufffd": ["😀 \ufffd"]}
