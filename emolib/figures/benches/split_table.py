"""A place on a page where a table of somebody's split is dropped and judged by its indices."""

from __future__ import annotations

from pathlib import Path

from emolib.figures import inline
from emolib.figures.benches.bench import CSS

MODULE = inline.bundle(Path(__file__).with_suffix(".js"))


class SplitTable:
    """Index checks of `emolib.audit`, computed by the page: nothing leaves it.

    Examples
    --------
    >>> SplitTable()
    SplitTable: a split, judged by its indices
    """

    def __repr__(self) -> str:
        return "SplitTable: a split, judged by its indices"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.fragment(), "text/plain": repr(self)}

    def fragment(self) -> str:
        """Return it as HTML to stand within a page; it asks nothing of anybody."""
        still = "<p>Without scripts: <code>python -m emolib audit FILE</code> judges a table.</p>"
        label = "How to judge a split without scripts"
        how = {"module": MODULE, "style": CSS, "still": still, "label": label}
        return inline.fragment("bench", traits={}, **how)

    def page(self) -> str:
        """Return a whole page of HTML with it, to be opened from a folder or sent."""
        return inline.page("A split, judged by its indices", self.fragment())
