"""The readers of data sets by name, and what each of them offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import xarray as xr

from emolib.recordings import (
    bids,
    deap,
    deap_raw,
    dreamer,
    ds002721,
    eegmat,
    epoch_files,
    files,
    seed,
    simulated,
)


class Reader(Protocol):
    """Read a data set: a module, or any object, with three methods and three attributes.

    Attributes
    ----------
    RANDOMISED_ORDER : bool
        Whether trials are numbered by their stimuli, not in the order in which a subject saw them.
        If not, trials of one class that come in blocks are not tested within the subject.
    MEMORY_MB : int
        What a process that reads a subject needs.
    default_root : callable or None
        Returns where the data lie if a study names no `root`; with ``fetch=True`` it downloads
        first what is missing of the subjects `wanted`. None: a study must name it.
    """

    RANDOMISED_ORDER: bool
    MEMORY_MB: int
    default_root: Callable[..., Path] | None

    def subjects(self, root: str | Path) -> list[str]:
        """List the subjects' names, such as "sub-01", in numeric order."""

    def sources(self, root: str | Path, subject: str) -> list[Path]:
        """Return the files that hold a subject; when one changes, its results are made again.

        It may take `settings`, as `read` does.
        """

    def read(self, root: str | Path, subject: str) -> xr.Dataset:
        """Return the recording that `validate` returns, or raise a DataError.

        A reader of recordings as an amplifier wrote them also takes `settings`, a
        `RecordingSettings`: the section `recordings` of the study file.
        """


READERS: dict[str, Reader] = {
    "deap": deap,
    "deap_raw": deap_raw,
    "seed": seed,
    "dreamer": dreamer,
    "files": files,
    "bids": bids,
    "epochs": epoch_files,
    "eegmat": eegmat,
    "ds002721": ds002721,
    "simulated": simulated,
}
