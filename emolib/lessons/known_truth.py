"""What the networks of a simulated study should look at, for the chapter on explanations."""

from __future__ import annotations

import xarray as xr

from emolib.explain.agreement import expected_change
from emolib.features.power import log_power
from emolib.recordings.simulated import read_truth
from emolib.study import stages
from emolib.study.simulating import effects
from emolib.study.study import Study


def known_truth(study: Study) -> xr.DataArray | None:
    """Return what a network of a simulated study should look at, mean over its subjects.

    See `emolib.explain.agreement.expected_change`. Where windows are z-scored, it is less its mean
    over bands and electrodes: what all features share does not show in such a window.

    Returns
    -------
    DataArray (task, band, channel) or None
        Change of log power (nats) for two points of rating, with its sign, of each task with an
        effect. None where nobody knows, or where there is nothing to know: for recordings of
        people, for effects of 0, and if no task is a rating that the simulation has a truth for.
    """
    ratings = {task: study.tasks[task].rating for task, size in effects(study).items() if size}
    if not ratings:
        return None
    changes = []
    for subject in stages.valid_subjects(study):
        power = log_power(stages.recording(study, subject), study.features).mean("trial")
        truth = read_truth(study.recordings_root, subject)
        changes.append(expected_change(truth, 10 ** (power / 10)))
    change = xr.concat(changes, dim="subject").mean("subject")
    if study.features.normalise == "window":
        change = change - change.mean(("band", "channel"))
    return xr.concat(
        [change.sel(scale=scale, drop=True) for scale in ratings.values()],
        dim=xr.Variable("task", list(ratings)),
    )
