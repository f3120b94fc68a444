"""Benches: the computations of the chapters, to touch, in JupyterLab and on any page."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "games": ["SplitGame"],
        "grid_editor": ["GridBench"],
        "network": ["NetworkBench"],
        "networks": ["LossBench", "TimeBench"],
        "planning": ["PlanningBench"],
        "split_table": ["SplitTable"],
        "replay": ["ReplayBench"],
        "signals": ["EntropyBench", "FilterBench"],
        "windows": ["WindowBench"],
    },
)
