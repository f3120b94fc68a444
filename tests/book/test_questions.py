"""The bank of questions: what it holds, what Moodle gets, and how a page checks an answer."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import nbformat
import pytest
import yaml
from nbformat.v4 import new_markdown_cell

from emolib.book.assembly import PROSE, with_questions
from emolib.book.notebooks import NOTEBOOKS
from emolib.book.questions import BANK, moodle, read_questions, self_check
from emolib.errors import SettingsError

CHAPTERS = [path.stem for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.py"))]
TWO = """
chapter:
  - name: power
    text: Is 1 < `2**x` for x = 2?
    options:
      - {right: "yes", why: It is 4.}
      - {wrong: "no", why: It is not 2.}
  - name: half
    text: Half of {{ 2**3 }}?
    unit: µV
    answer: 2**3 / 2
    tolerance: 0.1
    why: Half of it.
    slips: [{value: 2**3 * 2, why: Twice as much.}]
    otherwise: Divide by two.
"""


@pytest.fixture(scope="module")
def bank():
    return read_questions()


@pytest.fixture(scope="module")
def of_moodle(bank):
    return ElementTree.fromstring(moodle(bank)).findall("question")


@pytest.fixture
def read(tmp_path):
    def of_text(text: str):
        file = tmp_path / "questions.yaml"
        file.write_text(text, encoding="utf-8")
        return read_questions(file)["chapter"]

    return of_text


def test_each_chapter_has_questions_and_names_are_not_used_twice(bank):
    assert list(bank) == CHAPTERS
    assert all(len(questions) >= 4 for questions in bank.values())
    names = [question.name for questions in bank.values() for question in questions]
    assert len(set(names)) == len(names) >= 60


def test_numbers_are_computed_and_not_typed():
    chapters = yaml.safe_load(BANK.read_text(encoding="utf-8")).values()
    answers = [entry["answer"] for part in chapters for entry in part if "answer" in entry]
    assert len(answers) >= 12
    assert all(isinstance(answer, str) for answer in answers)


@pytest.mark.parametrize(
    ("name", "value"),
    [  # worked out by hand
        ("parameters-of-the-dense-layer", 655_872),
        ("parameters-of-an-lstm", 328_192),
        ("de-of-a-standard-gaussian", 1.4189),
        ("predicted-leak", 0.7674),
        ("best-of-twenty", 0.6476),
    ],
)
def test_numbers_agree_with_a_solution_by_hand(bank, name, value):
    (found,) = (q for questions in bank.values() for q in questions if q.name == name)
    assert found.answers[0].value == pytest.approx(value, rel=2e-4)


def test_moodle_gets_one_right_answer_and_feedback_to_each(of_moodle):
    categories = [each for each in of_moodle if each.get("type") == "category"]
    assert len(categories) == len(CHAPTERS)
    for question in of_moodle:
        if question in categories:
            continue
        answers = question.findall("answer")
        name = question.findtext("name/text")
        assert sum(answer.get("fraction") == "100" for answer in answers) == 1, name
        assert all(answer.get("fraction") in ("0", "100") for answer in answers), name
        assert all((answer.findtext("feedback/text") or "").strip() for answer in answers), name
        assert question.find("questiontext").get("format") == "html"
        if question.get("type") == "multichoice":
            assert question.findtext("single") == "true"
            assert len(answers) >= 3, name
        else:
            assert question.get("type") == "numerical"
            assert answers[-1].findtext("text") == "*"
            for answer in answers[:-1]:
                float(answer.findtext("text"))
                assert float(answer.findtext("tolerance")) > 0


def test_pictures_are_inside_and_named_by_the_option_that_shows_them(of_moodle):
    options = [a for q in of_moodle for a in q.findall("answer") if a.find("file") is not None]
    pictures = [base64.b64decode(option.findtext("file")) for option in options]
    assert len(set(pictures)) == len(pictures) >= 12
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)
    for option in options:
        assert f"@@PLUGINFILE@@/{option.find('file').get('name')}" in option.findtext("text")
        assert 'alt="' in option.findtext("text")


def test_text_is_escaped_once_in_html_and_computed_numbers_are_filled_in(read):
    power, half = read(TWO)
    assert power.text == "Is 1 &lt; <code>2**x</code> for x = 2?"
    assert half.text == "Half of 8?"
    assert [answer.value for answer in half.answers] == [4, 16, None]
    text = ElementTree.fromstring(moodle({"chapter": [power]})).findtext(".//questiontext/text")
    assert text == f"<p>{power.text}</p>"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("chapter:", "chapter:\n  - Is 1 < 2?", "chapter: 1: TypeError"),
        ("name: half", "name: power", "power: .*this name is given twice"),
        ("{wrong:", "{right:", "exactly one answer has to be right"),
        (", why: It is not 2.", "", "an option lacks why"),
        ("It is not 2.", '""', "a feedback of its own"),
        ("It is not 2.", "It is 4.", "a feedback of its own"),
        ("otherwise: Divide by two.", "", "lacks otherwise"),
        ("unit:", "units:", "Did you mean 'unit'"),
        ("answer: 2**3 / 2", "answer: 2**3 / 0", "half: ZeroDivisionError: division by zero"),
        ("value: 2**3 * 2", "value: 4.15", "lies too near another answer"),
        ('{right: "yes"', '{holds: 1 > 2, right: "yes"', "'holds' is no part of an option"),
    ],
)
def test_a_fault_is_told_with_the_name_of_its_question(read, old, new, told):
    assert old in TWO
    with pytest.raises(SettingsError, match=told):
        read(TWO.replace(old, new))


def test_a_prediction_that_the_code_contradicts_is_a_fault(read):
    text = TWO.replace("    options:", "    code: print(5)\n    options:")
    text = text.replace("{right:", "{holds: printed == '4', right:")
    with pytest.raises(SettingsError, match="its code prints '5', so 'yes' is marked wrongly"):
        read(text.replace("{wrong:", "{holds: printed == '5', wrong:"))


def test_a_page_asks_the_first_questions_before_its_exercises(bank):
    questions = bank["10_what_the_network_looks_at"]
    cells = [
        new_markdown_cell("# Title"),
        new_markdown_cell("## Check yourself\n\nOne.\n\n## Exercises\n\n**Exercise 1.**"),
        new_markdown_cell("## Conclusion"),
    ]
    made = with_questions(cells, questions)
    sources = ["# Title", "## Check yourself\n\nOne.\n\n", "## Exercises\n\n**Exercise 1.**"]
    text = [cell.source for cell in made if cell.cell_type == "markdown"]
    assert text == [*sources, "## Conclusion"]
    assert made[2].source, "a cell without code is left out of the book, with its outputs"
    page = made[2].outputs[0]["data"]["text/html"]
    assert page.count("<fieldset") == page.count("<details>") == 4
    assert "<legend>1. " in page
    cells[1].source = cells[1].source.replace("One.", "**1.** One?\n\n**2.** Two?")
    assert "<legend>3. " in with_questions(cells, questions)[2].outputs[0].data["text/html"]
    cells[1].source = cells[1].source.replace("**1.** One?\n\n**2.** Two?", "One.")
    nbformat.validate(nbformat.v4.new_notebook(cells=made))
    assert with_questions(cells, []) == cells


@pytest.mark.browser
def test_answers_are_checked_by_keyboard_and_told_to_a_screen_reader(browser, read):
    script = (PROSE / "_static" / "questions.js").read_text(encoding="utf-8")
    page = browser.new_page()
    page.set_content(
        '<html lang="en"><title>Questions</title><main><h1>Questions</h1>'
        f"{self_check(read(TWO))}</main>"
    )
    page.evaluate(f"{script}; document.dispatchEvent(new Event('DOMContentLoaded'))")
    told = page.get_by_role("status")
    page.get_by_role("button", name="Check").first.focus()  # nothing is chosen yet
    page.keyboard.press("Enter")
    assert told.first.inner_text() == "Choose an answer, or enter a number, first."
    page.get_by_label("yes").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert "is right. It is 4." in told.first.inner_text()
    number = page.get_by_label("Your answer")
    assert not number.is_visible(), "one question at a time"
    page.get_by_role("button", name="Question 2").press("Enter")
    assert number.is_visible() and not page.get_by_label("yes").is_visible()
    replies = {"4,05": "4 µV is right. Half of it.", "+16": "16 µV is wrong. Twice as much."}
    replies |= {"\N{MINUS SIGN}4": "Any other number is wrong. Divide by two.", "four": "first."}
    replies["4 µV"] = replies["4."] = replies["4,05"]
    for given, reply in replies.items():
        number.fill(given)
        number.press("Enter")
        assert told.last.inner_text().endswith(reply)
    assert not page.get_by_text("It is not 2.").is_visible()
    page.close()
