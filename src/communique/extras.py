"""What a pipeline needs beside spaCy, said before it fails for want of it."""

from importlib.util import find_spec
from typing import Callable, Type

from spacy.language import Language
from spacy.util import registry


@registry.callbacks("communique.require_extra.v1")
def create_extra_check(extra: str, package: str) -> Callable[[Type[Language]], Type[Language]]:
    """A callback for `nlp.before_creation`. Without it spaCy says that it does not know a factory, and not where to get it.

    extra (str): The optional dependencies of communique that the pipeline uses.
    package (str): A package that comes with them.
    RAISES: ImportError at the call, if that package is not installed.
    """

    def require_extra(lang_cls: Type[Language]) -> Type[Language]:
        if find_spec(package) is None:
            raise ImportError(f'{package} is not installed, and this pipeline needs it: pip install "communique[{extra}]"')
        return lang_cls

    return require_extra
