"""Scores of predictions, their intervals, and tests against chance."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"scores": ["permuted_scores", "score"], "literature": ["published"]}
)
