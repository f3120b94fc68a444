"""What a page shows: pictures with a description, tables with headers, computed sentences."""

from __future__ import annotations

import base64
import html
import io
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.axis import Axis, Tick
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import LogFormatter, ScalarFormatter
from PIL import Image

from emolib.errors import SettingsError
from emolib.escaping import escape_html, figure_label
from emolib.escaping import escape_markdown as escape_markdown  # shown beside `say`

BLUE, RED, OCHRE, DARK = "#004488", "#BB5566", "#8F6F00", "#222222"
GREY = "#767676"  # the lightest grey that keeps 4.5 : 1 against white
MARKERS = ("o", "s", "^", "D", "v", "P")
DPI = 130  # 6.5 inches give some 850 pixels: sharp on a page, and some 60 kB
# Parts of the width of axes that long names may take, tried until the axes themselves have room.
ROOM_OF_NAMES = (0.9, 0.4, 0.2)
WIDTH = 6.5  # inches, of a figure as wide as the text: letters can still be read on a phone
LEAST = 9.2  # points, of letters in a figure so wide: 7 pixels on a screen of 390


def use_style() -> None:
    """Set the book's style for all figures that follow."""
    plt.style.use(Path(__file__).with_name("emolib.mplstyle"))


def say(*sentences: str) -> Markdown:
    """Show computed sentences as one paragraph of the page.

    Examples
    --------
    >>> say("Two of", "four.").data
    'Two of four.'
    """
    return _markdown(" ".join(" ".join(sentences).split()))


def bullets(*items: str) -> Markdown:
    """Show computed sentences as a list.

    Examples
    --------
    >>> bullets("One.", "Two.").data
    '- One.\\n- Two.'
    """
    return _markdown("\n".join(f"- {' '.join(item.split())}" for item in items))


def admonition(title: str, *sentences: str) -> Markdown:
    """Show computed sentences in a box, such as on what a study lacks.

    Examples
    --------
    >>> print(admonition("Note", "This study", "has no baseline.").data)
    :::{admonition} Note
    :class: note
    This study has no baseline.
    :::
    """
    text = " ".join(" ".join(sentences).split())
    return _markdown(f":::{{admonition}} {title}\n:class: note\n{text}\n:::")


def _markdown(text: str) -> Markdown:
    """Return text as Markdown; a text that is an address or a path IPython would go and fetch."""
    shown = Markdown("")
    shown.data = text
    return shown


@dataclass(frozen=True)
class Link:
    """A place in a figure that leads to a page: a subject's point to the subject's page.

    Attributes
    ----------
    ax : Axes
        Where it is drawn.
    x, y : float
        In the units of `ax`.
    address, text : str
        Where it leads, and what is shown of it on the way.
    """

    ax: Axes
    x: float
    y: float
    address: str
    text: str


class Picture:
    """A figure as a page shows it: an image with alternative text and a caption.

    The figure is drawn and closed at once, so that a notebook does not show it twice. The same
    figure gives the same bytes: the file carries neither a date nor the name of its software.

    Parameters
    ----------
    figure : Figure
        What to show.
    alt : str
        What the figure shows, for those who do not see it: made from the data, not from the plan.
    caption : str
        How to read the figure.
    links : sequence of Link, optional
        Places to click. They are for the mouse and the finger: beside such a figure there must be
        a table with the same links, which keyboards and screen readers get.

    Raises
    ------
    SettingsError
        If `alt` or `caption` is empty.

    Examples
    --------
    >>> figure, ax = plt.subplots()
    >>> picture = Picture(figure, alt="Power falls from 4 to 1.", caption="Higher is stronger.")
    >>> picture
    Picture: Power falls from 4 to 1.
    """

    def __init__(self, figure: Figure, *, alt: str, caption: str, links: Sequence[Link] = ()):
        for name, text in (("alt", alt), ("caption", caption)):
            if not str(text).strip():
                raise SettingsError(name, "is empty.", "Say in words what the figure shows.")
        self.alt, self.caption = " ".join(alt.split()), " ".join(caption.split())
        self.png = _png(figure)
        self.anchors = "".join(_anchor(figure, link) for link in links)  # the layout is known now
        plt.close(figure)

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        data = base64.b64encode(self.png).decode("ascii")
        shown = f'<img src="data:image/png;base64,{data}" alt="{escape_html(self.alt)}">'
        if self.anchors:
            anchors = f'<div class="emolib-places" aria-hidden="true">{self.anchors}</div>'
            shown = f'<div class="emolib-linked">{shown}{anchors}</div>'
        page = (
            f'<figure class="emolib-figure">{shown}'
            f"<figcaption>{escape_html(self.caption)}</figcaption></figure>"
        )
        return {"text/html": page, "text/plain": repr(self)}


def _anchor(figure: Figure, link: Link) -> str:
    """Return a link over a drawn figure, placed in per cent, so that it fits at any width."""
    pixels = link.ax.transData.transform((link.x, link.y))
    x, y = figure.transFigure.inverted().transform(pixels)
    return (
        f'<a href="{escape_html(link.address)}" title="{escape_html(link.text)}" tabindex="-1" '
        f'style="left:{x:.2%};top:{1 - y:.2%}"></a>'
    )


def _png(figure: Figure) -> bytes:
    """Draw a figure in at most 256 colours: a third of the bytes, and no difference to be seen."""
    _fit_names(figure)
    _enlarge(figure)
    quick = {"pil_kwargs": {"compress_level": 0}}
    for room in ROOM_OF_NAMES:
        drawn, small = io.BytesIO(), io.BytesIO()
        with suppress(UserWarning), warnings.catch_warnings():
            warnings.filterwarnings("error", "constrained_layout not applied")
            figure.savefig(drawn, format="png", dpi=DPI, **quick)
            break
        _cut_names(figure, room)
    else:
        figure.savefig(drawn, format="png", dpi=DPI, **quick)
    image = Image.open(drawn).convert("RGB")
    palette = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(small, format="png", optimize=True)
    return small.getvalue()


def _fit_names(figure: Figure) -> None:
    """Cut long names in texts and of ticks; a "$" in one is no formula, but in numbers it is."""
    for axis in _named(figure):
        told = [label.get_text() for label in axis.get_ticklabels()]
        names = [figure_label(name, 48) for name in told]
        if names != told or "$" in "".join(names):
            axis.set_ticks(axis.get_ticklocs(), names, parse_math=False)
    numbers = {text for tick in figure.findobj(Tick) for text in tick.findobj(Text)}
    numbers |= {axis.offsetText for axis in figure.findobj(Axis)}
    for text in set(figure.findobj(Text)) - numbers:
        text.set(text=figure_label(text.get_text()), parse_math=False)


def _enlarge(figure: Figure) -> None:
    """Enlarge letters that could not be read on a phone, where a wide figure is made narrow."""
    least = LEAST * max(1.0, figure.get_figwidth() / WIDTH)
    for axis in figure.findobj(Axis):
        for label in axis.get_ticklabels():
            if label.get_fontsize() < least:
                axis.set_tick_params(labelsize=least)
    for text in figure.findobj(Text):
        text.set_fontsize(max(text.get_fontsize(), least))


def _cut_names(figure: Figure, room: float) -> None:
    """Cut names of ticks, legends and axes to a part of the width of their axes."""
    for axis in _named(figure):
        names = [_cut(label, room * axis.axes.bbox.width) for label in axis.get_ticklabels()]
        axis.set_ticks(axis.get_ticklocs(), names, parse_math=False)
    for ax in figure.axes:
        legends = [text for legend in ax.findobj(Legend) for text in legend.get_texts()]
        for text in (ax.title, ax._left_title, ax._right_title, ax.xaxis.label, *legends):
            text.set_text(_cut(text, room * ax.bbox.width))


def _named(figure: Figure) -> list[Axis]:
    """List the axes of a figure whose ticks have names, not numbers."""
    numbers = (ScalarFormatter, LogFormatter)
    axes = figure.findobj(Axis)
    return [axis for axis in axes if not isinstance(axis.get_major_formatter(), numbers)]


def _cut(text: Text, width: float) -> str:
    """Return the beginning of a text that is drawn within a width, in pixels."""
    words = text.get_text()
    part = width / max(text.get_window_extent().width, 1)
    longest = max(map(len, words.split("\n")))
    return words if part >= 1 else figure_label(words, max(4, int(part * longest)))


class Table:
    """A table as a page shows it: real row headers, a caption, nothing from outside.

    Parameters
    ----------
    frame : DataFrame
        Its index gives the row headers.
    caption : str
        What the table holds; shown above it.
    links : Mapping, optional
        Address by index value: turns a row header into a link.
    css : str, optional
        A class for the table beside ``emolib-table``.
    data : Mapping, optional
        What the table holds for programs beside what is seen: its attributes ``data-...``.

    Examples
    --------
    >>> Table(pd.DataFrame({"SD": [9.5]}, index=["O1"]), caption="Amplitudes")
    Amplitudes
         SD
    O1  9.5
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        caption: str,
        links: Mapping[str, str] | None = None,
        css: str = "",
        data: Mapping[str, str] | None = None,
    ):
        single = frame.columns[frame.dtypes == "float32"]  # 0.01 is 0.00999... as a Python number
        self.frame = frame.astype(dict.fromkeys(single, str))
        self.caption, self.links, self.css = caption, dict(links or {}), css
        self.data = dict(data or {})

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string()}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        corner = escape_html(self.frame.index.name or "")
        head = "".join(f'<th scope="col">{escape_html(name)}</th>' for name in self.frame.columns)
        rows = []
        for key, *values in self.frame.itertuples():
            name = escape_html(key)
            if key in self.links:
                name = f'<a href="{escape_html(self.links[key])}">{name}</a>'
            cells = "".join(f"<td>{escape_html(value)}</td>" for value in values)
            rows.append(f'<tr><th scope="row">{name}</th>{cells}</tr>')
        first = f'<th scope="col">{corner}</th>' if corner else "<td></td>"
        data = "".join(f' data-{name}="{html.escape(held)}"' for name, held in self.data.items())
        page = (
            f'<table{data} class="{escape_html(f"emolib-table {self.css}")}">'
            f"<caption>{escape_html(self.caption)}</caption>"
            f"<thead><tr>{first}{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        )
        return {"text/html": page, "text/plain": repr(self)}
