"""How far a run is: a bar on a terminal, plain lines in a log, or nothing."""

import sys
import time
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Dict, Optional, TextIO

LINE_SECONDS = 30.0


class Progress(AbstractContextManager):
    """Says on standard error how many documents and words a second are done, what share of the input, how long the rest
    will take, and how many documents were set aside.

    quiet (bool): Say nothing.
    file (Optional[TextIO]): Where to, if not standard error.
    every (float): Seconds between two lines of a log.
    """

    def __init__(self, quiet: bool = False, file: Optional[TextIO] = None, every: float = LINE_SECONDS) -> None:
        self.quiet = quiet
        self.file = sys.stderr if file is None else file
        self.every = every
        self.bar: Any = None
        self.task: Any = None
        self.done = {"documents": 0, "words": 0, "set_aside": 0}
        self.position = self.size = self.skipped = 0
        self.started = self.said = self.finished = time.monotonic()

    def start(self, size: int) -> None:
        """size (int): Bytes of all inputs; 0 if that is not known."""
        self.size = size
        self.started = self.said = time.monotonic()
        if self.quiet or not self.file.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress as Bar, TextColumn, TimeRemainingColumn

        self.bar = Bar(
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%" if size else ""),
            TextColumn("{task.fields[line]}"),
            *([TextColumn("left"), TimeRemainingColumn()] if size else []),
            console=Console(file=self.file),
            transient=True,
            speed_estimate_period=600,
        )
        self.task = self.bar.add_task("", total=size or None, line="")
        self.bar.start()

    def __exit__(self, *error: Any) -> None:
        self.finished = time.monotonic()
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def advance(self, counts: Dict[str, int], position: int, already: bool = False) -> None:
        """Another part is done.

        counts (Dict[str, int]): Of the part.
        position (int): Bytes of the inputs that were read for it and all before it.
        already (bool): It was done before this start.
        """
        self.position = max(self.position, position)
        if already:
            self.skipped = self.position
            self.started = time.monotonic()
            self.done["set_aside"] += counts["set_aside"]
        else:
            for name in self.done:
                self.done[name] += counts[name]
        if self.bar is not None:
            self.bar.update(self.task, completed=self.position, line=self._line())
        elif not self.quiet and time.monotonic() - self.said >= self.every:
            self.said = time.monotonic()
            self.say(self._line(share=True))

    def say(self, line: str) -> None:
        """A line, unless it is to be quiet."""
        if not self.quiet:
            print(line, file=self.file, flush=True)

    def _line(self, share: bool = False) -> str:
        seconds = max(time.monotonic() - self.started, 1e-6)
        line = (
            f"{self.done['documents']:,} documents, {self.done['documents'] / seconds:,.1f} documents/s, "
            f"{self.done['words'] / seconds:,.0f} words/s, {self.done['set_aside']:,} set aside"
        )
        if share and self.size:
            line = f"{self.position / self.size:.1%}, {line}"
            if self.position > self.skipped:
                left = (self.size - self.position) / (self.position - self.skipped) * seconds
                line += f", {timedelta(seconds=round(left))} left"
        return line

    def speed(self) -> str:
        """What was done a second since the start; nothing if nothing was to be done."""
        if not self.done["documents"]:
            return ""
        seconds = max(self.finished - self.started, 1e-6)
        return f", {self.done['documents'] / seconds:,.1f} documents/s, {self.done['words'] / seconds:,.0f} words/s"
