"""A training of so many steps with some settings changed, and what dev says of it: what trials, ablations and learning curves compare."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict

# What a comparison shows of the figures of `communique evaluate`, and what its table calls them.
FIGURES = {"ents": "entities", "rels": "relations", "rels_gold": "relations on gold entities"}


def train(config: Path, folder: Path, paths: Dict[str, Path], steps: int, seed: int, settings: Dict[str, Any] = {}) -> None:
    """Train into a folder, which is made. Only the end of the training is evaluated, and the rate falls to 0 there.

    paths (Dict[str, Path]): Those of the configuration: train, dev and vectors.
    settings (Dict[str, Any]): Settings to change, by their place in the configuration.
    RAISES: subprocess.CalledProcessError if the training fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = {
        **{f"paths.{name}": str(path) for name, path in paths.items()},
        "system.seed": seed,
        "training.max_steps": steps,
        "training.optimizer.learn_rate.total_steps": steps,
        "training.eval_frequency": steps,
        **settings,
    }
    overrides = (part for key, value in changed.items() for part in (f"--{key}", json.dumps(value)))
    _run("spacy", "train", str(config), "--output", str(folder), *overrides)


def measure(folder: Path, dev: Path) -> Dict[str, Any]:
    """What `communique evaluate` says of the pipeline trained into a folder, which is also written there as dev.json."""
    _run("communique", "evaluate", str(folder / "model-best"), str(dev), "--output", str(folder / "dev.json"))
    return json.loads((folder / "dev.json").read_text(encoding="utf8"))


def _run(*command: str) -> None:
    subprocess.run([sys.executable, "-m", *command], check=True, stdout=subprocess.DEVNULL)
