"""What a user can mend."""


class InputError(ValueError):
    """Input that cannot be used. The message is one line that names the place and the mend; the command line prints
    it and exits with 2."""
