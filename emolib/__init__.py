"""Recognising emotion from EEG brain maps: the small package behind the book."""

import os

__version__ = "0.1.0"

# Threads of linear algebra wait for each other by spinning: with two of them, and another job on
# the same processors, ridge regression took ten times as long. Set before NumPy is imported, or it
# has no effect: `python -m emolib` and the kernels that it starts come through here first.
os.environ.setdefault("OMP_NUM_THREADS", "1")
