"""Audit a split, anybody's: does it leak, how far can that be measured, and what is a score worth?

The verdict claims what was measured and no more. "leaks" names facts (windows of one trial on both
sides) or a control that failed (labels permuted by trial are still predicted). "no leak found" is
no proof: a leak that leaves no trace in the table, such as a choice made by looking at the test,
cannot be seen. "cannot tell" says what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from sklearn.base import BaseEstimator

from emolib.evaluation import split_probes as probes
from emolib.evaluation.split_data import LEAKS, NONE_FOUND, Audit, SplitData, check_split

N_LABELLINGS = 10  # of permuted labels
SURE, CLEAR = 0.001, 0.02  # one-sided p of a control's mean above chance, and by how much at least
CELLS = 50_000_000  # numbers that ridge is fitted on; of more a part of the trials is taken
ROWS = 10_000  # the same for other estimators, which are fitted for each labelling
N_PREPARED = 32  # features that are searched for traces of preparation
SMOOTH = 0.8  # correlation of neighbouring windows that is pointed out
TWINS = 0.01  # share of tested rows with the numbers of a training row that is called a leak


def audit(
    x: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    subject: ArrayLike | None = None,
    trial: ArrayLike | None = None,
    stimulus: ArrayLike | None = None,
    onset: ArrayLike | None = None,
    window_seconds: ArrayLike | float | None = None,
    fold: ArrayLike | None = None,
    predictions: ArrayLike | None = None,
    cv: Any = None,
    groups: ArrayLike | None = None,
    estimator: BaseEstimator | None = None,
    seed: int = 0,
) -> Audit:
    """Audit a split of windows: are trials on both sides, and what would that be worth?

    Everything may be left out; the result says what could not be checked for it.

    Parameters
    ----------
    x : array, (n, ...)
        Features, a row for each window.
    y : array, (n,)
        Classes: numbers or words.
    subject, trial, stimulus : array, (n,)
        Names or numbers. Trial 1 of two subjects is two trials.
    onset : array, (n,)
        When a window begins in its trial, in seconds (or samples, if `window_seconds` is too).
    window_seconds : float or array, (n,)
        How long a window is.
    fold : array, (n,)
        The fold in which a row is tested; below 0, missing, or "train": it always trains.
    predictions : array, (n,)
        The classes that somebody's model gave when a row was tested.
    cv : scikit-learn splitter, or iterable of (train, test)
        Instead of `fold`.
    groups : array, (n,)
        For a splitter that needs them; the trials if left out.
    estimator : scikit-learn classifier
        Fitted again for every question. The default is ridge.
    seed : int

    Returns
    -------
    Audit

    Raises
    ------
    DataError
        An array has another length, missing values, one class, or more than 20.
    SettingsError
        `cv` does not fit the rows.

    Examples
    --------
    White noise in which every trial has a mark of its own, and windows dealt at random:

    >>> rng = np.random.default_rng(0)
    >>> trial = np.repeat(np.arange(20), 30)
    >>> x = rng.normal(size=(600, 12)) + 2 * rng.normal(size=(20, 12))[trial]
    >>> found = audit(x, trial % 2, trial=trial, fold=rng.integers(5, size=600))
    >>> found.verdict, found.numbers["shared_trials"]
    ('leaks', 20)
    >>> found.numbers["score_permuted_labels"] > 0.7, found.numbers["score_trial_grouped"] < 0.7
    (True, True)
    """
    columns = {"x": x, "y": y, "subject": subject, "trial": trial, "stimulus": stimulus}
    columns |= {"onset": onset, "fold": fold, "predictions": predictions}
    data = check_split(columns, window_seconds=window_seconds, cv=cv, groups=groups)
    found = Audit(notes=list(data.notes))
    _look_at_indices(data, found)
    if data.right is not None and data.folds:
        _score_given(data, found)
    if data.x is not None and data.trial is not None:
        _name_trials(data, found, seed)
    if data.x is not None:
        _look_at_preparation(data, found)
        if data.label is not None:
            _fit(_part(data, estimator, found, seed), found, estimator, seed)
    lacking = {"x": "features (x)", "label": "labels (y)"}
    lacking = [what for name, what in lacking.items() if getattr(data, name) is None]
    if lacking:
        found.not_checked.append(f"Nothing was fitted: {' and '.join(lacking)} are not given.")
    _judge(data, found)
    return found


def _look_at_indices(data: SplitData, found: Audit) -> None:
    """Count what is on both sides."""
    names = ("shared_trials", "shared_stimuli", "shared_subjects", "overlapping_windows")
    found.numbers = {"n_windows": data.n, "n_folds": len(data.folds)} | dict.fromkeys(names)
    if data.trial is not None:
        found.numbers["n_trials"] = len(np.unique(data.trial))
    if not data.folds:
        found.not_checked.append("No split is given (`fold` or `cv`): which rows train?")
        return
    units = {"subjects": data.subject, "trials": data.trial, "stimuli": data.stimulus}
    for name, unit in units.items():
        if unit is not None:
            found.numbers[f"shared_{name}"] = probes.both_sides(data, unit)
    numbers = found.numbers
    if data.trial is None and numbers["shared_subjects"] == 0:
        numbers["shared_trials"] = 0  # a trial is of one subject
    elif data.trial is None:
        found.not_checked.append("No `trial` is given: windows of one trial cannot be told apart.")
    if numbers["shared_trials"]:
        n, n_all = numbers["shared_trials"], numbers["n_trials"]
        found.tell("trials", True, f"Windows of {n} of {n_all} trials are on both sides.")
    if data.trial is not None and data.onset is not None and data.length is not None:
        numbers["overlapping_windows"] = n = probes.overlapping_windows(data)
        n_tested = sum(len(test) for _, test in data.folds)
        if n:
            text = f"{n} of {n_tested} tested windows share samples with training windows."
            found.tell("overlap", True, text)
    elif numbers["shared_trials"] or data.trial is None:
        what = "`trial`, `onset` and `window_seconds`"
        found.not_checked.append(f"Whether windows share samples: that needs {what}.")
    if numbers["shared_stimuli"]:
        what = _counted(numbers["shared_stimuli"], "stimulus is", "stimuli are")
        found.tell("stimuli", False, f"{what} on both sides: the score is one of seen stimuli.")
    if numbers["shared_subjects"]:
        what = _counted(numbers["shared_subjects"], "subject is", "subjects are")
        found.tell("subjects", False, f"{what} on both sides: the score is one of seen subjects.")


def _counted(n: int, one: str, many: str) -> str:
    """Return a number with its noun and verb."""
    return f"{n} {one if n == 1 else many}"


def _score_given(data: SplitData, found: Audit) -> None:
    """Score the predictions that were given."""
    label = data.label[:, None]
    wrong = (data.label + 1) % len(data.classes)
    given = np.where(data.right, data.label, wrong)[:, None]
    value = probes.mean_scores(label, [given[test] for _, test in data.folds], data.folds)
    found.numbers["score"] = float(value[0])
    probes.say_worth(data, data.right, found)


def _name_trials(data: SplitData, found: Audit, seed: int) -> None:
    """Tell how well features name trials."""
    value, chance, in_part = probes.trial_identification(data, seed)
    found.numbers |= {"trial_identification": value, "trial_identification_chance": chance}
    if in_part:
        text = f"Trials were named for {probes.ASKED} windows of a subject or fewer, drawn by seed."
        found.notes.append(text)


def _look_at_preparation(data: SplitData, found: Audit) -> None:
    """Look for traces of a normalisation, and of smoothing, and for rows that are there twice."""
    flat = data.x.reshape(data.n, -1)
    chosen = np.unique(np.linspace(0, flat.shape[1] - 1, N_PREPARED).astype(int))
    few = SplitData(data.n, x=flat[:, chosen], trial=data.trial, onset=data.onset)
    everything = np.zeros(data.n, int)
    for name, unit in (("each subject", data.subject), ("all rows", everything)):
        if unit is None or data.n < 3 or not probes.is_normalised(few.x, unit):
            continue
        mixed = bool(data.folds) and probes.both_sides(data, unit) > 0
        text = f"Features of {name} were normalised together"
        text += ", training and test rows alike." if mixed else ", which a test set allows."
        found.tell("normalisation", mixed, text)
        break
    if data.trial is not None:
        if probes.is_centred(few.x, data.trial):
            text = "Features were centred on each trial: a window's features know the whole trial."
            found.tell("centring", False, text)
        correlation = probes.neighbour_correlation(few)
        found.numbers["neighbour_correlation"] = correlation
        if correlation > SMOOTH:
            text = f"Neighbouring windows correlate by {correlation:.2f}: they overlap, were"
            found.tell("smoothing", False, f"{text} smoothed within a trial, or change slowly.")
    different = len(np.unique(flat[:, 0])) > data.n / 4  # codes and counts are alike by nature
    if data.folds and flat.shape[1] > 2 and different:
        n_tested = sum(len(test) for _, test in data.folds)
        found.numbers["identical_rows"] = n = probes.identical_rows(data)
        if n:
            text = f"{n} of {n_tested} tested rows have the numbers of a training row."
            found.tell("identical rows", n / n_tested >= TWINS, text)


def _part(data: SplitData, estimator: Any, found: Audit, seed: int) -> SplitData:
    """Return the data, or a seeded part of its trials if the fits would take too long."""
    width = int(np.prod(data.x.shape[1:]))
    most = CELLS // width if estimator is None else min(ROWS, CELLS // width)
    if data.n <= most:
        return data
    unit = np.arange(data.n) if data.trial is None else data.trial
    order = np.random.default_rng(seed).permutation(unit.max() + 1)
    kept = order[: max(2, np.searchsorted(np.cumsum(np.bincount(unit)[order]), most))]
    what = "windows" if data.trial is None else "trials"
    found.notes.append(f"Models were fitted on {len(kept)} of {len(order)} {what}, drawn by seed.")
    return data.take(np.flatnonzero(np.isin(unit, kept)))


def _fit(data: SplitData, found: Audit, estimator: Any, seed: int) -> None:
    """Score the pipeline under the split, on permuted labels, and with whole units held out."""
    numbers, label = found.numbers, data.label
    numbers["estimator"] = "ridge" if estimator is None else str(estimator).split("(")[0]
    numbers["majority"] = float(np.bincount(label).max() / data.n)
    numbers["chance"] = 1 / len(data.classes)
    labellings = dict(_labellings(data, found, seed))
    if data.folds:
        columns = np.column_stack([label, *labellings.values()])
        given = probes.fold_predictions(data.x, columns, data.folds, estimator)
        scores = probes.mean_scores(columns, given, data.folds)
        own = "score" if data.right is None else "score_estimator"
        numbers[own], at = float(scores[0]), 1
        for name, drawn in labellings.items():
            values, at = scores[at : at + drawn.shape[1]], at + drawn.shape[1]
            _control(name, values, numbers, found)
        if data.right is None:
            right = np.zeros(data.n, bool)
            for (_, test), one in zip(data.folds, given, strict=True):
                right[test] = one[:, 0] == label[test]
            probes.say_worth(data, right, found)
    units = {"trial_grouped": data.trial, "stimulus_grouped": data.stimulus}
    for name, unit in (units | {"leave_subjects_out": data.subject}).items():
        numbers[f"score_{name}"] = None
        folds = [] if unit is None else probes.held_out_folds(unit, label, seed)
        if folds:
            given = probes.fold_predictions(data.x, label[:, None], folds, estimator)
            value = probes.mean_scores(label[:, None], given, folds)
            numbers[f"score_{name}"] = float(value[0])
        elif unit is not None and len(np.unique(unit)) > 1:
            found.not_checked.append(f"{name.replace('_', '-')}: a class has a single unit.")


def _labellings(data: SplitData, found: Audit, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield labels that tell nothing of emotion, by what they are a control of."""
    if data.trial is not None:
        if pd.Series(data.label).groupby(data.trial).nunique().max() > 1:
            problem = "windows of one trial have several labels (is `subject` missing?)."
            found.not_checked.append(f"Labels permuted by trial: {problem}")
        else:
            given = (data.label, data.trial, N_LABELLINGS, seed)
            yield "score_permuted_labels", probes.permuted_by_unit(*given)
            if data.subject is not None and data.subject.max() > 0:
                drawn = probes.permuted_by_unit(*given, within=data.subject)
                yield "score_permuted_within_subject", drawn
    if data.stimulus is not None and found.numbers["shared_stimuli"]:
        drawn = probes.stimulus_pseudo_labels(data.label, data.stimulus, N_LABELLINGS, seed)
        yield "score_stimulus_halves", drawn


def _control(name: str, values: np.ndarray, numbers: dict[str, Any], found: Audit) -> None:
    """Note what a control reached, and call it a leak where its mean is clearly above chance."""
    values = values[np.isfinite(values)]
    numbers[name] = mean = float(values.mean()) if len(values) else np.nan
    chance = 0.5 if name == "score_stimulus_halves" else numbers["chance"]
    if len(values) < 3 or mean < chance + CLEAR:
        return
    if values.std() > 0 and stats.ttest_1samp(values, chance, alternative="greater").pvalue > SURE:
        return
    if name == "score_permuted_labels":
        text = "Labels permuted by trial are still predicted: a balanced accuracy of"
        found.tell("permuted labels", True, f"{text} {mean:.2f} (chance {chance:.2f}).")
    elif numbers["shared_trials"]:
        return  # the trials explain it
    elif name == "score_stimulus_halves":
        text = "Stimuli on both sides are recognised: halves of them, drawn at random, are told"
        found.tell("stimulus confound", True, f"{text} apart with {mean:.2f} (chance 0.50).")
    else:
        text = "Who a window is from tells part of its label: permuted within subjects, labels are"
        found.tell("subjects' habits", False, f"{text} predicted with {mean:.2f}.")


def _judge(data: SplitData, found: Audit) -> None:
    """Say whether a leak was found."""
    numbers = found.numbers
    names = ("trial_identification", "score", "score_permuted_labels", "score_trial_grouped")
    for name in (*names, "majority"):
        numbers.setdefault(name, None)
    if data.label is not None and numbers["majority"] is None:
        numbers["majority"] = float(np.bincount(data.label).max() / data.n)
    gap, honest = numbers.get("score_estimator", numbers["score"]), numbers["score_trial_grouped"]
    if gap is not None and honest is not None and numbers["shared_trials"]:
        change = 100 * (gap - honest)
        text = "With whole trials held out the same model scores"
        words = f"{abs(change):.0f} percentage points {'less' if change > 0 else 'more'}"
        found.tell("trials held out", False, f"{text} {honest:.2f}, {words}.")
    if any(each.leak for each in found.findings):
        found.verdict = LEAKS
    elif data.folds and numbers["shared_trials"] is not None:
        found.verdict = NONE_FOUND
