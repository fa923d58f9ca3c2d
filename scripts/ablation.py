"""Dev F1 with no augmentation, with each kind alone, and with all: what does each bring?"""

import json
from pathlib import Path
from statistics import mean
from typing import Annotated, Dict, List, Optional

import typer
from short_training import FIGURES, measure, train
from spacy.util import load_config

AUGMENTER = "corpora.train.augmenter"


def main(
    config: Annotated[Path, typer.Argument(help="Configuration of the pipeline.")],
    corpus: Annotated[Path, typer.Argument(help="Folder with train.spacy and dev.spacy.")],
    vectors: Annotated[Path, typer.Argument(help="The static vectors.")],
    output: Annotated[Path, typer.Argument(help="Folder for the models, the figures and the table.")],
    kind: Annotated[
        Optional[List[str]], typer.Option(help="Kinds: none, all, or a name of the configuration. All of these if not given.")
    ] = None,
    share: Annotated[float, typer.Option(help="The share of a kind that the configuration gives none.")] = 0.2,
    steps: Annotated[int, typer.Option(help="Training steps.")] = 1000,
    seed: Annotated[List[int], typer.Option(help="Seeds of the training and of the augmentation.")] = [0],
    limit: Annotated[int, typer.Option(help="Training documents, 0 for all.")] = 0,
    resume: Annotated[bool, typer.Option(help="Keep what an interrupted run has measured in this folder.")] = False,
) -> None:
    """Train with each kind of augmentation and measure on dev. A kind alone has the share that the configuration gives it,
    or else `share`, and the others have none."""
    blocks = load_config(config)["corpora"]["train"]["augmenter"]["*"]
    shares = {name: block["share"] or share for name, block in blocks.items()}
    kinds = kind or ["none", *shares, "all"]
    unknown = [name for name in kinds if name not in ("none", "all", *shares)]
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: not one of none, all, {', '.join(shares)}")
    paths = {"train": corpus / "train.spacy", "dev": corpus / "dev.spacy", "vectors": vectors}
    figures: Dict[str, List[dict]] = {name: [] for name in kinds}
    for one_seed in seed:
        for name in kinds:
            folder = output / f"{steps}-steps" / f"{limit or 'all'}-documents" / f"seed-{one_seed}" / name
            measured = folder / "dev.json"
            if resume and measured.exists():
                figures[name].append(json.loads(measured.read_text(encoding="utf8")))
            else:
                given = {other: shares[other] if name in (other, "all") else 0.0 for other in shares}
                settings = {f"{AUGMENTER}.*.{other}.share": value for other, value in given.items()}
                train(config, folder, paths, steps, one_seed, {"corpora.train.limit": limit, **settings})
                figures[name].append(measure(folder, paths["dev"]))
            print(one_seed, name, *(f"{key} {figures[name][-1][key]['f']:.3f}" for key in FIGURES), flush=True)
            write_table(figures, shares, steps, limit, output / "ablation.md")


def write_table(figures: Dict[str, List[dict]], shares: Dict[str, float], steps: int, limit: int, path: Path) -> None:
    """A kind a row: mean F1 over the seeds, the lowest and the highest, and how far the mean is from that of none."""
    lines = [
        f"F1 on dev after {steps} steps on {limit or 'all'} documents: mean over the seeds (lowest to highest), difference to none.",
        "",
        f"| augmentation | share | seeds | {' | '.join(FIGURES.values())} |",
        f"| --- | --- | --- |{' --- |' * len(FIGURES)}",
    ]
    for name, runs in figures.items():
        if not runs:
            continue
        cells = []
        for key in FIGURES:
            values = [run[key]["f"] for run in runs]
            cell = f"{mean(values):.3f} ({min(values):.3f}-{max(values):.3f})"
            # Only seeds that both have been trained with are compared.
            plain = [run[key]["f"] for run in figures.get("none", [])][: len(values)]
            if name != "none" and len(plain) == len(values):
                cell += f" {mean(values) - mean(plain):+.3f}"
            cells.append(cell)
        lines.append(f"| {name} | {shares.get(name, '')} | {len(runs)} | {' | '.join(cells)} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    typer.run(main)
