"""Recognising emotion from EEG brain maps: the small package behind the book.

The rooms, from data to pages; each imports only from those before it::

    recordings  ->  features  ->  grid  ->  splits  ->  model  ->  evaluation  ->  explain
                                                  figures  ->  study  ->  book

A name is imported when it is first used: settings and protocols need not wait for Keras.
"""

import lazy_loader

__version__ = "0.1.0"

_lazy, _, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        *("recordings", "features", "splits", "model", "evaluation"),
        *("explain", "figures", "study", "book", "errors", "storage", "grid"),
    ],
    submod_attrs={
        "recordings": ["Task", "from_epochs", "read_deap", "to_epochs", "window_table"],
        "recordings.simulated": ["SimulationSettings", "simulate_subject"],
        "features": ["FeatureSettings", "extract_features"],
        "grid": ["to_brain_maps"],
        "model": ["ModelSettings", "build_crnn", "build_mt_cnn"],
        "evaluation": ["audit", "score"],
        "figures.explorer.widget": ["Explorer"],
    },
)
__all__ = [*__all__, "load_study"]


def __getattr__(name: str) -> object:
    if name == "load_study":  # a name of its own: what `emolib.load` loads would be anybody's guess
        from emolib.study import load

        return load
    return _lazy(name)


def __dir__() -> list[str]:
    return __all__
