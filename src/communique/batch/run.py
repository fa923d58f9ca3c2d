"""A run: records into parts, parts to workers, results into the folder, in bounded memory."""

import hashlib
import json
import shutil
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Dict, Iterator, Optional, Sequence
from uuid import uuid4

import spacy
from ..errors import InputError
from ..pipelines import find_pipeline
from ..sinks import SINKS
from .duplicates import set_duplicates_aside
from .engines import Engine
from .extraction import Limits
from .folder import RunFolder, read_json, versions
from .part import Options, digest_of, process_part, try_records
from .progress import Progress
from .readers import Layout, RecordReader
from .sources import find_files

PART_CHARS = 10_000_000  # of one part, so that long documents make no part that no memory holds
DEATHS = 2  # of the worker of a part, before it is looked for a document that kills it
SEARCHES = 2  # for such a document, before the part is given up


@dataclass
class Plan:
    """What a run is asked to do. All of this decides the results; where the work is done does not.

    inputs (Sequence[str]): Files, folders, globs, URLs, or `-`.
    pipeline (Optional[str]): Name or folder.
    format (str): Name of a sink.
    part_size (int): Documents in a part.
    window, overlap (int): As `Limits` has them.
    """

    inputs: Sequence[str]
    pipeline: Optional[str] = None
    format: str = "jsonl"
    part_size: int = 500
    layout: Layout = field(default_factory=Layout)
    window: int = Limits.window
    overlap: int = Limits.overlap

    @property
    def limits(self) -> Limits:
        return Limits(self.layout.max_chars, self.window, self.overlap, self.layout.encoding)

    def options(self) -> Dict[str, Any]:
        return {
            "format": self.format,
            "part_size": self.part_size,
            **{key: list(value) if isinstance(value, tuple) else value for key, value in asdict(self.layout).items()},
            "window": self.window,
            "overlap": self.overlap,
        }


class TooManyErrors(InputError):
    """More was set aside than allowed."""


def run_batch(
    plan: Plan,
    output: Path,
    engine: AbstractContextManager,
    progress: Progress,
    stdin: BinaryIO,
    *,
    resume: bool = False,
    overwrite: bool = False,
    max_errors: Optional[int] = None,
) -> Dict[str, int]:
    """Extract from all documents of the inputs into a file or folder.

    engine (AbstractContextManager): Gives an `Engine`. It is entered only when nothing stands against the run.
    stdin (BinaryIO): What the input `-` reads.
    resume (bool): Go on with a run that was stopped. Its inputs are read again, and parts that are done are left as they
        are.
    overwrite (bool): Replace what another run has made.
    max_errors (Optional[int]): Stop when more documents than this are set aside.
    RETURNS (Dict[str, int]): Counts of `documents`, `words`, `entities`, `relations`, `set_aside` and `parts`.
    RAISES: InputError if something must be mended first; what is done is kept.
    """
    sink = SINKS[plan.format]
    sink.check()
    plan.layout.check()
    folder = RunFolder(output, plan.format)
    source = find_pipeline(plan.pipeline)
    files = size = 0
    for file in find_files(plan.inputs, stdin, folder.own):
        files += 1
        size += file.size
    meta = spacy.util.load_meta(source / "meta.json")
    digest = digest_of(source)
    identity = {
        "inputs": {"names": list(plan.inputs), "files": files, "bytes": size},
        "pipeline": {"name": f"{meta['lang']}_{meta['name']}", "version": meta["version"], "sha256": digest},
        "options": plan.options(),
        "versions": versions(),
    }
    try:
        if folder.prepare(identity, resume, overwrite):
            progress.say(f"{output}: this run is finished, and nothing was to be done")
            return read_json(folder.manifest)["counts"]
        reader = RecordReader(find_files(plan.inputs, stdin, folder.own), plan.layout)
        options = Options(str(source), digest, folder.sink, plan.limits)
        with _Staging(folder.work) as staging, progress, engine as workers:
            progress.start(size)
            driver = _Driver(folder, workers, options, progress, max_errors)
            for number, part in enumerate(staging.parts(reader, plan.part_size)):
                driver.take(number, part)
            driver.settle()
        folder.finish(driver.n_parts, {**identity, "finished": True, "counts": driver.totals})
    except OSError as error:
        raise InputError(
            f"{error.filename or output}: {error.strerror or error}: mend that, and go on with --resume"
        ) from error
    finally:
        folder.close()
    return driver.totals


@dataclass
class _Part:
    """A staged part, and what became of it so far."""

    path: Path
    digest: str
    size: int
    position: int
    number: int = -1
    deaths: int = 0
    searches: int = 0
    killers: Dict[int, str] = field(default_factory=dict)
    suspect: Optional[int] = None


class _Staging(AbstractContextManager):
    """A folder for the records of the parts that are being worked on. It is new at each start, so that a worker that
    has outlived an earlier one can do no harm."""

    def __init__(self, work: Path) -> None:
        for leftover in work.glob("staged-*"):
            shutil.rmtree(leftover)
        self.path = work / f"staged-{uuid4().hex}"

    def __enter__(self) -> "_Staging":
        self.path.mkdir()
        return self

    def __exit__(self, *error: Any) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def parts(self, reader: RecordReader, part_size: int) -> Iterator[_Part]:
        """Write the records into files, each when it is asked for."""
        items = set_duplicates_aside(reader)
        more = True
        while more:
            path = self.path / f"{uuid4().hex}.jsonl"
            digest = hashlib.sha256()
            size = written = 0
            with path.open("wb") as file:
                more = False
                for item in items:
                    line = json.dumps(item.to_json()).encode("ascii") + b"\n"
                    file.write(line)
                    digest.update(line)
                    size += 1
                    written += len(line)
                    if size == part_size or written >= PART_CHARS:
                        more = True
                        break
            if size:
                yield _Part(path, digest.hexdigest(), size, reader.position)
            else:
                path.unlink()


class _Driver:
    """Keeps the workers busy, and no further ahead of them than that."""

    def __init__(
        self,
        folder: RunFolder,
        engine: Engine,
        options: Options,
        progress: Progress,
        max_errors: Optional[int],
    ) -> None:
        self.folder = folder
        self.engine = engine
        self.options = options
        self.progress = progress
        self.max_errors = max_errors
        self.n_parts = 0
        self.totals: Dict[str, int] = dict.fromkeys(
            ("documents", "words", "entities", "relations", "set_aside", "parts"), 0
        )
        self.pending: Dict[Future, _Part] = {}

    def take(self, number: int, part: _Part) -> None:
        """Give a part to a worker, and wait if all are busy."""
        part.number = number
        self.n_parts = number + 1
        done = self.folder.finished_part(number, part.digest)
        if done is not None:
            self._count(part, done["counts"], already=True)
            return
        self._process(part)
        while len(self.pending) >= self.engine.slots():
            self._wait()

    def settle(self) -> None:
        """Wait until nothing is left to do."""
        while self.pending:
            self._wait()

    def _wait(self) -> None:
        done, _ = wait(self.pending, return_when=FIRST_COMPLETED)
        for future in done:
            part = self.pending.pop(future)
            try:
                counts = future.result()
            except self.engine.died as death:
                self._after_death(part, death)
            else:
                if counts is None:
                    self._after_search(part)
                else:
                    self._count(part, counts)

    def _process(self, part: _Part) -> None:
        future = self.engine.submit(
            process_part,
            str(part.path),
            part.digest,
            str(self.folder.part(part.number)),
            str(self.folder.receipt(part.number)),
            self.options,
            part.killers,
        )
        self.pending[future] = part

    def _count(self, part: _Part, counts: Dict[str, int], already: bool = False) -> None:
        part.path.unlink(missing_ok=True)
        for name, count in counts.items():
            self.totals[name] += count
        self.totals["parts"] += 1
        self.progress.advance(counts, part.position, already)
        if self.max_errors is not None and self.totals["set_aside"] > self.max_errors:
            raise TooManyErrors(
                f"{self.folder.output}: {self.totals['set_aside']} documents set aside, over --max-errors "
                f"{self.max_errors}: go on with --resume and a higher one"
            )

    # A worker may die of a document, or of anything else. So the part is tried again; if it dies once more, the records
    # go through one by one, and each at which a worker dies twice is set aside.

    def _after_death(self, part: _Part, death: BaseException) -> None:
        if part.suspect is None and part.deaths < DEATHS - 1:
            part.deaths += 1
            self._process(part)
            return
        journal = self._journal(part)
        if part.suspect is None:
            if part.searches == SEARCHES:
                raise InputError(
                    f"{self.folder.output}: part {part.number} kills its worker each time, and none of its documents "
                    "does alone: give the workers more memory, or take fewer, and go on with --resume"
                ) from death
            part.searches += 1
            part.suspect = -1
            self._search(part, 0)
            return
        reached = int(journal.read_text()) if journal.exists() else 0
        if reached == part.suspect:
            part.killers[reached] = "kills the process that works on it"
            part.suspect = -1
            self._search(part, reached + 1)
        else:
            part.suspect = reached
            self._search(part, reached)

    def _search(self, part: _Part, start: int) -> None:
        journal = self._journal(part)
        journal.unlink(missing_ok=True)
        future = self.engine.submit(
            try_records, str(part.path), str(journal), start, part.size, self.options
        )
        self.pending[future] = part

    def _after_search(self, part: _Part) -> None:
        part.suspect = None
        part.deaths = 0
        self._process(part)

    def _journal(self, part: _Part) -> Path:
        return part.path.with_suffix(".journal")
