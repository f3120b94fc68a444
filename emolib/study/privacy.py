"""Texts for readers: no folder of the machine that made them, which may hold a person's name."""

from __future__ import annotations

import contextlib
import html
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from emolib.errors import InputError
from emolib.storage import write_text
from emolib.study.study import PROJECT, Study

# Two folders or more, up to the name behind them; not in an address of the web, nor in "uV/Hz".
_FOLDERS = re.compile(r"(?<![\w.~/:\\])(?:[A-Za-z]:)?(?:[\\/][^\\/\s'\"<>|,;:()]+)+[\\/]")


def without_folders(text: str, study: Study) -> str:
    """Return a text in which files are named from the study's folders, others by name alone.

    Examples
    --------
    >>> from emolib.study import load
    >>> without_folders("/data/jane/eeg/a.edf: is cut short, 3 uV/Hz/s.", load("smoke"))
    'a.edf: is cut short, 3 uV/Hz/s.'
    >>> without_folders(str(load("smoke").file), load("smoke"))
    'smoke.yaml'
    """
    text = _cut(text.replace("file://", ""), _of_study(study))
    return _cut(_FOLDERS.sub("", text), _of_machine())


def without_known_folders(text: str, study: Study) -> str:
    """Return a text without the folders of a study, the project, the user and this Python.

    Nothing else is changed: encoded pictures, which are full of slashes, stay as they are.
    """
    return _cut(text, _of_study(study) | _of_machine())


def tidy_logs(study: Study) -> None:
    """Take the folders out of the logs of a study's jobs."""
    for log in study.folder.glob("**/logs/**/*.log"):
        text = log.read_text(encoding="utf-8", errors="replace")
        if (tidy := without_folders(text, study)) != text:
            write_text(log, tidy)


def _cut(text: str, places: Mapping[Path, str]) -> str:
    """Cut folders off the names of files; where one stands alone, put a word for it."""
    words = {str(one): word for at, word in places.items() for one in (at, at.resolve())}
    for folder, word in sorted(words.items(), key=lambda pair: -len(pair[0])):
        for written in {folder, html.escape(folder), folder.replace("\\", "\\\\")}:
            # What stands before, a line's end apart, is no name and no piece of an encoded picture.
            whole = (
                rf"(?:(?<![\w+/])|(?<=\\n)){re.escape(written)}(?:({re.escape(os.sep)})|(?![\w-]))"
            )
            text = re.sub(whole, lambda found, word=word: "" if found[1] else word, text)
    return text


def _of_study(study: Study) -> dict[Path, str]:
    """Return words for the folders in which a study's files lie."""
    places = {PROJECT: "the project's folder", study.folder.parent: "the folder of results"}
    places |= {study.folder: "the study's results", study.file.parent: "the study's folder"}
    with contextlib.suppress(InputError):  # a study without recordings has texts too
        root = study.recordings_root
        places[root.parent if root.is_file() else root] = "the folder of recordings"
    return places


def _of_machine() -> dict[Path, str]:
    """Return words for the folders of the user and of Python."""
    places = {Path.home(): "~", Path(tempfile.gettempdir()): "a temporary folder"}
    places |= {Path(sys.prefix): "Python's folder", Path(sys.base_prefix): "Python's folder"}
    return {place: word for place, word in places.items() if len(place.parts) > 1}
