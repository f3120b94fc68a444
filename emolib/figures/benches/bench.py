"""What all benches share: choices that are traits, words, and a page that stands still.

A bench is a module of JavaScript and a class here. The class gives it words, numbers and choices.
In JupyterLab a choice is an attribute, which follows what its reader moves and moves what is set::

    bench = SplitGame()
    bench            # in the last line of a cell: to touch
    bench.removal    # what is chosen now
    bench.removal = "none"

In the book, where there is no kernel, module and numbers stand in the page (see
`emolib.figures.inline`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import anywidget
import matplotlib.pyplot as plt
import traitlets
from IPython import get_ipython
from IPython.display import Markdown

from emolib.errors import InputError, SettingsError, check_option, check_range, did_you_mean
from emolib.escaping import escape_html
from emolib.figures import inline
from emolib.figures.display import admonition, escape_markdown, use_style
from emolib.figures.explorer.widget import STYLE

HERE = Path(__file__).parent
CSS = STYLE + HERE.joinpath("bench.css").read_text(encoding="utf-8")


class Choice(traitlets.TraitType):
    """A number in a range, or one of several options, as a slider or a list shows it.

    Parameters
    ----------
    default : float or str
        Where it starts.
    label, verb : str
        What it is called, and the heading of the frame that it stands in: what to do.
    options : mapping of str to str, optional
        What may be chosen, and how a reader sees it; and `later`, what a dropped file adds.
        Without options it is a number:
    low, high, step, unit
        From where to where, in which steps, of what if it has a unit.
    """

    def __init__(self, default: float | str, label: str, verb: str, **rule: object):
        super().__init__(default)
        self.rule = {"value": default, "label": label, "verb": verb, **rule}
        self.tag(sync=True)

    def validate(self, bench: Bench, value: object) -> object:
        """Return the value if it may be chosen; otherwise raise a SettingsError."""
        rule = bench.rules[self.name]
        if "options" in rule:
            return check_option(self.name, str(value), rule["options"] | rule.get("later", {}))
        if not isinstance(value, (int, float)):
            raise SettingsError(self.name, f"got {value!r}.", "Give a number.")
        return float(check_range(self.name, value, rule["low"], rule["high"]))


def alike(*names: str) -> dict[str, str]:
    """Return options that a reader sees by their own names."""
    return dict(zip(names, names, strict=True))


class Bench(anywidget.AnyWidget):
    """What can be touched: a question, choices, and a computation that answers at once.

    A bench says its `module`, words and choices, and has a method `still`, which returns what those
    without scripts get: a picture, a table of its values, and the question's answer.

    Parameters
    ----------
    numbers : mapping
        What the module computes from: JSON.
    data : bytes
        And what would be too long for JSON.
    rules : mapping of str to mapping, optional
        What the data make of a choice's options or limits.
    **choices
        Where choices start.

    Raises
    ------
    SettingsError
        If there is no such choice, or it may not have that value.
    """

    module = ""
    title = ""
    question = ""
    guess_of: ClassVar[
        Mapping[str, object]
    ] = {}  # a slider's low, high, step, unit and start; or options
    tries: Sequence[tuple[str, str, Mapping[str, object]]] = ()  # do this, see that, choices
    spec = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes(b"").tag(sync=True)
    guess = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init_subclass__(cls, **kwargs: object):
        if name := vars(cls).get("module"):
            cls._esm, cls._css = inline.bundle(HERE / f"{name}.js"), CSS
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        numbers: Mapping[str, object] | None = None,
        rules: Mapping[str, Mapping[str, object]] | None = None,
        data: bytes = b"",
        **choices: object,
    ):
        declared = {k: v for k, v in vars(type(self)).items() if isinstance(v, Choice)}
        self.rules = copy.deepcopy({name: choice.rule for name, choice in declared.items()})
        for name, own in (rules or {}).items():
            self.rules[name] |= own
        for name in set(choices) - set(self.rules):
            raise SettingsError(name, "is no choice of this bench.", did_you_mean(name, self.rules))
        for name, value in choices.items():
            self.rules[name]["value"] = declared[name].validate(self, value)
        spec = {
            "name": self.module,
            "title": self.title,
            "question": self.question,
            "guess": {"label": "Your guess", **self.guess_of},
            "tries": [{"do": do, "see": see, "set": dict(to)} for do, see, to in self.tries],
            "choices": self.rules,
            **(numbers or {}),
        }
        starts = {name: rule["value"] for name, rule in self.rules.items()}
        super().__init__(spec=spec, data=data, **starts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.title}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, object]:
        bundle = {"text/html": self.fragment(), "text/plain": repr(self)}
        if get_ipython() is not None:  # without a kernel nobody would answer the widget
            shown, _ = super()._repr_mimebundle_()
            bundle = {**shown, **bundle}
        return bundle

    def fragment(self) -> str:
        """Return the bench as HTML to stand within a page; it asks nothing of anybody."""
        with plt.rc_context():
            use_style()
            picture, table, answer = self.still()
        shown = "".join(each._repr_mimebundle_()["text/html"] for each in (picture, table))
        words = (f"<b>{name}</b> {escape_html(text)}" for name, text in (
            ("Question.", self.question), ("Answer.", answer),
        ))  # fmt: skip
        return inline.fragment(
            "bench",
            module=self._esm,
            style=CSS,
            traits={name: getattr(self, name) for name in ("spec", "data", *self.rules)},
            still="".join(f"<p>{each}</p>" for each in words) + shown,
            label=f"{self.title}: a picture and its values",
        )

    def page(self) -> str:
        """Return a whole page of HTML with the bench, to be opened from a folder or sent."""
        return inline.page(self.title, self.fragment())


def offer(make: Callable[[], Bench]) -> Bench | Markdown:
    """Return the bench that `make` makes; where the data do not suffice, a box that says why.

    Examples
    --------
    >>> import numpy as np
    >>> from emolib.figures.benches import FilterBench
    >>> print(offer(lambda: FilterBench(np.zeros(100), 128)).data.splitlines()[0])
    :::{admonition} This bench needs other data
    """
    try:
        return make()
    except InputError as error:
        why = map(escape_markdown, (error.message, error.hint))
        return admonition("This bench needs other data", *why)


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
        return inline.fragment(
            "bench",
            module=inline.bundle(HERE / "split_table.js"),
            style=CSS,
            traits={},
            still=still,
            label="How to judge a split without scripts",
        )

    def page(self) -> str:
        """Return a whole page of HTML with it, to be opened from a folder or sent."""
        return inline.page("A split, judged by its indices", self.fragment())
