"""Augmenters of training documents, for the `augmenter` of a spaCy corpus."""
