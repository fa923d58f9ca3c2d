"""Extraction from many documents: sources, parts, engines, restart."""
