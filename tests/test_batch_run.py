"""Runs that are stopped, refused, resumed; what they leave behind."""

import io
import json
import multiprocessing
import os
import random
import resource
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from communique.batch.engines import in_process
from communique.batch.progress import Progress
from communique.batch.run import Plan, run_batch
from communique.batch.readers import Layout
from communique.errors import InputError

from .test_batch_windows import SENTENCES

FORK = multiprocessing.get_context("fork")


def documents(n, sentences=12):
    rng = random.Random(0)
    for i in range(n):
        text = f"Report {i}. " + "".join(rng.choice(SENTENCES) for _ in range(sentences))
        yield {"id": f"d{i}", "text": text, "meta": {"n": i}}


@pytest.fixture
def news(write):
    lines = [json.dumps(document) + "\n" for document in documents(80)]
    lines[33] = "{broken\n"
    return write("in/news.jsonl", "".join(lines))


@pytest.fixture
def plan(news, trained_path):
    return Plan([str(news)], str(trained_path), part_size=5)


def run(plan, output, **options):
    return run_batch(plan, Path(output), in_process(), Progress(quiet=True), io.BytesIO(), **options)


def contents(*paths):
    """Name below the path -> bytes, for all files that there are."""
    found = {}
    for path in paths:
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file():
                found[str(file.relative_to(path))] = file.read_bytes()
    return found


def in_fork(function, *args):
    process = FORK.Process(target=function, args=args)
    process.start()
    return process


def test_what_a_run_leaves(plan, tmp_path):
    counts = run(plan, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["errors.jsonl", "manifest.json", *(f"part-{i:05d}.jsonl" for i in range(16))]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    found = [json.loads(line) for path in sorted((tmp_path / "out").glob("part-*")) for line in path.open()]
    assert [d["id"] for d in found] == [f"d{i}" for i in range(80) if i != 33]
    assert manifest["counts"] == counts and manifest["finished"]
    assert counts["documents"] == 79 and counts["set_aside"] == 1 and counts["parts"] == 16
    assert counts["relations"] == sum(len(d["relations"]) for d in found) > 100
    assert counts["words"] == sum(len(d["text"].split()) for d in found)
    assert manifest["inputs"] == {"names": list(plan.inputs), "files": 1, "bytes": Path(plan.inputs[0]).stat().st_size}
    assert len(manifest["pipeline"]["sha256"]) == 64 and manifest["versions"]["spacy"]
    (error,) = map(json.loads, (tmp_path / "out" / "errors.jsonl").open())
    assert error == {"source": plan.inputs[0], "offset": 34, "id": None, "reason": error["reason"]}
    assert "not JSON" in error["reason"]


def test_one_file_holds_what_the_parts_hold(plan, tmp_path):
    run(plan, tmp_path / "out")
    run(plan, tmp_path / "out.jsonl")
    parts = b"".join(path.read_bytes() for path in sorted((tmp_path / "out").glob("part-*")))
    assert (tmp_path / "out.jsonl").read_bytes() == parts
    assert sorted(p.name for p in tmp_path.glob("out.*")) == ["out.jsonl", "out.jsonl.errors.jsonl", "out.jsonl.manifest.json"]


def test_ten_kills_at_random_moments_cost_nothing(plan, tmp_path):
    """Each of ten runs is killed between some part and the next, and then goes on to the bytes of one that nothing
    happened to."""
    rng = random.Random(time.time_ns())  # moments that no other run of this test has had
    kinds = [("out", "jsonl"), ("out.jsonl", "jsonl"), ("out", "parquet")]
    undisturbed = {}
    for name, format in kinds:
        plan.format = format
        target = tmp_path / f"{format}-{name}" / name
        run(plan, target)
        undisturbed[name, format] = contents(target.parent)
    killed = 0
    for i in range(10):
        name, plan.format = kinds[i % len(kinds)]
        target = tmp_path / f"killed-{i}" / name
        process = in_fork(run, plan, target)
        n = rng.randrange(0, 14)
        while process.is_alive() and len(list(target.parent.rglob("*.receipt.json"))) < n:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        run(plan, target, resume=True)
        expected = undisturbed[name, plan.format]
        assert contents(target.parent) == expected, f"killed after part {n}, {plan.format}"
    assert killed >= 5


def test_a_command_killed_with_its_workers_goes_on(news, trained_path, tmp_path):
    command = [sys.executable, "-m", "communique", "extract", str(news), "--pipeline", str(trained_path)]
    command += ["--workers", "2", "--part-size", "5", "-o"]
    run(Plan([str(news)], str(trained_path), part_size=5), tmp_path / "undisturbed")
    process = subprocess.Popen([*command, str(tmp_path / "out")], stderr=subprocess.DEVNULL)
    while process.poll() is None and len(list((tmp_path / "out").glob("part-*"))) < 3:
        time.sleep(0.01)
    process.kill()
    process.wait()
    result = subprocess.run([*command, str(tmp_path / "out"), "--resume"], capture_output=True, text=True)
    assert result.returncode == 3, result.stderr
    assert "79 documents" in result.stderr and "1 set aside" in result.stderr and "documents/s" in result.stderr
    assert contents(tmp_path / "out") == contents(tmp_path / "undisturbed")


def test_an_interrupted_command_says_how_to_go_on(write, trained_path, tmp_path):
    # So many that the run is not over before the signal comes, on a busy machine too.
    news = write("in/news.jsonl", "".join(json.dumps(document) + "\n" for document in documents(3000)))
    command = [sys.executable, "-m", "communique", "extract", str(news), "--pipeline", str(trained_path), "-o"]
    command += [str(tmp_path / "out"), "--workers", "2", "--part-size", "1"]
    # A shell that starts the tests in the background makes them and their children deaf to this signal.
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=hear)
    while process.poll() is None and len(list((tmp_path / "out").glob("part-*"))) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and said.splitlines()[-1].endswith("out: stopped: go on with --resume")


def full_disk(plan, target, size, said):
    # Files may not grow over this size, as on a full disk: the write fails in its middle.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        run(plan, target)
    except InputError as error:
        said.put(str(error))


@pytest.mark.parametrize("format, size", [("jsonl", 9_000), ("parquet", 8_000), ("jsonl", 2_000)])
def test_a_full_disk_is_one_line_and_what_is_done_is_kept(plan, tmp_path, format, size):
    plan.format = format
    run(plan, tmp_path / "undisturbed")
    said = FORK.SimpleQueue()
    in_fork(full_disk, plan, tmp_path / "out", size, said).join()
    assert "--resume" in said.get()
    assert not (tmp_path / "out" / "errors.jsonl").exists()
    run(plan, tmp_path / "out", resume=True)
    assert contents(tmp_path / "out") == contents(tmp_path / "undisturbed")


def test_resume_does_not_do_again_what_is_done(plan, tmp_path, monkeypatch):
    process = in_fork(run, plan, tmp_path / "out")
    while process.is_alive() and not (tmp_path / "out" / "part-00003.jsonl").exists():
        time.sleep(0.001)
    process.kill()
    process.join()
    done = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out" / ".run").glob("*.receipt.json")}
    assert len(done) >= 3
    written = {name[:10]: (tmp_path / "out" / f"{name[:10]}.jsonl").stat().st_mtime_ns for name in done}
    run(plan, tmp_path / "out", resume=True)
    assert {name: (tmp_path / "out" / f"{name}.jsonl").stat().st_mtime_ns for name in written} == written
    monkeypatch.setattr("communique.batch.run.RecordReader", None)  # a finished run is not even read again
    run(plan, tmp_path / "out", resume=True)


def test_resuming_with_anything_else_is_refused(plan, news, trained, tmp_path):
    out = tmp_path / "out"
    before = contents(out) if run(plan, out) else {}

    def refused(message, **options):
        with pytest.raises(InputError, match=message):
            run(plan, out, **options)
        assert contents(out) == before

    refused("go on with it by --resume, or replace it by --overwrite")
    plan.part_size = 6
    refused("begun with another options part-size", resume=True)
    plan.part_size = 5
    plan.layout = Layout(text_key="body")
    refused("begun with another options text-key", resume=True)
    plan.layout = Layout()
    old, plan.pipeline = plan.pipeline, str(tmp_path / "other")
    trained.get_pipe("relation_extractor").thresholds = {"SIGNED": 0.9}
    trained.to_disk(plan.pipeline)
    refused("begun with another pipeline sha256", resume=True)
    plan.pipeline = old
    with news.open("a") as file:
        file.write('{"id": "more", "text": "More."}\n')
    refused("begun with another inputs bytes", resume=True)
    plan.format = "parquet"
    run(plan, out, overwrite=True)
    assert not list(out.glob("*.jsonl")) == [] and len(list(out.glob("part-*.parquet"))) == 17


def test_inputs_that_change_in_a_stopped_run_are_noticed(plan, news, tmp_path):
    out = tmp_path / "out"
    process = in_fork(run, plan, out)
    while process.is_alive() and not list(out.glob(".run/*.receipt.json")):
        time.sleep(0.001)
    process.kill()
    process.join()
    news.write_text(news.read_text().replace("Report 0.", "Report X."))
    with pytest.raises(InputError, match="the inputs have changed"):
        run(plan, out, resume=True)


def test_a_folder_of_something_else_is_left_alone(plan, write, tmp_path):
    for name in ("mine/part-00000.jsonl", "mine/notes.txt"):
        write(name, "mine")
    write("mine.jsonl", "mine")
    before = contents(tmp_path / "mine")
    for options in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(InputError, match="something else there already"):
            run(plan, tmp_path / "mine", **options)
        assert contents(tmp_path / "mine") == before
    with pytest.raises(InputError, match="something else there already"):
        run(plan, tmp_path / "mine.jsonl")
    run(plan, tmp_path / "mine.jsonl", overwrite=True)
    assert len((tmp_path / "mine.jsonl").read_text().splitlines()) == 79


def test_two_runs_in_one_folder(plan, tmp_path):
    process = in_fork(run, plan, tmp_path / "out")
    while process.is_alive() and not list((tmp_path / "out").glob("part-*")):
        time.sleep(0.001)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        for options in ({"resume": True}, {"overwrite": True}):
            with pytest.raises(InputError, match="another run is writing there"):
                run(plan, tmp_path / "out", **options)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    process.join()
    assert process.exitcode == 0 and json.loads((tmp_path / "out" / "manifest.json").read_text())["finished"]


def test_too_many_errors_stop_the_run(write, trained_path, tmp_path):
    path = write("in.jsonl", '{"text": "Chad condemned Kenya."}\nx\ny\n{"text": "France met Chad."}\n')
    plan = Plan([str(path)], str(trained_path), part_size=1)
    with pytest.raises(InputError, match="2 documents set aside, over --max-errors 1"):
        run(plan, tmp_path / "out", max_errors=1)
    assert run(plan, tmp_path / "out", resume=True, max_errors=2)["documents"] == 2


def test_progress_in_a_log(plan, tmp_path):
    file = io.StringIO()
    run_batch(plan, tmp_path / "out", in_process(), Progress(file=file, every=0), io.BytesIO())
    lines = file.getvalue().splitlines()
    assert len(lines) == 16 and lines[0].startswith("6.") and " left" in lines[0] and "0 set aside" in lines[0]
    assert lines[-1].startswith("100.0%, 79 documents") and "1 set aside" in lines[-1]


def test_progress_on_a_terminal(plan, tmp_path):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    file = Terminal()
    run_batch(plan, tmp_path / "out", in_process(), Progress(file=file), io.BytesIO())
    assert "%" in file.getvalue() and "words/s" in file.getvalue() and "left" in file.getvalue()
    file = Terminal()
    run_batch(plan, tmp_path / "quiet", in_process(), Progress(quiet=True, file=file), io.BytesIO())
    assert file.getvalue() == ""
