"""Short trainings with changed settings, and the table of them."""

from functools import reduce

import srsly
import trials
from spacy.util import load_config

from .test_project import ROOT


def test_trials_change_what_the_configuration_has():
    config = load_config(ROOT / "configs" / "trf.cfg")
    for settings in srsly.read_json(ROOT / "configs" / "trials.json").values():
        for place in settings:
            *blocks, name = place.split(".")
            assert name in reduce(dict.__getitem__, blocks, config), place


def test_trials(training_files, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    settings = {
        "plain": {},
        "narrow": {"training.max_steps": 3, "components.relations.model.encoder.width": 32},
        "not-asked-for": {},
    }
    srsly.write_json(tmp_path / "trials.json", settings)
    places = ROOT / "configs" / "sm.cfg", tmp_path / "trials.json", tmp_path, tmp_path / "vectors", tmp_path / "out"
    trials.main(*places, trial=["narrow"], steps=2, seed=[1])
    folder = tmp_path / "out" / "narrow" / "seed-1"
    config = load_config(folder / "model-last" / "config.cfg").interpolate()
    assert config["components"]["relations"]["model"]["encoder"]["width"] == 32
    assert config["training"]["seed"] == 1
    assert config["training"]["max_steps"] == config["training"]["optimizer"]["learn_rate"]["total_steps"] == 3
    # What has been measured is not trained again, and what another run has measured is in the table.
    srsly.write_json(folder / "cost.json", {"seconds": 120.0, "settings": settings["narrow"]})
    second = tmp_path / "out" / "narrow" / "seed-0"
    second.mkdir()
    srsly.write_json(second / "cost.json", {"seconds": 240.0, "settings": settings["narrow"]})
    srsly.write_json(second / "dev.json", {key: {"f": 0.5} for key in trials.FIGURES})
    srsly.write_json(folder / "dev.json", {key: {"f": 0.7} for key in trials.FIGURES})
    trials.main(*places, trial=["narrow"], steps=2, seed=[1])
    lines = (tmp_path / "out" / "trials.md").read_text().splitlines()
    assert lines[2:] == ["| narrow | 2 | 3 | 0.600 (0.500-0.700) | 0.600 (0.500-0.700) | 0.600 (0.500-0.700) | 3 |"]
