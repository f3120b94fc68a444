"""The bank of questions: read, computed, put on pages, and written for Moodle.

`book/questions.yaml` is the source; its first lines say how a question is written. Whatever can be
computed is: numbers in text, numeric answers, which prediction comes true, and pictures.
``python -m emolib.book.questions FILE`` writes the bank as Moodle XML.
"""

from __future__ import annotations

import base64
import contextlib
import html
import io
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import matplotlib.pyplot as plt
import numpy as np

from emolib.errors import SettingsError, did_you_mean
from emolib.figures.display import Picture, use_style
from emolib.storage import write_text
from emolib.study.study import PROJECT
from emolib.study.yaml_file import read_yaml

BANK = PROJECT / "book" / "questions.yaml"
ON_A_PAGE = 4  # the first of each chapter; the others are in the bank only
ROOM = 0.02  # how far a numeric answer may be off unless its question says, as a proportion

_CHOICE = {"name", "text", "options"}
_NUMBER = {"name", "text", "answer", "why", "slips", "otherwise"}
_MORE = {"given", "code", "tolerance", "unit"}
_COMPUTED = re.compile(r"\{\{(.+?)\}\}")


@dataclass(frozen=True)
class Answer:
    """An answer that somebody may give, and what to say to it; all text is HTML.

    Attributes
    ----------
    text : str
        The option, or what its picture shows. Of a numeric question: the number, in words.
    why : str
        Feedback.
    right : bool
    png : bytes or None
        The option's picture.
    value, tolerance : float or None
        Of a numeric question; None for any other number.
    """

    text: str
    why: str
    right: bool
    png: bytes | None = None
    value: float | None = None
    tolerance: float | None = None


@dataclass(frozen=True)
class Question:
    """A question, its text in HTML, and all answers that get feedback of their own."""

    name: str
    text: str
    code: str
    unit: str
    numeric: bool
    answers: tuple[Answer, ...]

    @property
    def in_unit(self) -> str:
        """The unit of a number, in brackets; empty without one."""
        return f" ({html.escape(self.unit)})" if self.unit else ""

    def shown(self) -> Iterator[tuple[str, str, Answer]]:
        """Yield what each answer is called, a letter or a number, what is shown of it, and it."""
        for letter, answer in zip("ABCDEFGH", self.answers, strict=False):
            shown = answer.text
            if answer.png:
                data = base64.b64encode(answer.png).decode("ascii")
                shown = image(f"data:image/png;base64,{data}", answer)
            yield answer.text if self.numeric else letter, shown, answer


def read_questions(file: Path = BANK) -> dict[str, list[Question]]:
    """Read the questions of all chapters, and compute what is to be computed.

    Parameters
    ----------
    file : Path, optional
        The bank.

    Returns
    -------
    dict of str to list of Question
        The questions of each chapter, by the stem of its notebook.

    Raises
    ------
    SettingsError
        If a question lacks a part, has one that is not known, or has a name twice; if not exactly
        one option is right, or its code says otherwise; if two answers are the same.
    """
    bank, found, names = read_yaml(file), {}, set()
    for stem, entries in bank.items():
        found[stem] = []
        for number, entry in enumerate(entries, 1):
            try:
                if entry["name"] in names:
                    raise ValueError("this name is given twice")
                names.add(entry["name"])
                found[stem].append(_question(entry))
            except Exception as error:  # its code may fail in any way
                name = entry.get("name", number) if isinstance(entry, dict) else number
                problem = f"{type(error).__name__}: {str(error).rstrip('.')}."
                hint = "Correct the question; the first lines of the file say how one is written."
                raise SettingsError(f"{file.name}: {stem}: {name}", problem, hint) from error
    return found


def _question(entry: dict[str, Any]) -> Question:
    """Return a question with its answers, in an order that its name decides."""
    needed = _CHOICE if "options" in entry else _NUMBER
    for key in entry:
        if key not in needed | _MORE:
            raise ValueError(f"{key!r} is no key of it. {did_you_mean(key, needed | _MORE)}")
    if missing := needed - set(entry):
        raise ValueError(f"it lacks {', '.join(sorted(missing))}")
    space, printed = {"np": np}, io.StringIO()
    exec(entry.get("given", ""), space)
    with contextlib.redirect_stdout(printed):
        exec(entry.get("code", ""), space)
    space["printed"] = printed.getvalue().strip()
    answers = _options(entry, space) if "options" in entry else _numbers(entry, space)
    for part, words in (("text", "text"), ("png", "picture"), ("why", "feedback")):
        values = [getattr(each, part) for each in answers if getattr(each, part) is not None]
        if len(set(values)) < len(values) or "" in values:
            raise ValueError(f"each answer needs a {words} of its own")
    if sum(each.right for each in answers) != 1:
        raise ValueError("exactly one answer has to be right")
    if "options" in entry:
        order = np.random.default_rng(zlib.crc32(entry["name"].encode())).permutation(len(answers))
        answers = [answers[i] for i in order]
    text, code, unit = _html(entry["text"], space), entry.get("code", ""), entry.get("unit", "")
    text += " Predict, then run the code." if code else ""
    return Question(entry["name"], text, code, unit, "options" not in entry, tuple(answers))


def _options(entry: dict[str, Any], space: dict[str, Any]) -> list[Answer]:
    """Return the options of a choice, drawn where they are plots, and checked where they can be."""
    answers = []
    for option in entry["options"]:
        right = "right" in option
        kind = "right" if right else "wrong"
        needed = {kind, "why", *({"holds"} if "code" in entry else ())}
        if missing := needed - set(option):
            raise ValueError(f"an option lacks {', '.join(sorted(missing))}")
        if unknown := set(option) - needed - {"plot"}:
            raise ValueError(f"{unknown.pop()!r} is no part of an option")
        text = option[kind]
        if "code" in entry and bool(eval(option["holds"], space)) != right:
            raise ValueError(f"its code prints {space['printed']!r}, so {text!r} is marked wrongly")
        png = _drawn(option["plot"], space, text) if "plot" in option else None
        answers.append(Answer(_html(text, space), _html(option["why"], space), right, png))
    return answers


def _numbers(entry: dict[str, Any], space: dict[str, Any]) -> list[Answer]:
    """Return the right number, the wrong ones that have a reason, and any other."""
    value = float(eval(str(entry["answer"]), space))
    tolerance = float(eval(str(entry.get("tolerance", ROOM * abs(value))), space))
    right = Answer(_shown(value, entry), _html(entry["why"], space), True, None, value, tolerance)
    answers = [right]
    for slip in entry["slips"]:
        wrong = float(eval(str(slip["value"]), space))
        if any(abs(wrong - each.value) <= 2 * tolerance for each in answers):
            raise ValueError(f"{slip['value']!r} lies too near another answer")
        why = _html(slip["why"], space)
        answers.append(Answer(_shown(wrong, entry), why, False, None, wrong, tolerance))
    return [*answers, Answer("Any other number", _html(entry["otherwise"], space), False)]


def _shown(value: float, entry: dict[str, Any]) -> str:
    """Return a number with three digits or all that it has before the point, and its unit."""
    number = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return html.escape(f"{number} {entry.get('unit', '')}".strip())


def _html(text: str, space: dict[str, Any]) -> str:
    """Fill computed values into a text, and write its `code` and *emphasis* in HTML."""
    text = _COMPUTED.sub(lambda found: eval(f"f'''{{{found[1].strip()}}}'''", space), str(text))
    text = html.escape(" ".join(text.split()), quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return re.sub(r"(?<![\w*])\*([^*\s][^*]*)\*", r"<em>\1</em>", text)


def _drawn(code: str, space: dict[str, Any], alt: str) -> bytes:
    """Draw an option on small axes."""
    use_style()
    figure = plt.figure(figsize=(3, 2), layout="none")
    exec(code, space | {"ax": figure.add_axes((0.17, 0.26, 0.78, 0.7))})
    return Picture(figure, alt=alt, caption=alt).png


def image(address: str, answer: Answer) -> str:
    """Return a picture; what it shows is said in words."""
    words = html.escape(re.sub("<[^>]+>", "", html.unescape(answer.text)))
    return f'<img src="{address}" alt="{words}">'


def self_check(questions: Sequence[Question], *, first: int = 1) -> str:
    """Return questions, numbered from `first`, as HTML that needs no network.

    `questions.js` adds the buttons, and shows one question at a time.
    """
    parts = [
        "<p>Try these as well. Nothing that you answer is counted or stored.</p>",
        *(_on_page(number, question) for number, question in enumerate(questions, first)),
    ]
    return f'<div class="emolib-questions">{"".join(parts)}</div>'


def _on_page(number: int, question: Question) -> str:
    """Return one question with its answers folded."""
    fields, told = [], []
    for name, shown, answer in question.shown():
        fields.append(
            f'<label><input type="radio" name="{question.name}" autocomplete="off"> '
            f"<span>{name}. {shown}</span></label>"
        )
        verdict = f"{name} is {'right' if answer.right else 'wrong'}."
        near = ""
        if answer.value is not None:
            near = f' data-value="{answer.value!r}" data-tolerance="{answer.tolerance!r}"'
        told.append(f"<li{near}><strong>{verdict}</strong> {answer.why}</li>")
    if question.numeric:
        entry = '<input type="text" inputmode="decimal" autocomplete="off">'
        fields = [f"<label>Your answer{question.in_unit}: {entry}</label>"]
    code = f'<pre tabindex="0">{html.escape(question.code)}</pre>' if question.code else ""
    plots = ' class="emolib-plots"' if question.answers[0].png else ""
    return (
        f'<fieldset class="emolib-question" data-number="{number}">'
        f"<legend>{number}. {question.text}</legend>{code}"
        f"<div{plots}>{''.join(fields)}</div>"
        f"<details><summary>Answer</summary><ul>{''.join(told)}</ul></details></fieldset>"
    )


def moodle(bank: dict[str, list[Question]]) -> str:
    """Return a bank as Moodle XML, a category for each chapter."""
    quiz = Xml.Element("quiz")
    for chapter, questions in bank.items():
        category = Xml.SubElement(quiz, "question", type="category")
        path = f"$course$/top/Emotion from EEG brain maps/{chapter.replace('_', ' ')}"
        Xml.SubElement(Xml.SubElement(category, "category"), "text").text = path
        for question in questions:
            quiz.append(_for_moodle(question))
    Xml.indent(quiz)
    return Xml.tostring(quiz, encoding="unicode", xml_declaration=True) + "\n"


def _for_moodle(question: Question) -> Xml.Element:
    """Return one question in Moodle's XML, its pictures inside."""
    kind = "numerical" if question.numeric else "multichoice"
    one = Xml.Element("question", type=kind)
    code = f"<pre>{html.escape(question.code)}</pre>" if question.code else ""
    _text(one, "name", question.name)
    _text(one, "questiontext", f"<p>{question.text}{question.in_unit}</p>{code}", format="html")
    _text(one, "generalfeedback", "", format="html")
    settings = {"defaultgrade": "1", "penalty": "0.3333333", "hidden": "0"}
    if not question.numeric:
        settings |= {"single": "true", "shuffleanswers": "true", "answernumbering": "ABCD"}
    for name, value in settings.items():
        Xml.SubElement(one, name).text = value
    for i, each in enumerate(question.answers):
        text = "*" if each.value is None else repr(each.value)
        if not question.numeric:
            file = f"{question.name}-{i}.png"
            text = image(f"@@PLUGINFILE@@/{file}", each) if each.png else each.text
        markup = "moodle_auto_format" if question.numeric else "html"
        fraction = "100" if each.right else "0"
        answer = _text(one, "answer", text, fraction=fraction, format=markup)
        if each.png:
            inside = Xml.SubElement(answer, "file", name=file, path="/", encoding="base64")
            inside.text = base64.b64encode(each.png).decode("ascii")
        if question.numeric:
            Xml.SubElement(answer, "tolerance").text = repr(each.tolerance or 0)
        _text(answer, "feedback", each.why, format="html")
    return one


def _text(parent: Xml.Element, name: str, text: str, **attributes: str) -> Xml.Element:
    """Add an element that holds its text as Moodle wants it, in an element `text`."""
    element = Xml.SubElement(parent, name, attributes)
    Xml.SubElement(element, "text").text = text
    return element


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m emolib.book.questions FILE")
    try:
        bank = moodle(read_questions())
    except SettingsError as error:
        sys.exit(str(error))
    place = Path(sys.argv[1])
    place.parent.mkdir(parents=True, exist_ok=True)
    write_text(place, bank)
    print(place)
