"""A module of JavaScript for two places: JupyterLab, and a page without a server.

    JupyterLab   kernel --- model ------------------------------.
                                                                 the module: render({model, el})
    book         text in the page --- `start.js`: the same ----'

In the book there is no kernel, and from a folder a browser refuses to load a module or a file of
numbers. There module and numbers stand in the page itself, as text, and `start.js` starts the one
with the other. Before that script has run, and where no script may run, the page holds something
that stands still: a picture and a table.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from emolib.escaping import escape_html, script_json

# A page's stand-in for the kernel. Its `import` takes an address that the page itself makes up.
START = Path(__file__).with_name("start.js").read_text(encoding="utf-8").rstrip()

_IMPORT = re.compile(r'^import \{[^}]*\} from "([^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def bundle(file: Path, taken: set[Path] | None = None) -> str:
    """Return a module and those that it imports, each once and before its reader, as one module.

    All names of their top levels share one scope, so each may be declared once.

    Examples
    --------
    >>> text = bundle(Path(__file__).parent / "explorer" / "widget.js")
    >>> "import {" in text, "export const" in text, text.count("an SVG element.")
    (False, False, 1)
    """
    taken = {file} if taken is None else taken
    text, parts = file.read_text(encoding="utf-8"), []
    for place in _IMPORT.findall(text):
        wanted = (file.parent / place).resolve()
        if wanted not in taken:
            taken.add(wanted)
            parts.append(bundle(wanted, taken))
    return "".join(parts) + _EXPORT.sub("", _IMPORT.sub("", text))


def fragment(
    kind: str, *, module: str, style: str, traits: Mapping[str, object], still: str, label: str
) -> str:
    """Return HTML to stand within a page; it asks nothing of anybody.

    Parameters
    ----------
    kind : str
        "explorer" or "bench": names the classes of what is returned.
    module, style : str
        JavaScript that exports ``default.render``, and its CSS.
    traits : mapping
        What the module gets by ``model.get``: JSON, or bytes.
    still : str
        HTML for those without scripts.
    label : str
        What `still` is, in words.
    """
    held = {
        name: f"data:application/octet-stream;base64,{base64.b64encode(value).decode('ascii')}"
        if isinstance(value, bytes)
        else value
        for name, value in traits.items()
    }
    text = script_json({"module": module, "traits": held})
    return (
        f'<div class="emolib-{kind}-box"><style>{style}</style>'
        f'<div class="emolib-{kind}-still" data-still role="group" '
        f'aria-label="{escape_html(label)}" tabindex="0">{still}</div>'
        f'<script type="application/json">{text}</script><script>{START}</script></div>'
    )


def page(title: str, inner: str) -> str:
    """Return a whole page of HTML around a fragment, to be opened from a folder or sent."""
    title = escape_html(title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="data:,"></head>'
        f'<body class="emolib-explorer-page"><main><h1>{title}</h1>{inner}</main></body></html>\n'
    )
