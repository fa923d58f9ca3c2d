"""Finding a pipeline by its name."""

import re
from pathlib import Path
from typing import Optional

import spacy
from spacy.language import Language
from spacy.util import is_package

from .errors import InputError

DEFAULT = "en_communique_sm"


def load_pipeline(name: Optional[str] = None) -> Language:
    """Load an installed package, a folder, or what the project has trained under this name.

    name (Optional[str]): `en_communique_sm` if None.
    RAISES: InputError if there is no such pipeline, or it cannot be loaded.
    """
    wanted = DEFAULT if name is None else name
    trained = _trained(wanted)
    if is_package(wanted) or Path(wanted).is_dir():
        source = wanted
    elif trained is not None and trained.is_dir():
        source = str(trained)
    elif trained is not None:
        raise InputError(
            f"no pipeline {wanted} here: train it with 'python -m spacy project run {_workflow(wanted)}' in the project's folder, "
            "install its package, or name another one with --pipeline"
        )
    else:
        raise InputError(f"{wanted}: neither an installed pipeline nor a folder")
    try:
        return spacy.load(source)
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).strip().split("\n")[0]
        raise InputError(f"{source}: this pipeline cannot be loaded: {reason}") from error


def _trained(name: str) -> Optional[Path]:
    """Where `project.yml` puts the pipeline en_communique_NAME."""
    match = re.fullmatch(r"en_communique_(\w+)", name)
    return None if match is None else Path("training") / match.group(1) / "model-best"


def _workflow(name: str) -> str:
    """What trains it: `all` the default, `all-NAME` another."""
    return "all" if name == DEFAULT else f"all-{name.removeprefix('en_communique_')}"
