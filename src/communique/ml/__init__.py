"""Thinc layers and architectures."""
