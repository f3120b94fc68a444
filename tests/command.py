"""The command line, as a user calls it."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from emolib.__main__ import main

PROJECT = Path(__file__).resolve().parents[1]


def emolib(*arguments: object, results: Path) -> subprocess.CompletedProcess[str]:
    """Run `python -m emolib ...` as a user does, with its results in `results`."""
    return subprocess.run(
        [sys.executable, "-m", "emolib", *map(str, arguments)],
        cwd=PROJECT,
        env=os.environ | {"EMOLIB_RESULTS": str(results), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def emolib_here(*arguments: object, results: Path) -> subprocess.CompletedProcess[str]:
    """Do the same within this process, which has loaded what a new one would have to load."""
    out, told = io.StringIO(), io.StringIO()
    own = {"EMOLIB_RESULTS": str(results), "COLUMNS": "200"}
    with (
        contextlib.chdir(PROJECT),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(told),
        mock.patch.dict(os.environ, own),
    ):
        status = main([*map(str, arguments)])
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), told.getvalue())
