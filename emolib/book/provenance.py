"""The table at the end of each page: the settings, versions, commit and inputs that made it."""

from __future__ import annotations

import platform
import subprocess
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from emolib.figures.display import Table
from emolib.storage import digest_of_files
from emolib.study.study import PROJECT, Study

_STARTED = time.monotonic()  # imported with a notebook's first cell

# Whose versions a page names.
PACKAGES = ("emolib", "numpy", "scipy", "xarray", "scikit-learn", "mne", "keras", "jax")


def provenance(study: Study, inputs: Sequence[Path] = (), *, subject: str | None = None) -> Table:
    """List what made a page: study, commit, versions, machine, input digest, duration."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    files = [path for path in inputs if Path(path).is_file()]
    facts = ({"subject": subject} if subject else {}) | {
        "study": study.name,
        "settings": study.digest("pages"),
        "commit": commit or "not a git checkout",
        "inputs": f"{digest_of_files(files)} ({len(files)} files)" if files else "none",
        "python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        "machine": f"{platform.system()} {platform.machine()}",
        "duration": f"{time.monotonic() - _STARTED:.1f} s",
    }
    frame = pd.Series(facts, name="value", dtype=object).to_frame()
    return Table(frame, caption="What made this page", css="emolib-provenance")
