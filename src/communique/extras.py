"""Optional dependencies."""

from importlib.util import find_spec

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
