"""Figures and tables, each with a description in words.

`display` shows pictures, tables and computed sentences; `maps` and `scores` draw on axes that
they are given; `pages` and `before_after` make whole pictures; `explorer` is the brain-map
explorer.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["before_after", "display", "maps", "pages", "scores"],
    submod_attrs={
        "display": ["Picture", "Table", "bullets", "escape_markdown", "say", "use_style"],
        "explorer.widget": ["Explorer"],
    },
)
