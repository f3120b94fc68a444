"""How time, memory and disk grow with the number of subjects: what was measured, carried forward.

`scale.csv` beside this file has the measurements, one session after another; `python -m
benchmarks.scale` appends to it. All that the book says of scale is computed from that table.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FILE = Path(__file__).with_suffix(".csv")
COLUMNS = ["date", "commit", "machine", "what", "of", "subjects", "repeat", "value"]
PER_SUBJECT = ("simulate", "features", "summary", "subject_page")  # rules with a job per subject
LARGE = (1_000, 100_000)  # subjects, to which slopes are carried forward
DEAP_WINDOWS = 4_800  # of a subject
OF_WINDOW = 8 * 9 * 8 * 4  # bytes of a brain map
ONCE = ("ratio", "targets_seconds", "no_op_seconds", "one_changed_seconds")  # of one size
NEVER = 1e9  # more subjects than that are no limit
SQUARES = ("listing_seconds", "planning_seconds")

# What must hold, by what is compared: the most or the least that is allowed, and in words.
LIMITS: dict[str, tuple[float, float, str]] = {
    "features": (0, 2.0, "features of one subject, one thread, as a multiple of bare filtering"),
    "features, two threads": (0, 1.2, "the same with two threads, a subject each"),
    "pooled fit": (0.95, np.inf, "maps per second of a pooled fit, as a multiple of a bare `fit`"),
    "fine-tuning": (0, 1.2, "fine-tuning, as a multiple of its steps alone"),
    "training memory": (0, 2.5, "memory of a pooled fit, as a multiple of its brain maps"),
    "explorer": (0, 16.0, "one frame of the explorer, milliseconds"),
    "explorer weight": (0, 3.0, "a page with a whole subject's explorer, MB"),
    "two workers": (1.8, np.inf, "stages of single subjects, no run's start: two workers to one"),
    "per subject": (0, 1.1, "seconds per subject: the largest cohort to the smallest"),
    "nothing changed": (0, 10.0, "seconds of a run with nothing to do, of the largest cohort"),
    "one subject changed": (0, 1.0, "a run after one recording changed, as a part of a whole run"),
}

# What breaks first is the limit that the fewest subjects reach: which quantity, of what, the most
# that it may be, and in words.
BREAKS: tuple[tuple[str, str, float, str], ...] = (
    ("memory_mb", "train", 64_000, "64 GB of memory for a training"),
    ("memory_mb", "group_tests", 64_000, "64 GB of memory for the tests of all subjects"),
    ("planning_memory_mb", "", 16_000, "16 GB of memory for the plan of a run"),
    ("listing_seconds", "", 60, "a minute in which each job on a cluster lists all recordings"),
    ("planning_seconds", "", 3_600, "an hour to plan a run"),
    ("seconds", "book", 3_600, "an hour to build the pages"),
    ("seconds", "cohort_page", 3_600, "an hour for the cohort's page"),
    ("seconds", "train", 24 * 3_600, "a day to train all folds one after another"),
    ("disk_mb", "", 1e6, "a disk of a terabyte"),
)

# What is shown of what was carried forward: of which quantity and rule, its name, a factor, a unit.
SHOWN: tuple[tuple[str, str, str, float, str], ...] = (
    ("seconds", "simulate", "simulating all", 1 / 3_600, "h"),
    ("seconds", "features", "features of all", 1 / 3_600, "h"),
    ("seconds", "summary", "summaries of all", 1 / 3_600, "h"),
    ("seconds", "subject_page", "pages of all", 1 / 3_600, "h"),
    ("seconds", "train", "training all folds", 1 / 3_600, "h"),
    ("seconds", "cohort_page", "the cohort's page", 1 / 3_600, "h"),
    ("seconds", "book", "building the pages", 1 / 3_600, "h"),
    ("memory_mb", "train", "memory of a training", 1e-3, "GB"),
    ("memory_mb", "cohort_page", "memory of the cohort's page", 1e-3, "GB"),
    ("disk_mb", "", "disk", 1e-3, "GB"),
    ("listing_seconds", "", "listing all recordings once", 1 / 3_600, "h"),
    ("planning_seconds", "", "planning a run", 1 / 3_600, "h"),
    ("planning_memory_mb", "", "memory of a plan", 1e-3, "GB"),
)


def measured(file: Path = FILE) -> pd.DataFrame:
    """Read all that was measured.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`: when, of which commit, on which processor; ``what`` was measured, such as
        "seconds" or "memory_mb" (the median and the most over the jobs of a rule), "run_seconds",
        "disk_mb" or "ratio"; ``of`` which rule or comparison; of how many ``subjects`` the cohort
        was; the number of the ``repeat`` from 0; and the ``value``.
    """
    return pd.read_csv(file, keep_default_na=False)


def latest(table: pd.DataFrame) -> pd.DataFrame:
    """Return of each quantity and cohort the session in which it was measured last.

    Examples
    --------
    >>> rows = [["2026-01-01", "a", "", "disk_mb", "", 4, 0, 9.0],
    ...         ["2026-02-01", "b", "", "disk_mb", "", 4, 0, 8.0]]
    >>> latest(pd.DataFrame(rows, columns=COLUMNS))["value"].tolist()
    [8.0]
    """
    newest = table.groupby(["what", "of", "subjects"])["date"].transform("max")
    return table[table["date"] == newest]


def by_size(table: pd.DataFrame, what: str, of: str = "") -> pd.Series:
    """Return the median over repeats of a quantity, by the number of subjects."""
    own = latest(table).query("what == @what and of == @of")
    return own.groupby("subjects")["value"].median()


def curve(sizes: pd.Series, degree: int = 1) -> np.ndarray:
    """Fit a line through a quantity by the number of subjects, or a parabola.

    Returns
    -------
    numpy.ndarray, (degree + 1,)
        Factors of the powers of the number of subjects, from 0; NaN for too few sizes.

    Examples
    --------
    >>> curve(pd.Series({4: 9.0, 8: 11.0, 16: 15.0})).round(6).tolist()
    [7.0, 0.5]
    """
    if len(sizes) <= degree:
        return np.full(degree + 1, np.nan)
    fitted = np.polynomial.Polynomial.fit(sizes.index.to_numpy(float), sizes, degree)
    factors = fitted.convert().coef
    return np.pad(factors, (0, degree + 1 - len(factors)))


def per_subject_seconds(table: pd.DataFrame) -> pd.Series:
    """Return the seconds that the stages of one subject take, by the number of subjects."""
    parts = [by_size(table, "seconds", rule) for rule in PER_SUBJECT]
    return pd.concat(parts, axis=1).sum(axis=1, min_count=len(parts)).dropna()


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Compare what was measured with `LIMITS`.

    Returns
    -------
    pandas.DataFrame
        One row for each that was measured, indexed by its key in `LIMITS`: ``value``, ``least``,
        ``most``, ``holds`` and ``told``.
    """
    found = {name: by_size(table, "ratio", name) for name in LIMITS}
    values = {name: float(own.iloc[-1]) for name, own in found.items() if len(own)}
    each = per_subject_seconds(table)
    if len(each) > 1:
        values["per subject"] = float(each.iloc[-1] / each.iloc[0])
    idle, whole = by_size(table, "no_op_seconds"), by_size(table, "run_seconds")
    if len(idle):
        values["nothing changed"] = float(idle.iloc[-1])
    changed = by_size(table, "one_changed_seconds")
    if len(changed):
        values["one subject changed"] = float(changed.iloc[-1] / whole[changed.index[-1]])
    rows = []
    for name, value in values.items():
        least, most, told = LIMITS[name]
        rows.append([name, value, least, most, least <= value <= most, told])
    columns = ["name", "value", "least", "most", "holds", "told"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def growth(table: pd.DataFrame) -> pd.DataFrame:
    """Fit each quantity that was measured at several sizes, and carry it forward.

    What is listed and planned grows with the square, and gets a parabola; the rest gets a line.

    Returns
    -------
    pandas.DataFrame
        Columns ``what``, ``of``, ``start``, ``slope`` (a subject), ``square`` (a subject squared),
        and the value at each of `LARGE`. Seconds are of all jobs of a rule together.
    """
    kinds = latest(table)[["what", "of"]].drop_duplicates()
    rows = []
    for what, of in kinds[~kinds["what"].isin(ONCE)].itertuples(index=False):
        sizes = by_size(table, what, of)
        if what == "seconds" and of in PER_SUBJECT:
            sizes = sizes * sizes.index  # all of them
        factors = curve(sizes, 2 if what in SQUARES else 1)
        if np.isfinite(factors).all():
            large = np.polynomial.polynomial.polyval(LARGE, factors)
            rows.append([what, of, *np.pad(factors, (0, 3 - len(factors))), *large])
    return pd.DataFrame(rows, columns=["what", "of", "start", "slope", "square", *LARGE])


def breaks(table: pd.DataFrame) -> pd.DataFrame:
    """Return from how many subjects on each limit of `BREAKS` is passed, the first one first.

    Returns
    -------
    pandas.DataFrame
        Columns ``subjects`` (of the measured size) and ``told``; only what grows.
    """
    grown = growth(table).set_index(["what", "of"])
    rows = []
    for what, of, most, told in BREAKS:
        if (what, of) in grown.index:
            factors = grown.loc[(what, of), ["start", "slope", "square"]].to_numpy(float)
            roots = np.roots((factors - [most, 0, 0])[::-1])
            beyond = [root.real for root in roots if abs(root.imag) < 1e-9 and root.real > 0]
            if beyond and min(beyond) < NEVER:
                rows.append([min(beyond), told])
    found = pd.DataFrame(rows, columns=["subjects", "told"])
    return found.sort_values("subjects", ignore_index=True)


def maps_gb(n_subjects: int) -> float:
    """Return the size of the brain maps that a pooled training of such subjects holds, in GB.

    Examples
    --------
    >>> round(maps_gb(32), 2)
    0.35
    """
    return n_subjects * DEAP_WINDOWS * OF_WINDOW / 1e9


def ratio_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return each comparison beside its limit, in words."""
    found = ratios(table)
    bounds = [
        f"at least {r.least:g}" if r.least else f"at most {r.most:g}" for r in found.itertuples()
    ]
    shown = pd.DataFrame(index=found["told"].rename("what"))
    shown["measured"] = found["value"].map("{:.2f}".format).to_numpy()
    shown["limit"] = bounds
    shown["kept"] = found["holds"].map({True: "yes", False: "no"}).to_numpy()
    return shown


def growth_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return what each quantity is per subject, and what it would be for many, in words."""
    grown = growth(table).set_index(["what", "of"])
    rows = {}
    for what, of, name, scale, unit in SHOWN:
        if (what, of) in grown.index:
            own = grown.loc[(what, of)]
            rows[f"{name} ({unit})"] = [_rounded(own[n] * scale) for n in LARGE]
    columns = [f"{n:,} subjects" for n in LARGE]
    return pd.DataFrame.from_dict(rows, "index", columns=columns).rename_axis("what")


def history_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the seconds of a whole run of each measured cohort, by session."""
    runs = table[table["what"] == "run_seconds"]
    wide = runs.pivot_table(index=["date", "commit"], columns="subjects", values="value")
    wide.columns = [f"{n} subjects" for n in wide.columns]
    rounded = wide.map("{:.0f}".format, na_action="ignore").fillna("")
    return rounded.reset_index().set_index("date")


def _rounded(value: float) -> str:
    """Return a number with no more digits than a slope carried so far deserves."""
    return f"{value:,.0f}" if value >= 10 else f"{value:.2f}"
