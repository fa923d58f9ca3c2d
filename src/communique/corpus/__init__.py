"""The corpus: its mark-up, the checks on it, its counts, its conversions."""
