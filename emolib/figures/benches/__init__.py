"""Benches: the computations of the chapters, to touch, in JupyterLab and on any page."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bench": ["SplitTable", "offer"],
        "games": ["PlanningBench", "SplitGame"],
        "grid_editor": ["GridBench"],
        "loss_and_time": ["LossBench", "TimeBench"],
        "network": ["NetworkBench"],
        "replay": ["ReplayBench"],
        "signals": ["EntropyBench", "FilterBench"],
        "windows": ["WindowBench"],
    },
)
