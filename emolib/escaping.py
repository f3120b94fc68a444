"""Names as text: what a person, a class or a study is called is markup in no language.

A function for each language that names are written in. File names are `emolib.storage.file_stem`'s.
"""

from __future__ import annotations

import html
import json
import re

# No text: what a terminal, a page or a file takes for an order, or cannot hold.
_ORDERS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff"
NO_TEXT = re.compile(f"[{_ORDERS}]")
# What is not seen, or turns around what stands beside it.
_UNSEEN = re.compile(rf"[{_ORDERS}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_MARKUP = frozenset("*_`[]{}|\\$~#<>&\"'")
_AT_THE_BEGINNING = re.compile(r"^(\d*)([-+=%:(]|[.)](?=\s|$))")


def plain(text: object) -> str:
    """Return a text in one line; signs that are not seen are told by their numbers.

    Examples
    --------
    >>> plain("two\\nlines"), plain("not\\u202eseen")
    ('two lines', 'not<U+202E>seen')
    """
    return _seen(" ".join(str(text).split()))


def escape_markdown(text: object) -> str:
    """Return a text that is no markup in a sentence of Markdown, nor at its beginning.

    Examples
    --------
    >>> escape_markdown("<script>*$")
    '&lt;script&gt;&#42;&#36;'
    >>> escape_markdown("1. - x"), escape_markdown("- x")
    ('1&#46; - x', '&#45; x')
    """
    signs = (f"&#{ord(s)};" if s in _MARKUP and s not in "<>&" else s for s in plain(text))
    escaped = "".join(html.escape(s) if len(s) == 1 else s for s in signs)
    return _AT_THE_BEGINNING.sub(lambda found: f"{found[1]}&#{ord(found[2])};", escaped)


def escape_html(text: object) -> str:
    """Return a text that is no markup in HTML and SVG, nor in an attribute in quotes.

    Examples
    --------
    >>> escape_html('<a title="x">')
    '&lt;a title=&quot;x&quot;&gt;'
    """
    return html.escape(plain(text))


def script_json(value: object) -> str:
    """Return JSON for a script element, within which no sign is escaped and `</script` ends it.

    Examples
    --------
    >>> script_json({"name": "</script>"})
    '{"name": "\\\\u003c/script>"}'
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def figure_label(text: object, longest: int = 90) -> str:
    """Return a text whose lines fit in a figure, and which Matplotlib does not hide for a `_`.

    Examples
    --------
    >>> figure_label("_low"), figure_label("12345678", 5)
    (' _low', '1234…')
    """
    lines = map(_seen, str(text).split("\n"))
    short = (line if len(line) <= longest else line[: longest - 1] + "…" for line in lines)
    return re.sub("^_", " _", "\n".join(short))


def _seen(text: str) -> str:
    """Tell signs that are not seen by their numbers."""
    return _UNSEEN.sub(lambda sign: f"<U+{ord(sign[0]):04X}>", text)
