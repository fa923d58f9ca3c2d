"""Finding a pipeline by its name."""

import re
from pathlib import Path
from typing import Optional

import spacy
from spacy.language import Language
from spacy.util import get_package_path, is_package, load_meta

from .errors import InputError

DEFAULT = "en_communique_sm"


def find_pipeline(name: Optional[str] = None) -> Path:
    """The folder of an installed package, a folder, or what the project has trained under this name.

    name (Optional[str]): `en_communique_sm` if None.
    RETURNS (Path): The folder that holds `config.cfg` and `meta.json`.
    RAISES: InputError if there is no such pipeline.
    """
    wanted = DEFAULT if name is None else name
    trained = _trained(wanted)
    if is_package(wanted):
        package = get_package_path(wanted)
        meta = load_meta(package / "meta.json")
        return package / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    if Path(wanted).is_dir():
        if not (Path(wanted) / "meta.json").is_file():
            raise InputError(f"{wanted}: this pipeline cannot be loaded: there is no meta.json in it")
        return Path(wanted)
    if trained is not None and trained.is_dir():
        return trained
    if trained is not None:
        raise InputError(
            f"no pipeline {wanted} here: train it with 'python -m spacy project run {_workflow(wanted)}' in the project's folder, "
            "install its package, or name another one with --pipeline"
        )
    raise InputError(f"{wanted}: neither an installed pipeline nor a folder")


def load_pipeline(name: Optional[str] = None) -> Language:
    """Load what `find_pipeline` finds.

    name (Optional[str]): `en_communique_sm` if None.
    RAISES: InputError if there is no such pipeline, or it cannot be loaded.
    """
    source = find_pipeline(name)
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
