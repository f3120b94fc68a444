"""Recognising emotion from EEG brain maps: the small package behind the book."""

__version__ = "0.1.0"
