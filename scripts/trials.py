"""Train a configuration with one setting after another changed, and put what dev says of each, and its cost, in a table."""

import resource
from pathlib import Path
from statistics import mean
from typing import Annotated, Any, Dict, Iterable, List, Optional

import srsly
import typer
from short_training import FIGURES, measure, train


def main(
    config: Annotated[Path, typer.Argument(help="Configuration of the pipeline.")],
    trials: Annotated[Path, typer.Argument(help="JSON: the name of each trial, and the settings that it changes.")],
    corpus: Annotated[Path, typer.Argument(help="Folder with train.spacy and dev.spacy.")],
    vectors: Annotated[Path, typer.Argument(help="The static vectors.")],
    output: Annotated[Path, typer.Argument(help="Folder for the models, the figures and the table.")],
    trial: Annotated[Optional[List[str]], typer.Option(help="Names of trials. All of them if not given.")] = None,
    steps: Annotated[int, typer.Option(help="Training steps, where the trial does not set them.")] = 350,
    seed: Annotated[List[int], typer.Option(help="Seeds of the training.")] = [0],
) -> None:
    """Train and measure each trial that has no figures in the folder yet, with each seed; the table has all that are there."""
    settings: Dict[str, Dict[str, Any]] = srsly.read_json(trials)
    unknown = set(trial or []) - set(settings)
    if unknown:
        raise typer.BadParameter(f"{trials} has no trial {', '.join(sorted(unknown))}, only {', '.join(settings)}")
    paths = {"train": corpus / "train.spacy", "dev": corpus / "dev.spacy", "vectors": vectors}
    for one_seed in seed:
        for name in trial or settings:
            folder = output / name / f"seed-{one_seed}"
            if (folder / "cost.json").exists():
                continue
            changed = {"training.max_steps": steps, **settings[name]}
            start = children_seconds()
            train(config, folder, paths, changed["training.max_steps"], one_seed, changed)
            seconds = children_seconds() - start
            measure(folder, paths["dev"])
            srsly.write_json(folder / "cost.json", {"seconds": seconds, "settings": changed})
            write_table(settings, output)
    write_table(settings, output)


def children_seconds() -> float:
    """Seconds of CPU that the commands so far took: on a shared machine a clock measures the others."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def write_table(names: Iterable[str], output: Path) -> None:
    """A trial a row: mean F1 over the seeds, the lowest and the highest, and the minutes of CPU that a training took."""
    lines = [
        f"| trial | seeds | steps | {' | '.join(FIGURES.values())} | CPU minutes |",
        f"| --- | --- | --- |{' --- |' * len(FIGURES)} --- |",
    ]
    for name in names:
        folders = sorted(path.parent for path in output.glob(f"{name}/seed-*/cost.json"))
        if not folders:
            continue
        runs = [srsly.read_json(folder / "dev.json") for folder in folders]
        cells = []
        for key in FIGURES:
            values = [one[key]["f"] for one in runs]
            cells.append(f"{mean(values):.3f}" + (f" ({min(values):.3f}-{max(values):.3f})" if len(runs) > 1 else ""))
        costs = [srsly.read_json(folder / "cost.json") for folder in folders]
        steps = ", ".join(sorted({str(cost["settings"]["training.max_steps"]) for cost in costs}))
        minutes = mean(cost["seconds"] for cost in costs) / 60
        lines.append(f"| {name} | {len(folders)} | {steps} | {' | '.join(cells)} | {minutes:.0f} |")
    (output / "trials.md").write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
