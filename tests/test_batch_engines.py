"""The same parts whatever engine makes them, and what becomes of a document that kills."""

import io
import json
import subprocess
import sys

import pytest

from communique.batch.engines import in_process, in_processes, on_dask
from communique.batch.progress import Progress
from communique.batch.run import Plan, run_batch

from .test_batch_run import contents, documents

PLUGIN = '''
import os, signal
from pathlib import Path
from spacy.language import Language

@Language.component("kills")
def kills(doc):
    if "KILL" in doc.text:
        os.kill(os.getpid(), signal.SIGKILL)
    once = Path(__file__).with_name("once")
    if "ONCE" in doc.text and once.exists():
        once.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return doc
'''


@pytest.fixture
def killing_path(trained, tmp_path, write, monkeypatch):
    """A pipeline that kills its process, made known by an entry point, so that workers find it too."""
    write("plugin/killing.py", PLUGIN)
    write("plugin/killing-1.dist-info/METADATA", "Name: killing\nVersion: 1\n")
    write("plugin/killing-1.dist-info/entry_points.txt", "[spacy_factories]\nkills = killing:kills\n")
    monkeypatch.syspath_prepend(tmp_path / "plugin")
    __import__("killing")
    trained.add_pipe("kills")
    trained.to_disk(tmp_path / "killing")
    yield tmp_path / "killing"
    del sys.modules["killing"]


def run(plan, output, engine):
    return run_batch(plan, output, engine, Progress(quiet=True), io.BytesIO())


ENGINES = {"processes": lambda: in_processes(2), "dask": lambda: on_dask(None, 2)}


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_makes_the_same_bytes_and_survives_its_workers(name, killing_path, write, tmp_path):
    """One worker dies of nothing in particular, which costs nothing; two documents of one part kill each worker that they
    meet, and are set aside."""
    lines = list(documents(40, sentences=4))
    lines[12]["text"] += " ONCE"
    news = write("news.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    plan = Plan([str(news)], str(killing_path), part_size=5)
    run(plan, tmp_path / "alone", in_process())
    for i in (21, 23):
        lines[i]["text"] += " KILL"
    news.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "plugin" / "once").touch()
    counts = run(plan, tmp_path / "several", ENGINES[name]())
    assert not (tmp_path / "plugin" / "once").exists()
    errors = [json.loads(line) for line in (tmp_path / "several" / "errors.jsonl").open()]
    assert [(e["id"], e["offset"], e["reason"]) for e in errors] == [
        ("d21", 22, "kills the process that works on it"),
        ("d23", 24, "kills the process that works on it"),
    ]
    assert counts["documents"] == 38 and counts["set_aside"] == 2
    for path in (tmp_path / "alone").glob("part-*"):
        lines = [line for line in path.open("rb") if json.loads(line)["id"] not in ("d21", "d23")]
        assert (tmp_path / "several" / path.name).read_bytes() == b"".join(lines)


def test_a_dask_cluster_that_runs_already(trained_path, write, tmp_path):
    """A scheduler and a worker of their own, as the command line starts them."""
    news = write("news.jsonl", "".join(json.dumps(line) + "\n" for line in documents(20, sentences=4)))
    plan = Plan([str(news)], str(trained_path), part_size=5)
    run(plan, tmp_path / "alone", in_process())
    address = tmp_path / "scheduler.json"
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(address)]
    scheduler += ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    started = [subprocess.Popen(scheduler, stderr=subprocess.DEVNULL)]
    try:
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(address)]
        worker += ["--nworkers", "1", "--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path / "dask")]
        started.append(subprocess.Popen(worker, stderr=subprocess.DEVNULL))
        while not address.exists() or not address.read_text():
            assert started[0].poll() is None
        result = subprocess.run(
            [sys.executable, "-m", "communique", "extract", str(news), "--pipeline", str(trained_path), "--part-size", "5"]
            + ["-o", str(tmp_path / "out"), "--engine", "dask", "--scheduler", json.loads(address.read_text())["address"]],
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        assert contents(tmp_path / "out") == contents(tmp_path / "alone")
    finally:
        for process in started:
            process.terminate()
            process.wait()


def test_a_scheduler_that_does_not_answer_is_one_line(trained_path, write, tmp_path):
    news = write("a.txt", "Chad condemned Kenya.")
    result = subprocess.run(
        [sys.executable, "-m", "communique", "extract", str(news), "--pipeline", str(trained_path), "-o", str(tmp_path / "out")]
        + ["--engine", "dask", "--scheduler", "nonsense://x"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 2 and "no Dask scheduler answers there" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
