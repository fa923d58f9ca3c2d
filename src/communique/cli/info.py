"""`communique info`."""

import json
from typing import Annotated, Optional

import typer

from .app import app, one_line_errors


@app.command(epilog="Example: communique info en_communique_sm")
def info(
    pipeline: Annotated[Optional[str], typer.Argument(help="Name or folder of the pipeline.", show_default="en_communique_sm")] = None,
) -> None:
    """Say what a pipeline is: version, components, labels, thresholds, figures on the development split."""
    import spacy

    from .. import __version__
    from ..pipeline.relation_extractor import RelationExtractor
    from ..pipelines import load_pipeline

    with one_line_errors():
        nlp = load_pipeline(pipeline)
    extractors = [pipe for _, pipe in nlp.pipeline if isinstance(pipe, RelationExtractor)]
    scores = {
        name: round(value, 4)
        for name, value in nlp.meta.get("performance", {}).items()
        if isinstance(value, float) and name.endswith("_f")
    }
    typer.echo(
        json.dumps(
            {
                "communique": __version__,
                "spacy": spacy.__version__,
                "pipeline": f"{nlp.meta['lang']}_{nlp.meta['name']}",
                "version": nlp.meta["version"],
                "folder": str(nlp.path),
                "components": nlp.pipe_names,
                "entities": list(nlp.pipe_labels.get("ner", [])),
                "relations": {label: t for pipe in extractors for label, t in pipe.thresholds.items()},
                "development figures": scores,
            },
            indent=2,
        )
    )
