"""The project file, the configuration, and a packaged pipeline."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import srsly
from spacy.training.initialize import init_nlp
from spacy.util import load_config, load_model_from_config
from weasel.cli.run import check_rerun, update_lockfile
from weasel.util import load_project_config, working_dir

ROOT = Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))


def commands():
    return {c["name"]: c for c in load_project_config(ROOT)["commands"]}


def test_every_dependency_in_the_repository_exists():
    made = {output for command in commands().values() for output in command.get("outputs", [])}
    for command in commands().values():
        for path in command["deps"]:
            assert path in made or (ROOT / path).exists(), f"{command['name']}: {path}"


def test_every_command_has_outputs_or_it_would_always_run():
    assert all(command.get("outputs") for command in commands().values())


def test_every_module_of_the_package_is_a_dependency_of_what_uses_it():
    """A module that is imported by a command and not listed would not cause a rerun."""
    listed = {dep for command in commands().values() for dep in command["deps"] if dep.startswith("src/")}
    ml = {str(p.relative_to(ROOT)) for p in (ROOT / "src/communique/ml").glob("[a-z]*.py")}
    pipeline = {str(p.relative_to(ROOT)) for p in (ROOT / "src/communique/pipeline").glob("[a-z]*.py")}
    augmentation = {str(p.relative_to(ROOT)) for p in (ROOT / "src/communique/augmentation").glob("[a-z]*.py")}
    train, train_trf = (set(commands()[name]["deps"]) for name in ("train", "train-trf"))
    needs_torch = {f"src/communique/ml/{name}.py" for name in ("int8_encoder", "transformer_model", "two_rate_adam")}
    assert augmentation <= set(commands()["ablation"]["deps"])
    assert ml | pipeline | augmentation <= train_trf <= listed | train_trf
    assert (ml | pipeline | augmentation) - needs_torch <= train <= listed | train


def test_touching_a_dependency_reruns_and_touching_nothing_does_not(tmp_path):
    (tmp_path / "in.txt").write_text("one")
    (tmp_path / "out.txt").write_text("made")
    command = {"name": "x", "script": ["true"], "deps": ["in.txt"], "outputs": ["out.txt"]}
    assert check_rerun(tmp_path, command)
    with working_dir(tmp_path):
        update_lockfile(tmp_path, command)
    assert not check_rerun(tmp_path, command)
    (tmp_path / "in.txt").write_text("two")
    assert check_rerun(tmp_path, command)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_configuration_builds(path):
    if path.stem == "trf":
        pytest.importorskip("spacy_transformers", reason="the extra trf is not installed")
    config = load_config(path)
    nlp = load_model_from_config(config, auto_fill=True, validate=True)
    assert "relations" in nlp.pipe_names
    optimizer = load_config(path)["training"]["optimizer"]["learn_rate"]
    assert optimizer["total_steps"] == config["training"]["max_steps"] and nlp.resume_training().L2 == 0.01
    # What a saved pipeline needs stands in the configuration itself, and nothing has to be filled in.
    assert load_config(path).interpolate()["components"].keys() == nlp.config["components"].keys()


def test_configuration_initializes(training_files, monkeypatch):
    """All that `spacy train` does before its first step, on three sentences."""
    monkeypatch.chdir(ROOT)
    nlp = init_nlp(load_config(ROOT / "configs" / "sm.cfg", overrides=training_files))
    assert nlp.get_pipe("relations").labels[0] == "CRITICISED"
    assert ("Eurasian Economic Union", "IGO") in [(e.text, e.label_) for e in nlp.get_pipe("known_names")(nlp.make_doc("the Eurasian Economic Union")).ents]


def test_a_packaged_pipeline_loads_with_no_import_of_ours(trained, tmp_path):
    """As a package on the path, in a process of its own, which imports spaCy alone and starts workers both ways."""
    trained.to_disk(tmp_path / "pipeline")
    (tmp_path / "out").mkdir()
    subprocess.run(
        [sys.executable, "-m", "spacy", "package", "pipeline", "out", "--name", "communique_tiny", "--build", "none"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    (package,) = (tmp_path / "out").iterdir()
    meta = srsly.read_json(package / "meta.json")
    assert any(requirement.startswith("communique") for requirement in meta["requirements"])
    # What setup.py would do.
    shutil.copy(package / "meta.json", package / "en_communique_tiny" / "meta.json")
    # What pip would write: spaCy asks for the distribution.
    (package / f"{package.name}.dist-info").mkdir()
    (package / f"{package.name}.dist-info" / "METADATA").write_text(f"Name: en_communique_tiny\nVersion: {meta['version']}\n")
    script = tmp_path / "use.py"
    script.write_text(
        "import multiprocessing, sys, spacy\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.set_start_method(sys.argv[1])\n"
        "    nlp = spacy.load('en_communique_tiny')\n"
        "    docs = list(nlp.pipe(['Chad condemned Kenya.', 'France met Chad.'] * 4, n_process=2, batch_size=2))\n"
        "    print([r['label'] for doc in docs for r in doc._.relations])\n"
    )
    for method in ("fork", "spawn"):
        result = subprocess.run(
            [sys.executable, str(script), method],
            env={"PYTHONPATH": str(package), "PATH": ""},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        assert eval(result.stdout) == ["CRITICISED", "MET_WITH"] * 4
