"""What a subject's recording is read from, and whether its content has changed.

A simulated recording is made where it is not there yet.

A file is known by its size and times; only where these have moved is its content read, so that a
copy with an older date is noticed, and a new date alone makes nothing again. What is known is kept
in a small file of the study's folder.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from emolib.errors import DataError, InputError
from emolib.recordings import simulated
from emolib.recordings.formats import belonging
from emolib.recordings.recording import refuse_special
from emolib.storage import digest_of_settings, state_of, write_json
from emolib.study.reading import sources_of
from emolib.study.study import Study

RECORD = "sources.json"
HEAD = 256  # bytes at the beginning that may hold a name or a date, not the signals
TABLES = (".csv", ".tsv", ".json")
NO_SIGNALS = (*TABLES, ".vhdr", ".vmrk")


class Sources:
    """The files of a study's subjects: digests of their content, and who has the same signals.

    Parameters
    ----------
    study : Study
    """

    def __init__(self, study: Study):
        self.study = study.parent or study
        self.root = self.study.recordings_root
        self.record = self.study.folder / RECORD
        self.known = self._recorded()
        self.lacks: dict[str, str] = {}  # by subject: why files cannot be found
        self.files = {subject: self._files(subject) for subject in self.study.subjects()}
        self.signals = {subject: self._signals(subject) for subject in self.files}

    def digest(self, subject: str) -> str:
        """Return a digest of the content of all that a subject is read from, and of nothing else.

        Files that are missing count, and so do other subjects who have the same signals.
        """
        if subject in self.lacks:
            return digest_of_settings(self.lacks[subject])
        content = {self._name(path): self._digests(path) for path in self.files[subject]}
        return digest_of_settings([content, sorted(self._twins(subject))])

    def check_signals(self, subject: str) -> None:
        """Raise a DataError if a file of another subject holds the same signals."""
        for own, other, theirs in self._twins(subject):
            problem = f"the signals of {subject} are those of {other} in {theirs}."
            raise DataError(
                own, problem, "Find out whose they are, and correct or take out the other."
            )

    def owner(self, file: Path) -> str:
        """Return the subject with the signals of a file, "" if they are nobody's of the study."""
        size, digest = file.stat().st_size, ""
        for subject, signals in self.signals.items():
            for own in (path for its_size, path in signals if its_size == size):
                digest = digest or _digests_of(file)[-1]
                if self._digests(own)[-1] == digest:
                    return subject
        return ""

    def names(self, subject: str) -> list[str]:
        """List a subject's files as seen from the recordings; none if they cannot be found."""
        return [self._name(path) for path in self.files[subject]]

    def openable(self, subject: str) -> list[Path]:
        """List the files that a reader opens, without those that belong to another."""
        paths = [file for file in self.files[subject] if file.suffix not in TABLES]
        parts: set[Path] = set()
        for path in paths:  # a header comes before its parts
            parts.update(() if path in parts else belonging(path))
        return [path for path in paths if path not in parts]

    def save(self) -> None:
        """Keep the digests for the next time."""
        if self.known != self._recorded():
            with suppress(OSError):  # it only saves time
                write_json(self.record, self.known)

    def _recorded(self) -> dict[str, list]:
        """Return what was saved; where there is nothing, or it is damaged, all is read again."""
        try:
            return dict(json.loads(self.record.read_text()))
        except (OSError, ValueError):
            return {}

    def _files(self, subject: str) -> list[Path]:
        """List a subject's files; none, and note why, if they cannot be found."""
        try:
            asked = self.study.recording_settings(subject)
            return sources_of(self.study.reader, self.root, subject, asked)
        except (InputError, OSError) as error:
            self.lacks[subject] = str(error)
            return []

    def _name(self, path: Path) -> str:
        """Return a path as seen from the recordings, whatever folder they are in."""
        return os.path.relpath(path, self.root.parent if self.root.is_file() else self.root)

    def _digests(self, path: Path) -> list[str]:
        """Return digests of a file's head and of all behind it; read it only if it has moved."""
        try:
            refuse_special(path)
            state = state_of(path)
            known = self.known.get(self._name(path), [])
            if known[:-2] != state:
                known = self.known[self._name(path)] = [*state, *_digests_of(path)]
            return known[-2:]
        except (OSError, DataError) as error:  # missing, or not to be read
            return [type(error).__name__, ""]

    def _signals(self, subject: str) -> list[tuple[int, Path]]:
        """List the files with a subject's signals, each behind its size."""
        paths = [path for path in self.files[subject] if path.is_file()]
        kinds = {path.suffix.lower() for path in paths}
        headers = {*NO_SIGNALS, *({".set"} if ".fdt" in kinds else ())}
        sized = [(p.stat().st_size, p) for p in paths if p.suffix.lower() not in headers]
        return [(size, path) for size, path in sized if size > HEAD]

    def _twins(self, subject: str) -> Iterator[tuple[str, str, str]]:
        """Yield each own file whose signals another subject has too, the other, and its file."""
        tabled = self.study.dataset == "files"  # whose table says who has which seconds of a file
        for other, theirs in self.signals.items():
            if other == subject:
                continue
            for (size, own), (its_size, path) in itertools.product(self.signals[subject], theirs):
                shared = own == path or (tabled and own.samefile(path))
                same = size == its_size and not shared
                if same and self._digests(own)[-1] == self._digests(path)[-1]:
                    yield self._name(own), other, self._name(path)


def _digests_of(path: Path) -> list[str]:
    head = hashlib.sha256()
    with path.open("rb") as file:
        head.update(file.read(HEAD))
        return [head.hexdigest()[:12], hashlib.file_digest(file, "sha256").hexdigest()[:12]]


def check_sources(study: Study, subject: str) -> None:
    """Raise a DataError if a file of another subject holds this one's signals."""
    if study.simulation is None:
        sources = Sources(study)
        sources.check_signals(subject)
        sources.save()


# -- simulated studies ---------------------------------------------------------------------


def effects(study: Study) -> dict[str, float]:
    """Return how strongly a simulated study's signals follow each task's rating; 0 is not at all.

    Tasks whose rating the signals have no truth for are left out; so is all, for people.
    """
    known = study.simulation.effect if study.simulation is not None else {}
    ratings = {name: task.rating for name, task in study.tasks.items()}
    return {name: known[rating] for name, rating in ratings.items() if rating in known}


def make_recording(study: Study, subject: str) -> None:
    """Simulate one subject of the study and write it in DEAP's format, the truth beside it."""
    number = int(subject.removeprefix("sub-"))
    simulated.write_subject(study.simulation, number, study.recordings_root)


def ensure_recording(study: Study, subject: str) -> None:
    """Simulate a subject of a simulated study, unless its file is there with these settings."""
    if study.simulation is None:
        return
    wanted, root = dataclasses.asdict(study.simulation), study.recordings_root
    try:
        made_with = json.loads(simulated.read_truth(root, subject).settings)
    except DataError:
        return make_recording(study, subject)
    there = (root / f"s{subject.removeprefix('sub-')}.mat").exists()
    if not (there and made_with.items() <= wanted.items()):
        make_recording(study, subject)
