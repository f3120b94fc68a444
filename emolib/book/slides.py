"""What stands on the slides of a chapter, taken from its executed notebook and its questions.

A deck has a title, the question that the chapter opens with, what it teaches, every figure with
the beginning of its caption, every small table, every formula with the sentence that leads to it,
what can be touched, the questions, the conclusion and the exercises. What else the chapter says
goes into the speaker notes, with full captions and answers.

A cell's metadata ``slideshow``, which JupyterLab can edit as well, changes that::

    # %% slideshow={"slide_type": "slide"}   its code, which is left out otherwise
    # %% slideshow={"slide_type": "skip"}    no slide of this cell
"""

from __future__ import annotations

import base64
import html
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bs4 import BeautifulSoup
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from emolib.book.layout import number_figures
from emolib.book.pieces import Part, beginning, sections, sentences, to_html
from emolib.book.questions import Question

CAPTION = 120  # characters of a caption that stand below its figure, twice as many beside it
WIDE = 2.0  # width by height of a figure whose caption stands below it
LEAD = 240  # and of the sentences that lead to a formula
LINES = 22  # of code on a slide: more cannot be read from the last row
FOR_READERS = {"Where to read on", "Provenance"}

_BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
_NUMBERED = re.compile(r"^\*\*(?:Exercise )?\d+\.\*\*\s*", re.MULTILINE)
_FOLDED = re.compile(r"<details><summary>\w+</summary>(.*?)</details>", re.DOTALL)


@dataclass(frozen=True)
class Slide:
    """A slide: its kind, which the style sheet knows; in HTML its heading, content and notes."""

    kind: str
    title: str
    body: str
    notes: str = ""


def slides_of(
    notebook: NotebookNode, chapter: str, questions: Sequence[Question], works: Mapping[str, str]
) -> list[Slide]:
    """Return the slides of an executed chapter.

    Parameters
    ----------
    notebook : NotebookNode
        Its figures are numbered, as they are in the book.
    chapter : str
        The stem of its file, such as "02_band_filtering".
    questions : sequence of Question
        Those that stand on its page.
    works : mapping of str to str
        How the text cites each work; see `emolib.book.exercises.citation_names`.
    """
    number_figures(notebook, chapter)
    (title, first), *others = sections(notebook, works)
    deck = [Slide("title", to_html(title, inline=True), ""), *_opening(first)]
    ways = {
        "What you will learn": _goals,
        "Check yourself": _open_questions,
        "Exercises": _exercises,
        "Conclusion": _summary,
    }
    for heading, parts in others:
        if heading not in FOR_READERS:
            title = to_html(heading, inline=True)
            made = ways.get(heading, _section)(title, parts)
            if not made:
                told = f"<h3>{title}</h3>{_told(parts)}"
                deck[-1] = replace(deck[-1], notes=deck[-1].notes + told)
            deck += made
        if heading == "Check yourself":
            deck += [_question(question) for question in questions]
    return deck


def _opening(parts: Sequence[Part]) -> list[Slide]:
    """Return the slide with the chapter's question, and its first figure beside it."""
    text = "\n\n".join(part.content for part in parts if part.kind == "text")
    question = to_html(" ".join(_BOLD.findall(text)), inline=True)
    lead = to_html(_BOLD.sub("", text))
    figures = [part for part in parts if part.kind == "figure"]
    body, notes = _figure(figures[0]) if figures else ("", "")
    notes += _told([part for part in parts if part.kind == "said"])
    opening = Slide("opening", question, f"{body}<div>{lead}</div>", notes)
    return [opening, *(_drawn(question, each) for each in figures[1:])]


def _told(parts: Sequence[Part]) -> str:
    """Return what parts say beside what they show."""
    return to_html("\n\n".join(part.content for part in parts if part.kind in ("text", "said")))


def _goals(heading: str, parts: Sequence[Part]) -> list[Slide]:
    """Return the slide that says what a chapter teaches; times are for those who read it."""
    goals, *rest = (to_html(part.content) for part in parts)
    return [Slide("goals", heading, goals, "".join(rest))]


def _section(heading: str, parts: Sequence[Part]) -> list[Slide]:
    """Return the slides of a section; its text goes into the notes of the slide that follows."""
    deck, untold = [], []
    for part in parts:
        after_formula = deck and deck[-1].kind == "formula" and not untold
        if after_formula and part.content.startswith(("where ", "Here ")):
            deck[-1] = replace(deck[-1], body=deck[-1].body + to_html(part.content))
        elif part.kind in ("text", "said"):
            untold.append(part)
        elif part.kind == "formula":
            made = _formula(heading, untold[-1].content if untold else "", part)
            near = sum(len(each.content) for each in untold) < LEAD
            if near and deck and deck[-1].kind == "formula" and deck[-1].body.count(r"\[") < 2:
                deck[-1] = replace(deck[-1], body=deck[-1].body + made.body)  # one derivation
            else:
                deck.append(replace(made, notes=_told(untold)))
            untold = []
        else:
            made = _drawn(heading, part)
            deck.append(replace(made, notes=_told(untold) + made.notes))
            untold = []
    if deck:
        deck[-1] = replace(deck[-1], notes=deck[-1].notes + _told(untold))
    return deck


def _drawn(heading: str, part: Part) -> Slide:
    """Return the slide of a figure, of something to touch, of code, or of a table."""
    make = {"figure": _figure, "bench": _bench, "code": _code}.get(part.kind)
    body, notes = make(part) if make else (part.content, "")
    return Slide(part.kind, heading, body, notes)


def _figure(part: Part) -> tuple[str, str]:
    """Return a figure with the beginning of its caption, and all of it as notes."""
    page = BeautifulSoup(part.content, "html.parser")
    picture, caption = page.img, page.figcaption
    number = caption.find("span")
    number = f"{number.extract()} " if number else ""
    words = caption.get_text().strip()
    png = base64.b64decode(picture["src"].partition(",")[2])
    width, height = struct.unpack(">II", png[16:24])
    wide = width > WIDE * height
    short = html.escape(beginning(words, CAPTION if wide else 2 * CAPTION))
    kind = "" if wide else ' class="beside"'
    body = f"<figure{kind}>{picture}<figcaption>{number}{short}</figcaption></figure>"
    seen = html.escape(picture["alt"])
    return body, f"<p>{number}{html.escape(words)}</p><p><em>In words.</em> {seen}</p>"


def _formula(heading: str, before: str, part: Part) -> Slide:
    """Return the slide of formulas, below the sentence that leads to them."""
    lead, *rest = re.split(r"(\$\$.+?\$\$)", part.content, flags=re.DOTALL)
    lines, lead = sentences(lead.strip() or before), ""
    while lines and (not lead or len(lead) + len(lines[-1]) <= LEAD):
        lead = f"{lines.pop()} {lead}"
    return Slide("formula", heading, to_html(lead) + to_html("\n\n".join(rest)))


def _bench(part: Part) -> tuple[str, str]:
    """Return what can be touched, and what to try with it as notes."""
    page = BeautifulSoup(part.content, "html.parser")
    spec = json.loads(page.find("script", type="application/json").string)["traits"].get("spec", {})
    tries = "".join(
        f"<li>{html.escape(one['do'])} <em>{html.escape(one['see'])}</em></li>"
        for one in spec.get("tries", ())
    )
    answer = page.find("b", string="Answer.")
    told = str(answer.parent) if answer else ""
    return part.content, told + (f"<p>What to try:</p><ol>{tries}</ol>" if tries else "")


def _code(part: Part) -> tuple[str, str]:
    """Return highlighted code with what it printed; there are no notes."""
    return code(part.content) + (f"<pre>{html.escape(part.printed)}</pre>" * bool(part.printed)), ""


def code(text: str) -> str:
    """Return highlighted Python; the style sheet makes its letters as large as there is room."""
    text = re.sub(r"\n{3,}", "\n\n", text)
    lines = text.splitlines()
    size = f"--lines:{max(len(lines), 8)};--columns:{max(44, *map(len, lines))}"
    shown = highlight(text, PythonLexer(), HtmlFormatter(nowrap=True))
    return f'<pre class="code" style="{size}"><code>{shown.rstrip()}</code></pre>'


def _open_questions(heading: str, parts: Sequence[Part]) -> list[Slide]:
    """Return a slide for each question that a chapter asks; the answer comes at the next key."""
    deck = []
    for asked in _numbered(parts):
        answer = "".join(to_html(found) for found in _FOLDED.findall(asked))
        body = f'{to_html(_FOLDED.sub("", asked))}<div class="fragment answer">{answer}</div>'
        deck.append(Slide("ask", heading, body, answer))
    return deck


def _question(question: Question) -> Slide:
    """Return the slide of a question of the bank; the answer comes at the next key."""
    options, told, right = [], [], ""
    for name, shown, answer in question.shown():
        options.append(f"<li><b>{name}</b><div>{shown}</div></li>")
        told.append(f"<li><b>{name}</b>, {'right' if answer.right else 'wrong'}: {answer.why}</li>")
        if answer.right:
            right = f'<div class="fragment answer"><p><b>{name}.</b> {answer.why}</p></div>'
    asked = code(question.code) if question.code else ""
    if question.numeric:
        listed = f"<p>Write down a number{question.in_unit}.</p>"
    else:
        plots = " plots" if question.answers[0].png else ""
        listed = f'<ul class="options{plots}">{"".join(options)}</ul>'
    return Slide("question", question.text, asked + listed + right, f"<ul>{''.join(told)}</ul>")


def _exercises(heading: str, parts: Sequence[Part]) -> list[Slide]:
    """Return one slide with what the exercises ask; hints are notes."""
    asked, hints = [], []
    for exercise in _numbered(parts):
        asked.append(to_html(beginning(_FOLDED.sub("", exercise).strip(), LEAD)))
        hints += map(to_html, _FOLDED.findall(exercise))
    body = f"<ol>{''.join(f'<li>{one}</li>' for one in asked)}</ol>"
    listed = "".join(f"<li>{one}</li>" for one in hints)
    return [Slide("exercises", heading, body, f"<p>Hints:</p><ol>{listed}</ol>")]


def _numbered(parts: Sequence[Part]) -> list[str]:
    """Return the numbered questions of a section, each with what is folded below it."""
    text = "\n\n".join(part.content for part in parts if part.kind in ("text", "formula"))
    return _NUMBERED.split(text)[1:]


def _summary(heading: str, parts: Sequence[Part]) -> list[Slide]:
    """Return a slide for each paragraph of the conclusion, a line for each sentence."""
    deck = []
    for part in parts:
        lines = sentences(part.content)
        listed = "".join(f"<li>{to_html(line, inline=True)}</li>" for line in lines)
        deck.append(Slide("summary", heading, f"<ul>{listed}</ul>"))
    return deck
