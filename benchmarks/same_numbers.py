"""Compare what two versions of emolib made of one study.

`python -m benchmarks.same_numbers OLD NEW`: two results folders of the study, such as results/smoke
of two checkouts. Features, labels, folds, ridge scores and the data of the explorer must be
equal; a network's probabilities may differ by the last bits of float32.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

FLOAT32_PRECISION = 1e-5  # of a probability, after a few hundred steps of training
KEY = ["protocol", "fold", "stage", "subject", "trial", "window", "task"]


def predictions(folder: Path) -> pd.DataFrame:
    """Read all predictions of a study, sorted."""
    tables = [pd.read_parquet(file) for file in sorted((folder / "predictions").rglob("*.parquet"))]
    return pd.concat(tables, ignore_index=True).sort_values(KEY, ignore_index=True)


def explorer(page: Path) -> list[str]:
    """Return a digest of the data of each explorer on a page."""
    html = page.read_text(encoding="utf-8")
    found = re.findall(r"data:application/octet-stream;base64,([A-Za-z0-9+/=]+)", html)
    return [hashlib.sha256(block.encode()).hexdigest()[:12] for block in found]


def compared(old: Path, new: Path) -> Iterator[tuple[str, bool, str]]:
    """Yield (what, whether it is the same, a remark) for each kind of result."""
    names = sorted(path.name for path in (old / "features").glob("*.nc"))
    pairs = [
        [xr.load_dataset(folder / "features" / name, engine="h5netcdf") for folder in (old, new)]
        for name in names
    ]
    same = all(first["feature"].equals(second["feature"]) for first, second in pairs)
    yield "features", bool(names) and same, f"{len(names)} subjects, bit by bit"

    first, second = predictions(old), predictions(new)
    labels = [*KEY, "label"]
    yield "labels and folds", first[labels].equals(second[labels]), f"{len(first)} predictions"
    probability = first.columns.difference(labels)
    off = np.abs(first[probability].to_numpy(float) - second[probability].to_numpy(float)).max()
    yield "network", off <= FLOAT32_PRECISION, f"probabilities differ by at most {off:.2g}"

    tests = [pd.read_parquet(folder / "scores" / "group_tests.parquet") for folder in (old, new)]
    shared = [column for column in tests[0] if column in tests[1]]
    ridge = [table[shared].drop(columns=[c for c in shared if "network" in c]) for table in tests]
    remark = f"{len(ridge[0])} group tests, {len(shared)} columns"
    yield "ridge scores", ridge[0].equals(ridge[1]), remark

    pages = sorted((old / "book" / "_build" / "html" / "subjects").glob("*.html"))
    other = new / "book" / "_build" / "html" / "subjects"
    blocks = [explorer(page) for page in pages]
    same = bool(pages) and blocks == [explorer(other / page.name) for page in pages]
    yield "explorer", same, f"{sum(map(len, blocks))} blocks of data on {len(pages)} pages"


def main() -> int:
    """Print a line for each kind of result; return 1 if one differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    options = parser.parse_args()
    rows = list(compared(options.old, options.new))
    for what, same, remark in rows:
        print(f"{what:18} {'same' if same else 'DIFFERENT':10} {remark}")
    return 0 if all(same for _, same, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
