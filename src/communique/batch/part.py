"""One part of a run: what a worker does, whatever engine it works for."""

import hashlib
import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Tuple, Union
from uuid import uuid4

from spacy.language import Language

from ..document import Document
from ..errors import InputError
from ..pipelines import load_pipeline
from ..sinks import SINKS
from .extraction import Limits, extract
from .record import Record, SetAside, from_json


@dataclass
class Options:
    """What a worker has to know.

    pipeline (str): Name or folder.
    digest (str): SHA-256 of the pipeline's files.
    sink (str): Name of the format of the parts.
    """

    pipeline: str
    digest: str
    sink: str
    limits: Limits = field(default_factory=Limits)


def process_part(
    staged: str, digest: str, output: str, receipt: str, options: Options, killers: Dict[int, str]
) -> Dict[str, int]:
    """Extract from the records of a staged file and write the part. Both files are written beside the staged one and
    then renamed, the receipt last: a part with a receipt is whole. The same records give the same bytes.

    staged (str): JSON lines of records and of what was set aside.
    digest (str): SHA-256 of that file.
    output (str): The file of the part.
    receipt (str): A file for the counts, the size of the output, and what was set aside.
    killers (Dict[int, str]): Lines of the staged file that are to be set aside, and why.
    RETURNS (Dict[str, int]): Counts of `documents`, `words`, `entities`, `relations`, `set_aside`.
    RAISES: InputError if the pipeline is another one, or nothing can be written.
    """
    nlp = load_once(options.pipeline, options.digest)
    sink = SINKS[options.sink]
    counts: Counter = Counter(documents=0, words=0, entities=0, relations=0, set_aside=0)
    errors: List[SetAside] = []

    def documents() -> Iterator[Document]:
        for item in extract(nlp, read_staged(Path(staged), killers), options.limits):
            if isinstance(item, SetAside):
                errors.append(item)
                continue
            counts.update(
                documents=1,
                words=len(item.text.split()),
                entities=len(item.entities),
                relations=len(item.relations),
            )
            yield item

    written = Path(staged).with_name(f"{uuid4().hex}{sink.suffix}")
    try:
        # Words that only these documents have are forgotten behind them.
        with nlp.memory_zone():
            sink.write(written, documents())
        counts["set_aside"] = len(errors)
        data = {"digest": digest, "size": size_of(written), "counts": counts, "errors": [e.to_json() for e in errors]}
        noted = written.with_name(f"{uuid4().hex}.json")
        noted.write_text(json.dumps(data, ensure_ascii=False), encoding="utf8")
        for path in (written, noted):
            if path.is_file():
                sync(path)
        os.replace(written, output)
        os.replace(noted, receipt)
    except OSError as error:
        raise InputError(
            f"{output}: cannot be written: {error.strerror or error}: mend that, and go on with --resume"
        ) from error
    return dict(counts)


def try_records(staged: str, journal: str, start: int, stop: int, options: Options) -> None:
    """Extract from the records of some lines one by one, and write nothing but the line that comes next: if one of them
    kills the process, it can be read there which.

    journal (str): A file for the number of the line, from 0.
    start, stop (int): The lines, `stop` exclusive.
    """
    nlp = load_once(options.pipeline, options.digest)
    for number, item in enumerate(read_staged(Path(staged), {})):
        if start <= number < stop:
            Path(journal).write_text(str(number))
            for _ in extract(nlp, [item], options.limits):
                pass


def read_staged(path: Path, killers: Dict[int, str]) -> Iterator[Union[Record, SetAside]]:
    with path.open(encoding="utf8", newline="\n") as lines:
        for number, line in enumerate(lines):
            item = from_json(json.loads(line))
            if number in killers:
                yield SetAside(item.source, item.offset, item.id, killers[number])
            else:
                yield item


_LOADED: List[Tuple[str, str, Language]] = []


def load_once(pipeline: str, digest: str) -> Language:
    """The pipeline, loaded on the first call in a process.

    RAISES: InputError if its files have another digest than those of the run.
    """
    if not _LOADED or _LOADED[0][:2] != (pipeline, digest):
        nlp = load_pipeline(pipeline)
        if digest_of(nlp.path) != digest:
            raise InputError(f"{pipeline}: this worker has another version of the pipeline than the run")
        _LOADED[:] = [(pipeline, digest, nlp)]
    return _LOADED[0][2]


def digest_of(folder: Path) -> str:
    """SHA-256 of the names and contents of all files of a folder."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files of a folder."""
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def sync(path: Path) -> None:
    """Wait until a file lies on the disk, so that it cannot be renamed and then lose its contents."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
