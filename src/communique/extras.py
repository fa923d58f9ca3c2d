"""Optional dependencies."""

from importlib.util import find_spec
from typing import Callable, Type

from spacy.language import Language
from spacy.util import registry

from .errors import InputError


def require(extra: str, *modules: str) -> None:
    """Make sure, before any work is done, that what an extra brings is installed.

    extra (str): Name of the extra of this package.
    modules (str): The modules that it brings.
    RAISES: InputError that names the extra.
    """
    for module in modules:
        if find_spec(module) is None:
            raise InputError(f'{module} is not installed: pip install "communique[{extra}]"')


@registry.callbacks("communique.require_extra.v1")
def create_extra_check(extra: str, package: str) -> Callable[[Type[Language]], Type[Language]]:
    """A callback for `nlp.before_creation`. Without it spaCy says that it does not know a factory, and not where to get it.

    extra (str): The optional dependencies of communique that the pipeline uses.
    package (str): A package that comes with them.
    RAISES: InputError at the call, if that package is not installed.
    """

    def require_extra(lang_cls: Type[Language]) -> Type[Language]:
        require(extra, package)
        return lang_cls

    return require_extra
