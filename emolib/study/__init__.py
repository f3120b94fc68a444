"""A study: its file, its stages, and the workflow that runs them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"study": ["Study", "load"]}
)
