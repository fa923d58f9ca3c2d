"""From records to documents with entities and relations: cleaned, cut, run through a pipeline, put together."""

import json
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple, Union

from spacy.language import Language
from spacy.tokens import Doc

from ..docs import from_doc
from ..document import Document
from .charsets import decode
from .pages import read_page
from .record import Record, SetAside, Unusable
from .windows import Window, cut, join

# The tokenizer looks at a stretch without white space as one word, over and over; no text has one so long.
UNBROKEN = re.compile(r"\S{10000}")
BATCH_CHARS = 100_000  # in the pipeline at a time


@dataclass
class Limits:
    """max_chars (int): The longest text taken.
    window, overlap (int): Texts longer than `window` characters are cut into windows, of which two share `overlap` or
        up to twice as many.
    encoding (Optional[str]): The character set of pages that declare none.
    """

    max_chars: int = 5_000_000
    window: int = 50_000
    overlap: int = 2_500
    encoding: Optional[str] = None


@dataclass
class Clean:
    """A text that can go through a pipeline."""

    record: Record
    text: str
    meta: Dict[str, Any]


def clean(record: Record, limits: Limits) -> Clean:
    """Decode bytes, take the article out of a page, and look whether the text can be used.

    RAISES: Unusable if it cannot.
    """
    text, meta, guessed = record.text, dict(record.meta), None
    if record.raw is not None:
        if record.html:
            text, known, guessed = read_page(record.raw, limits.encoding)
            meta = {**known, **meta}
        else:
            text, guessed = decode(record.raw, limits.encoding)
    elif record.html:
        text, known, _ = read_page(record.text.encode("utf8"), "utf8")
        meta = {**known, **meta}
    if guessed:
        meta.update(charset=guessed, charset_guessed=True)
    if not text.strip():
        raise Unusable("empty: there is no text in it")
    if "\x00" in text:
        raise Unusable("null bytes in the text")
    if len(text) > limits.max_chars:
        raise Unusable(
            f"{len(text)} characters, over the limit of {limits.max_chars}: cut it, or raise --max-chars"
        )
    if UNBROKEN.search(text):
        raise Unusable("no text: 10,000 characters and more without white space")
    try:
        text.encode("utf8")
        json.dumps([record.id, meta], ensure_ascii=False).encode("utf8")
    except UnicodeEncodeError:
        raise Unusable("half a surrogate pair, which no file can hold") from None
    return Clean(record, text, meta)


def extract(
    nlp: Language, items: Iterable[Union[Record, SetAside]], limits: Limits
) -> Iterator[Union[Document, SetAside]]:
    """Extract from each record, in their order. Where the pipeline raises on a batch, its texts go through one by one, and
    those that it raises on again are set aside.

    items (Iterable[Union[Record, SetAside]]): Taken as they are needed; what is set aside already passes through.
    """
    for batch in _batches(items, limits, nlp.batch_size):
        found = iter(_run(nlp, [text for _, texts in batch for _, text in texts]))
        for item, texts in batch:
            if isinstance(item, SetAside):
                yield item
                continue
            windows = [(start, next(found)) for start, _ in texts]
            failures = [window for _, window in windows if isinstance(window, Unusable)]
            if failures:
                yield _set_aside(item.record, str(failures[0]))
            elif len(windows) == 1:
                document = windows[0][1][0]
                document.id, document.meta = item.record.id, item.meta
                yield document
            else:
                yield join(
                    item.record.id, item.text, item.meta, [Window(start, *window) for start, window in windows]
                )


# A record or what was set aside, and the windows of its text: where each starts, and what it says.
Cut = Tuple[Union[Clean, SetAside], List[Tuple[int, str]]]


def _batches(items: Iterable[Union[Record, SetAside]], limits: Limits, size: int) -> Iterator[List[Cut]]:
    batch: List[Cut] = []
    chars = 0
    for item in items:
        texts: List[Tuple[int, str]] = []
        if isinstance(item, Record):
            try:
                item = clean(item, limits)
                texts = [
                    (start, item.text[start:end]) for start, end in cut(item.text, limits.window, limits.overlap)
                ]
            except Unusable as error:
                item = _set_aside(item, str(error))
        batch.append((item, texts))
        chars += sum(len(text) for _, text in texts)
        if len(batch) >= size or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


Found = Tuple[Document, List[int]]


def _run(nlp: Language, texts: List[str]) -> Iterator[Union[Found, Unusable]]:
    """What is found in each text, and where its sentences start; or why nothing is."""
    start = 0
    while start < len(texts):
        # Windows of long texts come many at once.
        end, chars = start + 1, len(texts[start])
        while end < len(texts) and chars + len(texts[end]) <= BATCH_CHARS:
            chars += len(texts[end])
            end += 1
        some = texts[start:end]
        try:
            found: List[Union[Found, Unusable]] = [_found(doc) for doc in nlp.pipe(some, batch_size=len(some))]
        except Exception:
            found = [_run_alone(nlp, text) for text in some]
        yield from found
        start = end


def _run_alone(nlp: Language, text: str) -> Union[Found, Unusable]:
    name = "tokenizer"
    try:
        doc = nlp.make_doc(text)
        for name, component in nlp.pipeline:
            doc = component(doc)
        name = "result"
        return _found(doc)
    except Exception as error:
        return Unusable(f"{name} raised {type(error).__name__}: {' '.join(str(error).split())[:500]}")


def _found(doc: Doc) -> Found:
    sentences = [sent.start_char for sent in doc.sents] if doc.has_annotation("SENT_START") else []
    return from_doc(doc, ""), sentences


def _set_aside(record: Record, reason: str) -> SetAside:
    return SetAside(record.source, record.offset, record.id, reason)
