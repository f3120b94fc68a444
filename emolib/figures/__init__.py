"""Figures and tables, each with a description in words."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"display": ["Picture", "Table", "bullets", "plain", "say", "use_style"]}
)
