"""Figures as tables for a terminal."""

from typing import Any, Dict, Iterator

from rich.table import Table

TITLES = {
    "ents": "Entities",
    "rels": "Relations on predicted entities",
    "rels_fact": "Relations with their factuality",
    "rels_gold": "Relations on gold entities",
}


def figure_tables(figures: Dict[str, Any]) -> Iterator[Table]:
    """One table of the totals, then one of the labels for each figure."""
    totals = _table("All labels")
    for name, figure in figures.items():
        _row(totals, TITLES[name], figure)
    yield totals
    for name, figure in figures.items():
        table = _table(TITLES[name])
        for label, of_label in figure["labels"].items():
            _row(table, label, of_label)
        yield table


def reliability_table(figures: Dict[str, Any]) -> Table:
    """What `reliability` returned."""
    error = "" if figures["error"] is None else f", calibration error {figures['error']:.3f}"
    table = Table(title=f"Right relations by their score{error}", title_justify="left", box=None, pad_edge=False)
    for column in ("score", "relations", "mean score", "right"):
        table.add_column(column, justify="right")
    for row in figures["bins"]:
        table.add_row(f"{row['low']:.1f}-{row['high']:.1f}", str(row["n"]), f"{row['score']:.2f}", f"{row['right']:.2f}")
    return table


def difference_table(differences: Dict[str, Any], other: str) -> Table:
    """What `paired_difference` returned for each figure."""
    table = Table(title=f"F1 against {other}", title_justify="left", box=None, pad_edge=False)
    for column in ("", "difference", "95%"):
        table.add_column(column, justify="right" if column else "left")
    for name, figure in differences.items():
        low, high = figure["interval"]
        table.add_row(TITLES[name], f"{figure['difference']:+.3f}", f"{low:+.3f} to {high:+.3f}")
    return table


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    for column in ("P", "R", "F1", "95%", "gold", "predicted"):
        table.add_column(column, justify="right")
    return table


def _row(table: Table, name: str, figure: Dict[str, Any]) -> None:
    low, high = figure["interval"]
    values = [f"{figure[key]:.3f}" for key in "prf"]
    table.add_row(name, *values, f"{low:.3f}-{high:.3f}", str(figure["gold"]), str(figure["predicted"]))
