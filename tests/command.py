"""The command line, as a user calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
