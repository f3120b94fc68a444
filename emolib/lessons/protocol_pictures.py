"""Whole pictures of protocols and of chance: figure, description made from the data, and caption.

`protocol_plots` draws on axes that it is given; here the axes are made and turned into a
`display.Picture`. Numbers come in computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from emolib.evaluation.permutation import PermutationTest
from emolib.figures import scores as score_plots
from emolib.figures.display import WIDTH, Picture
from emolib.lessons import protocol_plots
from emolib.splits.protocols import BOTH_SIDES, PROTOCOLS, protocol_name

AS_THEY_ARE = "the labels as they are"
SCALE = "balanced accuracy of {} (0 to 1)"


def all_protocols(*, n_subjects: int = 6, n_stimuli: int = 6, n_windows: int = 4) -> Picture:
    """Show one fold of each protocol, as `emolib.splits` makes it, on a small table."""
    sizes = {"subject": n_subjects, "stimulus": n_stimuli, "window": n_windows}
    index = pd.MultiIndex.from_product([range(n) for n in sizes.values()], names=list(sizes))
    table = index.to_frame(index=False)
    table["trial"] = table["stimulus"]  # here everybody sees the films in the same order
    table["session"] = table["trial"] // 2  # two films a day
    figure, axes = plt.subplots(4, 2, figsize=(WIDTH, 8.6))
    told = []
    for ax, (name, protocol) in zip(axes.flat, PROTOCOLS.items(), strict=False):
        fold = next(protocol(table, n_folds=3, seed=0, tasks=()))
        parts = protocol_plots.fold_parts(table, fold)
        protocol_plots.protocol_schematic(ax, parts, title=name.replace("_", "-"))
        counts = f"{len(fold.train)} windows train, {len(fold.test)} test"
        told.append(f"{protocol_name(name)}: {counts}")
    protocol_plots.parts_legend(axes.flat[len(PROTOCOLS)])
    for ax in axes.flat[len(PROTOCOLS) + 1 :]:
        ax.axis("off")
    return Picture(
        figure,
        alt=f"{len(PROTOCOLS)} grids of {n_subjects} subjects by {n_stimuli} trials of {n_windows} "
        f"windows. In one fold, of {len(table)} windows: {'; '.join(told)}.",
        caption="One fold of each protocol, as this book's code makes it. A row is a subject, a "
        "block a trial, a box a window; the trials of a column show the same film, and two trials "
        f"are a session. Window-wise ({BOTH_SIDES}), blocks are mixed, and the test windows are "
        "the validation windows too.",
    )


def several_scores(scores: pd.DataFrame, *, rows: str, caption: str) -> Picture:
    """Show the scores of each row side by side; those that leak are hollow.

    Parameters
    ----------
    scores : DataFrame
        As for `protocol_plots.kinds_of_points`: balanced accuracies of windows.
    rows : str
        What the rows are, for the description.
    caption : str
        What the scores are of.
    """
    height = 0.8 + 0.2 * scores.shape[1] + 0.45 * len(scores)
    figure, ax = plt.subplots(figsize=(WIDTH, height))
    points = protocol_plots.kinds_of_points(scores)
    score_plots.rows(ax, points, label=SCALE.format("windows"), chance=0.5)
    told = [
        f"{row}: " + "; ".join(f"{name} {value:.2f}" for name, value in values.dropna().items())
        for row, values in scores.iterrows()
    ]
    return Picture(
        figure,
        alt=f"Balanced accuracy of windows, by {rows}. {'. '.join(told)}.",
        caption=f"{caption} Hollow marks: {BOTH_SIDES}. Filled: the honest score beside "
        "them. Dotted: what a coin reaches.",
    )


def fingerprints(
    before: np.ndarray, after: np.ndarray, *, n_trials: int = 6, n_columns: int = 5
) -> Picture:
    """Show features of white noise without and with each trial's baseline subtracted.

    Parameters
    ----------
    before, after : array (trial, window, band, channel)
        As `emolib.lessons.pseudo_trials.remove_baseline` gives them. The last band is shown.
    n_trials : int
        How many.
    n_columns : int
        Columns a trial: each is the mean of as many windows.
    """
    figure, axes = plt.subplots(2, 1, figsize=(WIDTH, 4.8))
    spread = []
    both = {"nothing subtracted": before, "each trial's own baseline subtracted": after}
    for ax, (title, x) in zip(axes, both.items(), strict=True):
        band = x[..., -1, :]
        n_windows, n_channels = band.shape[1] // n_columns, band.shape[-1]
        part = (band - band.mean(axis=(0, 1)))[:n_trials, : n_columns * n_windows]
        part = part.reshape(n_trials, n_columns, n_windows, n_channels).mean(axis=2)
        image = protocol_plots.fingerprint_image(ax, part, limit=1.2, title=title)
        spread.append(part.mean(axis=1).std())
    label = "DE, z-scored, less the mean of all trials"
    figure.colorbar(image, ax=axes, label=f"{label} (no unit)", shrink=0.95)
    return Picture(
        figure,
        alt="Features of white noise over time. With nothing subtracted: speckle. With baselines "
        "subtracted: horizontal stripes in each trial. Standard deviation of the trials' means: "
        f"{spread[0]:.2f} before, {spread[1]:.2f} after.",
        caption=f"{n_trials} trials of white noise, {n_channels} electrodes (rows), the highest "
        f"band. A trial is {n_columns} columns, each the mean of {n_windows} windows. Below, every "
        "trial has stripes that last from its beginning to its end, and that no other trial has.",
    )


def formula(scores: pd.DataFrame, varied: Sequence[str]) -> Picture:
    """Show what was measured on white noise against what the formula says.

    Parameters
    ----------
    scores : DataFrame
        As `emolib.lessons.demonstrations.formula_scores` gives it, window-wise.
    varied : sequence of str
        What was varied, a word a row.
    """
    expected, measured = scores["formula_finite"], scores["measured"]
    figure, ax = plt.subplots(figsize=(4.8, 4.4))
    protocol_plots.formula_points(
        ax,
        expected,
        measured,
        np.asarray(varied),
        simple=scores["formula"],
        label="balanced accuracy",
    )
    return Picture(
        figure,
        alt=f"Measured balanced accuracy against the formula, {len(scores)} settings, from "
        f"{measured.min():.2f} to {measured.max():.2f}. With both corrections all lie within "
        f"{(measured - expected).abs().max():.2f} of the line.",
        caption=f"White noise, random labels, {BOTH_SIDES}; the honest score of such data "
        "is one half (next figure). Hollow: the formula above. Filled: with both corrections. On "
        "the line, formula and measurement agree.",
    )


def null_cohorts(tests: pd.DataFrame) -> Picture:
    """Show scores of null cohorts beside what two ways to permute labels reach.

    Parameters
    ----------
    tests : DataFrame
        As `emolib.lessons.chance.null_tests` gives it.
    """
    tests = tests.assign(row="cohort " + tests["cohort"].astype(str))
    titles = {"within_subject": "within each person", "joint_stimulus": "one exchange for all"}
    figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 3.6), sharex=True, sharey=True)
    told = []
    for ax, (test, title) in zip(axes, titles.items(), strict=True):
        own = tests[tests["test"] == test]
        score_plots.rows(
            ax,
            estimates=own[["row", "value"]].assign(series=AS_THEY_ARE),
            bands=own[["row", "low", "high"]].assign(series=score_plots.CHANCE_RANGE),
            label="balanced accuracy",
            chance=0.5,
            legend=False,
        )
        ax.set_title(title, fontsize="medium")
        middle, outside = own[["low", "high"]].mean(axis=None), (own["value"] > own["high"]).sum()
        told.append(f"{title}: ranges about {middle:.2f}, {outside} scores above theirs")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return Picture(
        figure,
        alt=f"Scores of {len(own)} cohorts, {tests['value'].min():.2f} to "
        f"{tests['value'].max():.2f}, and what permuted labels reach. {'; '.join(told)}.",
        caption="Leave-subjects-out, ridge. Diamonds: the score. Grey: what 95 of 100 permutations "
        "reach. On the right the range itself lies above one half: with a response to each film, "
        "even an arbitrary labelling of the films can be learnt.",
    )


def chance_ranges(tests: Mapping[str, PermutationTest], *, scored: Mapping[str, bool]) -> Picture:
    """Show what permuted labels reach, and which score could have been found.

    Parameters
    ----------
    tests : mapping of str to PermutationTest
        By row.
    scored : mapping of str to bool
        Whether the row's own score is shown: that of noise tells nothing.
    """
    ranges = {name: test.null_interval for name, test in tests.items()}
    found = {name: [test.value] for name, test in tests.items() if scored[name]}
    bands = pd.DataFrame(ranges, index=["low", "high"]).T.rename_axis("row").reset_index()
    bands["detectable"] = [test.minimum_detectable_score for test in tests.values()]
    figure, ax = plt.subplots(figsize=(WIDTH, 1.6 + 0.4 * len(tests)))
    score_plots.rows(
        ax,
        estimates=score_plots.tidy(found).assign(series=AS_THEY_ARE),
        bands=bands.assign(series=score_plots.CHANCE_RANGE),
        label=SCALE.format("trials"),
        chance=0.5,
    )
    told = [f"{name} {low:.2f} to {high:.2f}" for name, (low, high) in ranges.items()]
    told += [f"score of {name} {value:.2f}" for name, (value,) in found.items()]
    n_permutations = max(len(test.null) for test in tests.values())
    return Picture(
        figure,
        alt=f"What permuted labels reach: {'; '.join(told)}.",
        caption=f"Ridge, fitted again for each of {n_permutations} permutations. One person: "
        "trial-grouped. All subjects: leave-subjects-and-stimuli-out, films exchanged for "
        "everybody at once (32 people of noise: leave-subjects-out). Exploratory: among many "
        "scores some leave the range by chance.",
    )
