"""Where a run keeps what it makes: its results, its manifest, and until it is finished its receipts."""

import json
import os
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from filelock import FileLock, Timeout

from .. import __version__
from ..errors import InputError
from ..sinks import SINKS
from .part import size_of, sync

VERSIONS = ("spacy", "thinc", "numpy", "trafilatura", "charset-normalizer", "pyarrow", "pyoxigraph")


class RunFolder:
    """The places of a run whose results go to `output`.

    A name with a suffix is one file, unless the format is a folder, and what belongs to the run stands beside it: `out.jsonl`,
    `out.jsonl.manifest.json`, `out.jsonl.errors.jsonl`, and until the end the folder `out.jsonl.run`. Any other name is a folder with `part-00000.jsonl` and
    so on, or the one output of a format that has no parts, `manifest.json`, `errors.jsonl`, and until the end `.run`.

    output (Path): A file or folder.
    format (str): The name of a sink.
    """

    def __init__(self, output: Path, format: str) -> None:
        self.output = output
        sink = SINKS[format]
        if output.suffix and sink.suffix and not output.is_dir():
            self.whole: Optional[Path] = output
            self.manifest = output.with_name(f"{output.name}.manifest.json")
            self.errors = output.with_name(f"{output.name}.errors.jsonl")
            self.work = output.with_name(f"{output.name}.run")
        else:
            self.whole = None if sink.whole is None else output / sink.whole
            self.manifest = output / "manifest.json"
            self.errors = output / "errors.jsonl"
            self.work = output / ".run"
        self.lock = FileLock(self.work / "lock")
        self.sink = format if self.whole is None else "jsonl"
        self.parts = output if self.whole is None else self.work

    @property
    def own(self) -> List[str]:
        """Absolute paths that are no input, though they may lie among the inputs."""
        return [os.path.abspath(path) for path in (self.output, self.manifest, self.errors, self.work)]

    def part(self, number: int) -> Path:
        return self.parts / f"part-{number:05d}{SINKS[self.sink].suffix}"

    def receipt(self, number: int) -> Path:
        return self.work / f"part-{number:05d}.receipt.json"

    def prepare(self, identity: Dict[str, Any], resume: bool, overwrite: bool) -> bool:
        """Make the folder and keep other runs out, or look whether the run in it can go on.

        identity (Dict[str, Any]): What decides the results.
        resume, overwrite (bool): What to do if there is something already. With both unset, or where it is a folder
            that was not made by a run, it is refused.
        RETURNS (bool): Whether the run is finished already.
        RAISES: InputError if it is refused.
        """
        begun = self.manifest.exists()
        if begun and not (resume or overwrite):
            raise InputError(
                f"{self.output}: holds the results of a run: go on with it by --resume, or replace it by --overwrite"
            )
        if not begun and not (overwrite and self.whole == self.output):
            held = self.parts if self.whole is None else self.whole
            if held.is_file() or held.is_dir() and any(path != self.work for path in held.iterdir()):
                raise InputError(f"{held}: there is something else there already: name another output, or move it away")
        try:
            self.work.mkdir(parents=True, exist_ok=True)
            self.lock.acquire(timeout=0)
            if overwrite:
                self._clear()
            elif begun:
                manifest = read_json(self.manifest)
                _compare(self.output, manifest, identity)
                if manifest["finished"]:
                    return True
            self.write_manifest({**identity, "finished": False})
        except Timeout:
            raise InputError(f"{self.output}: another run is writing there") from None
        except OSError as error:
            raise InputError(f"{self.output}: cannot be written: {error.strerror}") from error
        return False

    def _clear(self) -> None:
        """Remove what a run has made, and nothing else."""
        if self.manifest.exists():
            # If this is not the last thing that happens, nobody may take what remains for a finished run.
            self.write_manifest({"finished": False})
        for path in (self.whole, self.errors, *self.output.glob("part-[0-9]*"), *self.work.glob("[!l]*")):
            if path is not None:
                _remove(path)

    def write_manifest(self, data: Dict[str, Any]) -> None:
        written = self.work / "manifest.json"
        written.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf8")
        sync(written)
        os.replace(written, self.manifest)

    def finish(self, n_parts: int, manifest: Dict[str, Any]) -> None:
        """Make the one output of the parts, if that is wanted; gather what was set aside; say in the manifest that all is
        done."""
        if self.whole is not None:
            combined = self.work / f"whole{self.whole.suffix}"
            _remove(combined)
            sink = SINKS[manifest["options"]["format"]]
            sink.combine([self.part(number) for number in range(n_parts)], combined)
            if combined.is_file():
                sync(combined)
            _remove(self.whole)
            os.replace(combined, self.whole)
        errors = self.work / "errors.jsonl"
        with errors.open("w", encoding="utf8", newline="\n") as file:
            for number in range(n_parts):
                for error in read_json(self.receipt(number))["errors"]:
                    file.write(json.dumps(error, ensure_ascii=False) + "\n")
        sync(errors)
        os.replace(errors, self.errors)
        self.write_manifest(manifest)

    def close(self) -> None:
        """Let other runs write here; if this one is finished, leave only its results."""
        if self.manifest.exists() and read_json(self.manifest)["finished"]:
            shutil.rmtree(self.work, ignore_errors=True)
        self.lock.release()

    def finished_part(self, number: int, digest: str) -> Optional[Dict[str, Any]]:
        """The receipt of a part that is done, or None.

        RAISES: InputError if the part was made of other records.
        """
        receipt = self.receipt(number)
        if not receipt.exists():
            return None
        data = read_json(receipt)
        if data["digest"] != digest:
            raise InputError(
                f"{self.output}: part {number} was made of other documents: the inputs have changed since: --overwrite"
            )
        part = self.part(number)
        return data if part.exists() and size_of(part) == data["size"] else None


def versions() -> Dict[str, str]:
    """The versions of what decides the results, as far as it is installed."""
    found = {"communique": __version__}
    for name in VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found


def read_json(path: Path) -> Dict[str, Any]:
    """RAISES: InputError if the file was not written by a run."""
    try:
        return json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise InputError(f"{path}: not written by a run of communique: {error}") from error


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _compare(output: Path, begun: Dict[str, Any], identity: Dict[str, Any]) -> None:
    for what, (one, other) in _differences(begun, identity):
        raise InputError(
            f"{output}: begun with another {what} ({_short(one)}, now {_short(other)}): "
            "take that one again, or replace the run by --overwrite"
        )


def _differences(begun: Dict[str, Any], identity: Dict[str, Any], path: str = "") -> Iterator[Any]:
    for key in {**identity, **begun}:
        if not path and key not in identity:
            continue  # counts, and whether it is finished
        one, other = begun.get(key), identity.get(key)
        if isinstance(one, dict) and isinstance(other, dict):
            yield from _differences(one, other, f"{path}{key} ")
        elif one != other:
            yield f"{path}{key}".replace("_", "-"), (one, other)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:50]}…"
