"""How good a pipeline is, and where it errs."""
