"""The app that the commands join, and how they fail."""

from contextlib import contextmanager
from typing import Iterator

import typer

from ..errors import InputError

app = typer.Typer(
    name="communique",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Who met, signed, backed, condemned or sanctioned whom: relations out of diplomatic news.",
)
corpus_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check, count and convert the corpus.")
app.add_typer(corpus_app, name="corpus")


@contextmanager
def one_line_errors() -> Iterator[None]:
    """What the user can mend becomes one line and exit code 2; what he cannot stays a traceback.

    A reader that closes the pipe, as `head` does, ends the command in silence.
    """
    try:
        yield
    except BrokenPipeError:
        raise typer.Exit(0) from None
    except (InputError, OSError) as error:
        message = str(error) if isinstance(error, InputError) else f"{error.filename}: {error.strerror}"
        typer.echo(f"communique: {' '.join(message.splitlines())}", err=True)
        raise typer.Exit(2) from None
