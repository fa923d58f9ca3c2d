"""communique: who met, signed, backed, condemned or sanctioned whom, out of diplomatic news."""

__version__ = "0.1.0"
