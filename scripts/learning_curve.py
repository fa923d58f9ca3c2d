"""Dev F1 of entities and relations by the number of training documents: what would more text bring?"""

import random
from pathlib import Path
from typing import Annotated, List

import matplotlib
import spacy
import typer
from short_training import FIGURES, measure, train
from spacy.tokens import DocBin

matplotlib.use("svg")
from matplotlib import pyplot


def main(
    config: Annotated[Path, typer.Argument(help="Configuration of the pipeline.")],
    corpus: Annotated[Path, typer.Argument(help="Folder with train.spacy and dev.spacy.")],
    vectors: Annotated[Path, typer.Argument(help="The static vectors.")],
    output: Annotated[Path, typer.Argument(help="Folder for the models, the table and the plot.")],
    share: Annotated[List[float], typer.Option(help="Shares of the training documents.")] = [0.1, 0.25, 0.5, 0.75, 1.0],
    steps: Annotated[int, typer.Option(help="Training steps, the same on every share: what does more text bring in the same time?")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the choice of documents, and of the training.")] = 0,
) -> None:
    """Train on shares of the documents, each within the next larger one, and measure on dev."""
    nlp = spacy.blank("en")
    docs = list(DocBin().from_disk(corpus / "train.spacy").get_docs(nlp.vocab))
    random.Random(seed).shuffle(docs)
    rows = []
    for part in sorted(share):
        folder = output / f"{part:.0%}".rstrip("%")
        folder.mkdir(parents=True, exist_ok=True)
        chosen = docs[: max(1, round(part * len(docs)))]
        DocBin(docs=chosen, store_user_data=True).to_disk(folder / "train.spacy")
        paths = {"train": folder / "train.spacy", "dev": corpus / "dev.spacy", "vectors": vectors}
        train(config, folder, paths, steps, seed)
        figures = measure(folder, paths["dev"])
        rows.append({"documents": len(chosen), **{name: figures[name] for name in FIGURES}})
        print(len(chosen), *(f"{name} {figures[name]['f']:.3f}" for name in FIGURES), flush=True)
        write_table(rows, output / "learning-curve.md")
        plot(rows, output / "learning-curve.svg")


def write_table(rows: List[dict], path: Path) -> None:
    lines = [f"| documents | {' | '.join(FIGURES.values())} |", f"| --- |{' --- |' * len(FIGURES)}"]
    for row in rows:
        cells = [
            f"{row[name]['f']:.3f} ({row[name]['interval'][0]:.3f}-{row[name]['interval'][1]:.3f})" for name in FIGURES
        ]
        lines.append(f"| {row['documents']} | {' | '.join(cells)} |")
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


def plot(rows: List[dict], path: Path) -> None:
    figure, axes = pyplot.subplots(figsize=(6, 4))
    x = [row["documents"] for row in rows]
    for name, title in FIGURES.items():
        axes.plot(x, [row[name]["f"] for row in rows], marker="o", label=title)
        axes.fill_between(x, *zip(*(row[name]["interval"] for row in rows)), alpha=0.15)
    axes.set(xlabel="training documents", ylabel="F1 on dev", ylim=(0, 1))
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    typer.run(main)
